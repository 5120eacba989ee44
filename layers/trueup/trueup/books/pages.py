"""Pages: some rows of a book as columns, and the canonical bytes they are named by."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

import msgspec

from trueup.books.blobs import compress, content_hash, decompress
from trueup.books.columns import (
    PackedInts,
    PackedTexts,
    as_view,
    pack_ints,
    pack_texts,
    unpack_ints,
    unpack_texts,
)
from trueup.books.schema import FORMAT_VERSION, BookSchema
from trueup.domain.errors import DefectError

__all__ = ["Page", "compress", "concat", "content_hash", "decode", "decompress", "encode", "take"]


class Page:
    """Rows in key order: keys, integer columns and text columns by name, all of one length.

    Immutable by agreement. Integer columns are anything indexable that holds ints; decoded ones
    are memoryviews, which numpy wraps without a copy (their `format` is the type code).
    """

    __slots__ = ("_joined", "_keys", "_rows", "ints", "texts")

    def __init__(
        self,
        keys: list[str],
        ints: Mapping[str, Sequence[int]],
        texts: Mapping[str, list[str]] | None = None,
        joined: str | None = None,
    ) -> None:
        """`joined`: the keys, where whoever makes it has them as one text as well."""
        self._keys: list[str] | None = keys
        self._joined = joined
        self._rows = len(keys)
        self.ints = ints
        self.texts = texts or {}

    @classmethod
    def of_joined(
        cls,
        joined: str,
        rows: int,
        ints: Mapping[str, Sequence[int]],
        texts: Mapping[str, list[str]] | None = None,
    ) -> "Page":
        """A page whose keys are given as one text, joined by newlines."""
        page = cls([], ints, texts)
        page._keys, page._joined, page._rows = None, joined, rows
        return page

    def __len__(self) -> int:
        return self._rows

    def __repr__(self) -> str:
        return f"Page({self._rows} rows: {', '.join(chain(self.ints, self.texts))})"

    def __eq__(self, other: object) -> bool:
        """Same keys, columns and values; how wide integers are stored does not matter."""
        if not isinstance(other, Page):
            return NotImplemented
        return (
            self.joined == other.joined
            and len(self) == len(other)
            and self.texts == other.texts
            and self.ints.keys() == other.ints.keys()
            and all(list(c) == list(other.ints[n]) for n, c in self.ints.items())
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def keys(self) -> list[str]:
        if self._keys is None:
            self._keys = (self._joined or "").split("\n") if self._rows else []
        return self._keys

    @property
    def joined(self) -> str:
        """All keys in one text: the fastest way to see that two pages have the same keys.

        ValueError if a key contains a newline.
        """
        if self._joined is None:
            joined = "\n".join(self.keys)
            if joined.count("\n") != max(self._rows - 1, 0):
                raise ValueError("a key contains a newline")
            self._joined = joined
        return self._joined

    def slice(self, start: int, stop: int) -> "Page":
        """Rows start..stop-1; the page itself if those are all."""
        if start <= 0 and stop >= self._rows:
            return self
        return Page(
            self.keys[start:stop],
            {name: column[start:stop] for name, column in self.ints.items()},
            {name: column[start:stop] for name, column in self.texts.items()},
        )

    def row(self, index: int) -> dict[str, Any]:
        """One row: "key" and every column by name."""
        values: dict[str, Any] = {"key": self.keys[index]}
        values.update((name, column[index]) for name, column in self.ints.items())
        values.update((name, column[index]) for name, column in self.texts.items())
        return values

    def rows(self) -> Iterator[dict[str, Any]]:
        return map(self.row, range(self._rows))


def concat(pages: Sequence[Page]) -> Page:
    """One page of all rows, in the order given. A column that one of them lacks reads 0 or ""."""
    if len(pages) == 1:
        return pages[0]
    int_names = dict.fromkeys(chain.from_iterable(p.ints for p in pages))
    text_names = dict.fromkeys(chain.from_iterable(p.texts for p in pages))
    return Page(
        list(chain.from_iterable(p.keys for p in pages)),
        {name: _concat_ints([_ints(p, name) for p in pages]) for name in int_names},
        {name: list(chain.from_iterable(_texts(p, name) for p in pages)) for name in text_names},
    )


def take(page: Page, order: Sequence[int]) -> Page:
    """The rows at the given indexes, in that order."""
    if len(order) < 2:  # noqa: PLR2004 -- itemgetter answers a tuple only from two on
        return concat([page.slice(i, i + 1) for i in order]) if order else page.slice(0, 0)
    pick = itemgetter(*order)
    return Page(
        list(pick(page.keys)),
        {name: array("q", pick(column)) for name, column in page.ints.items()},
        {name: list(pick(column)) for name, column in page.texts.items()},
    )


class Stored(msgspec.Struct, array_like=True, frozen=True):
    """A page's canonical form: columns in schema order, without the zero columns at the end."""

    version: int
    kind: str
    rows: int
    keys: str
    ints: list[PackedInts]
    texts: list[PackedTexts]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Stored)


def encode(schema: BookSchema, page: Page) -> bytes:
    """The canonical bytes: equal for equal rows, whatever widths and types the columns have.

    ValueError if a key contains a newline, or a column is unknown or of the wrong length.
    """
    rows = len(page)
    if not (page.ints.keys() <= set(schema.ints) and page.texts.keys() <= set(schema.texts)):
        raise ValueError(f"{page} has columns that {schema.kind} has not")
    ints = [pack_ints(page.ints[n], rows) if n in page.ints else 0 for n in schema.ints]
    texts = [pack_texts(page.texts[n], rows) if n in page.texts else "" for n in schema.texts]
    stored = Stored(
        FORMAT_VERSION, schema.kind, rows, page.joined, _shortened(ints), _shortened(texts)
    )
    return _encoder.encode(stored)


def decode(schema: BookSchema, plain: bytes) -> Page:
    """The page of canonical bytes. DefectError if they are of another kind or format."""
    stored = _decoder.decode(plain)
    if stored.version != FORMAT_VERSION or stored.kind != schema.kind:
        raise DefectError(f"a page is {stored.kind} {stored.version}, not {schema.kind}")
    rows = stored.rows
    ints = dict.fromkeys(schema.ints, unpack_ints(0, rows))
    texts = dict.fromkeys(schema.texts, [""] * rows)
    for name, packed in zip(schema.ints, stored.ints, strict=False):
        ints[name] = unpack_ints(packed, rows)
    for text_name, packed_texts in zip(schema.texts, stored.texts, strict=False):
        texts[text_name] = unpack_texts(packed_texts, rows)
    return Page.of_joined(stored.keys, rows, ints, texts)


def _shortened(columns: list[Any]) -> list[Any]:
    # So that a page written before a column was added keeps its name.
    while columns and not isinstance(columns[-1], list | bytes) and not columns[-1]:
        columns.pop()
    return columns


def _ints(page: Page, name: str) -> Sequence[int]:
    return page.ints[name] if name in page.ints else bytes(len(page))


def _texts(page: Page, name: str) -> list[str]:
    return page.texts[name] if name in page.texts else [""] * len(page)


def _concat_ints(columns: Sequence[Sequence[int]]) -> Sequence[int]:
    views = [as_view(column) for column in columns]
    if len({view.format for view in views}) == 1:
        return memoryview(b"".join(views)).cast(views[0].format)  # type: ignore[call-overload,no-any-return]
    return array("q", chain.from_iterable(views))

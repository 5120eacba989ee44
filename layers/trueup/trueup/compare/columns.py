"""Columns of rows as numpy arrays, cut from a sorted stream of pages."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from trueup.books.pages import Page
from trueup.domain.errors import DefectError
from trueup.domain.keys import sku_of
from trueup.domain.stock import MAX_QUANTITY

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_WIDTHS: tuple[tuple[Literal["b", "h", "i", "q"], npt.DTypeLike], ...] = (
    ("b", np.int8),
    ("h", np.int16),
    ("i", np.int32),
    ("q", np.int64),
)
_LOWEST = tuple(-(1 << bits - 1) for bits in (8, 16, 32, 64))
_INSTANTS = frozenset({"captured_at", "occurred_at"})
_HIGHEST = tuple(-low - 1 for low in _LOWEST)


class Chunk:
    """Consecutive rows of one input. `wide`: some quantity may need more than 32 bits; an instant
    always does, and is none.

    `joined` is all keys in one text, by newlines: two chunks are compared far faster by it than
    key by key, and most inputs have the same keys most of the time. `keys` is cut only if needed.
    """

    def __init__(
        self, pieces: Sequence["Piece"], ints: Sequence[str], texts: Sequence[str]
    ) -> None:
        self.joined = "\n".join(piece.joined for piece in pieces)
        self.rows = sum(piece.end - piece.start for piece in pieces)
        self.ints = {name: _column(pieces, name) for name in ints}
        self.texts = {name: _text(pieces, name) for name in texts}
        quantities = [name for name in ints if name not in _INSTANTS]
        self.wide = any(_is_wide(piece.page.ints[name]) for piece in pieces for name in quantities)

    def __len__(self) -> int:
        return self.rows

    @cached_property
    def keys(self) -> list[str]:
        return self.joined.split("\n") if self.rows else []

    def page(self, ints: Mapping[str, Sequence[int]]) -> Page:
        """A page of the same keys, which are not cut again."""
        if "keys" in vars(self):
            return Page(self.keys, ints, joined=self.joined)
        return Page.of_joined(self.joined, self.rows, ints)

    def beyond(self, *names: str) -> Bools:
        """Which rows hold a quantity, of the columns named, too large to count exactly."""
        rows = np.zeros(self.rows, np.bool_)
        for name in names if self.wide else ():
            rows |= too_large(self.ints[name])
        return rows


class Piece(NamedTuple):
    """Rows of a page, never none. A whole page's keys need not be cut apart."""

    page: Page
    start: int
    end: int

    @property
    def whole(self) -> bool:
        return self.start == 0 and self.end == len(self.page)

    @property
    def joined(self) -> str:
        return self.page.joined if self.whole else "\n".join(self.page.keys[self.start : self.end])

    @property
    def first_key(self) -> str:
        return self.joined.partition("\n")[0] if self.whole else self.page.keys[self.start]

    @property
    def last_key(self) -> str:
        return self.joined.rpartition("\n")[2] if self.whole else self.page.keys[self.end - 1]

    def split(self, limit: str) -> tuple["Piece | None", "Piece | None"]:
        """The rows with keys below a limit, and the others."""
        if self.last_key < limit:
            return self, None
        if self.first_key >= limit:
            return None, self
        cut = bisect_left(self.page.keys, limit, self.start, self.end)
        return Piece(self.page, self.start, cut), Piece(self.page, cut, self.end)


class Stream:
    """The sorted pages of one input, of any sizes, read only as far as they are needed.

    Only the columns named are looked at. Raises DefectError where pages are out of order.
    """

    def __init__(
        self, pages: Iterable[Page], ints: Sequence[str], texts: Sequence[str] = ()
    ) -> None:
        self._pages = iter(pages)
        self._ints = tuple(ints)
        self._texts = tuple(texts)
        self._held: deque[Piece] = deque()
        self._rows = 0
        self.ended = False

    def fill(self, rows: int) -> None:
        """Hold two pages and so many rows, or all that are left."""
        while (self._rows < rows or len(self._held) <= 1) and not self.ended:
            self.read_on()

    def read_on(self) -> None:
        """Hold one page more."""
        page = next(self._pages, None)
        if page is None:
            self.ended = True
        elif len(page):
            self._append(Piece(page, 0, len(page)))

    @property
    def frontier(self) -> str:
        """A SKU of which all before is here. Where one page ends, so that few are cut."""
        return sku_of(self._held[-1].first_key)

    def take_before(self, limit: str | None) -> Chunk:
        """Cut off the rows with keys below `limit`; None: all that is held."""
        pieces = list(self._cut(limit))
        self._rows -= sum(piece.end - piece.start for piece in pieces)
        return Chunk(pieces, self._ints, self._texts)

    def _append(self, piece: Piece) -> None:
        if self._held and piece.first_key <= self._held[-1].last_key:
            raise DefectError(f"pages are not in order of their keys at {piece.first_key!r}")
        self._held.append(piece)
        self._rows += len(piece.page)

    def _cut(self, limit: str | None) -> Iterator[Piece]:
        while self._held:
            piece = self._held.popleft()
            below, rest = (piece, None) if limit is None else piece.split(limit)
            if below:
                yield below
            if rest:
                self._held.appendleft(rest)
                return


def too_large(column: Ints) -> Bools:
    """Where a quantity is outside of what JSON and Excel keep exactly."""
    beyond: Bools = (column > MAX_QUANTITY) | (column < -MAX_QUANTITY)
    return beyond


class Packer:
    """Makes stored columns, as narrow as holds their values and all before them.

    Widths only grow, since pages of one width are put together faster than of several.
    """

    def __init__(self) -> None:
        self._widths: dict[str, int] = {}

    def packed(self, columns: Mapping[str, Ints]) -> dict[str, memoryview]:
        return {name: self._pack(name, column) for name, column in columns.items()}

    def _pack(self, name: str, column: Ints) -> memoryview:
        low, high = (int(column.min()), int(column.max())) if column.size else (0, 0)
        width = self._widths.get(name, 0)
        while not _LOWEST[width] <= low <= high <= _HIGHEST[width]:
            width += 1
        self._widths[name] = width
        code, kind = _WIDTHS[width]
        return memoryview(column.astype(kind).tobytes()).cast(code)


def as_numpy(column: Sequence[int]) -> npt.NDArray[np.signedinteger]:
    """A stored column as numpy sees it, without copying it."""
    return np.asarray(column)


def picked(column: Sequence[int], rows: Ints) -> memoryview:
    """Some values of a stored column, stored as widely."""
    values = as_numpy(column)[rows]
    return memoryview(values.tobytes()).cast(_WIDTHS[values.itemsize.bit_length() - 1][0])


def _is_wide(column: Sequence[int]) -> bool:
    return getattr(column, "itemsize", 8) > 4  # noqa: PLR2004 - bytes of a 32-bit integer


def _column(pieces: Sequence[Piece], name: str) -> Ints:
    parts = [as_numpy(page.ints[name])[start:end] for page, start, end in pieces]
    return np.concatenate(parts, dtype=np.int64) if parts else np.zeros(0, np.int64)


def _text(pieces: Sequence[Piece], name: str) -> list[str]:
    parts = [page.texts[name][start:end] for page, start, end in pieces]
    return list(chain.from_iterable(parts))

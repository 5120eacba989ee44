"""Turning drafts into stored frames: reuse, patch, or write a whole page."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from trueup.books.blobs import (
    BLOB_LIMIT,
    content_hash,
    delta,
    patch_name,
    write_units,
)
from trueup.books.drafts import Draft, draft
from trueup.books.manifest import Frame
from trueup.books.pages import Page, encode
from trueup.books.schema import BookSchema
from trueup.books.squeezing import squeeze, unsqueeze
from trueup.books.stores import BlobStore
from trueup.domain.errors import RejectedError

BATCH = 25
"""Pages decided, and blobs written, at a time; fewer if they are large."""

BATCH_BYTES = 4_000_000

PLAIN_LIMIT = 2_000_000
"""Bytes of the largest page before compression, for the sake of memory."""

PATCH_SHARE = 4
"""A patch is used only if it is at most this part of its base's size."""

SheetOf = Callable[[Page], Page | None]
"""The rows of a page that differ, if any, in the columns of the schema's sheet.

Asked for pages in the order of their keys, for some again in halves."""

_Sheet = tuple[str, bytes, int]
"""Name, blob (empty if it is stored already), rows."""


class Framer:
    """Writes drafts of one book, and answers the frames that they become."""

    def __init__(
        self,
        store: BlobStore,
        book: str,
        schema: BookSchema,
        previous: Iterable[Frame],
        sheet_of: SheetOf,
    ) -> None:
        self._store = store
        self._book = book
        self._schema = schema
        self._sheet_of = sheet_of
        self._known = {name for frame in previous for name in frame.blobs()}
        self._outbox: dict[str, bytes] = {}
        self._outbox_bytes = 0

    def frames(self, items: Iterable[Draft | Frame]) -> Iterator[Frame]:
        """RejectedError if a single row is too large to be stored."""
        for batch in _batches(items):
            bases = self._bases(batch)
            for item in batch:
                yield from self._frame(item, bases)
        self._flush()

    def _bases(self, batch: Sequence[Draft | Frame]) -> Mapping[str, bytes]:
        """The blobs that patches may be made of."""
        frames = [i.frame for i in batch if isinstance(i, Draft) and i.changed and i.whole]
        names = dict.fromkeys(frame.base for frame in frames if frame)
        return self._store.get_many(self._book, list(names)) if names else {}

    def _frame(self, item: Draft | Frame, bases: Mapping[str, bytes]) -> Iterator[Frame]:
        if isinstance(item, Frame):
            yield item
        elif item.frame and not item.changed:
            yield from self._same(item, item.frame)
        else:
            yield from self._written(item, bases)

    def _same(self, item: Draft, frame: Frame) -> Iterator[Frame]:
        """The frame of rows that did not change; what is said of them may have."""
        sheet = self._sheet(item.page)
        if sheet and len(sheet[1]) > BLOB_LIMIT:
            yield from self._halved(item)
            return
        name, rows = self._stored(sheet)
        same = name == frame.sheet
        yield frame if same else replace(frame, sheet=name, sheet_rows=rows)

    def _written(self, item: Draft, bases: Mapping[str, bytes]) -> Iterator[Frame]:
        sheet = self._sheet(item.page)
        patch = self._patch(item, bases)
        page = b"" if patch or item.content in self._known else squeeze(self._schema, item.plain)
        too_large = max(len(page), len(sheet[1]) if sheet else 0) > BLOB_LIMIT
        if too_large or len(item.plain) > PLAIN_LIMIT:
            yield from self._halved(item)
            return
        yield self._kept(item, page, patch, sheet)

    def _halved(self, item: Draft) -> Iterator[Frame]:
        for half in self._halves(item.page):
            yield from self._written(half, {})

    def _kept(self, item: Draft, page: bytes, patch: bytes, sheet: _Sheet | None) -> Frame:
        base, patch_hash = item.content, None
        if patch and item.frame:
            base = item.frame.base
            patch_hash = patch_name(base, item.content)
            self._put(patch_hash, patch)
        elif page:
            self._put(base, page)
        name, rows = self._stored(sheet)
        keys = item.page.keys
        return Frame(keys[0], len(keys), item.content, base, patch_hash, name, rows)

    def _sheet(self, page: Page) -> _Sheet | None:
        sheet = self._sheet_of(page)
        if not sheet:
            return None
        schema = self._schema.of_sheet
        plain = encode(schema, sheet)
        name = content_hash(plain)
        return name, b"" if name in self._known else squeeze(schema, plain), len(sheet)

    def _stored(self, sheet: _Sheet | None) -> tuple[str | None, int]:
        """The name and the rows of a sheet that is stored by then."""
        if sheet is None:
            return None, 0
        self._put(sheet[0], sheet[1])
        return sheet[0], sheet[2]

    def _patch(self, item: Draft, bases: Mapping[str, bytes]) -> bytes:
        """The patch of the frame's base, if that clearly costs less than a page; else nothing."""
        base = bases.get(item.frame.base) if item.frame and item.whole else None
        if base is None or item.content in self._known:
            return b""
        patch = delta(unsqueeze(base), item.plain)
        small = len(patch) * PATCH_SHARE <= len(base) and len(patch) <= BLOB_LIMIT
        return patch if small and write_units(patch) < write_units(base) else b""

    def _halves(self, page: Page) -> tuple[Draft, Draft]:
        middle = len(page) // 2
        if not middle:
            raise RejectedError(f"The row {page.keys[0]!r} is too large to be stored.")
        return (
            draft(self._schema, page.slice(0, middle), None),
            draft(self._schema, page.slice(middle, len(page)), None),
        )

    def _put(self, name: str, blob: bytes) -> None:
        if name in self._known:
            return
        self._known.add(name)
        self._outbox[name] = blob
        self._outbox_bytes += len(blob)
        if len(self._outbox) >= BATCH or self._outbox_bytes >= BATCH_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._outbox:
            self._store.put_many(self._book, self._outbox)
            self._outbox, self._outbox_bytes = {}, 0


def _batches(items: Iterable[Draft | Frame]) -> Iterator[list[Draft | Frame]]:
    batch: list[Draft | Frame] = []
    size = 0
    for item in items:
        batch.append(item)
        size += len(item.plain) if isinstance(item, Draft) else 0
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch

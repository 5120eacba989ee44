"""Writing a version of a book: only what changed, as whole pages or as patches of old ones."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence

from trueup.books.drafts import Placed, drafts, place
from trueup.books.framing import Framer, SheetOf
from trueup.books.manifest import Frame, Manifest
from trueup.books.pages import Page, concat, take
from trueup.books.reader import BookReader
from trueup.books.schema import BookSchema
from trueup.books.stores import BlobStore


def no_sheet(_: Page) -> Page | None:
    """No row differs: for books that have no sheets."""
    return None


def write_range(
    store: BlobStore,
    book: str,
    schema: BookSchema,
    previous: Sequence[Frame],
    pages: Iterable[Page],
    sheet_of: SheetOf = no_sheet,
) -> list[Frame]:
    """Write the rows of a key range whose (stored, live) frames were `previous`; its new frames.

    `pages` has the range's rows in key order, in pages of any size; only some are in memory at a
    time. A frame whose rows and sheet did not change is answered again and costs no write; where
    only the sheet did, only that is written. `sheet_of` may be asked for a page as soon as its
    last row was given. DefectError: rows out of order; RejectedError: a row is too large.
    """
    reader = BookReader(store, book, schema, Manifest.of(schema.kind, previous))
    items = drafts(schema, place(pages, _bounds(previous)), previous, reader.page)
    return list(Framer(store, book, schema, previous, sheet_of).frames(items))


def apply_edits(
    store: BlobStore,
    book: str,
    schema: BookSchema,
    previous: Manifest,
    upserts: Iterable[Page],
    deletes: Iterable[str] = (),
    sheet_of: SheetOf = no_sheet,
) -> list[Frame]:
    """Write `previous` with some rows put in or replaced whole, and some keys taken out.

    Reads and writes only the frames that edits fall in (and a neighbour of one that shrank too
    far). A key both upserted and deleted is upserted; deleting an absent key is no error.
    Raises as `write_range`.
    """
    reader = BookReader(store, book, schema, previous)
    placed = _edited(reader, previous.frames, upserts, sorted(deletes))
    items = drafts(schema, placed, previous.frames, reader.page)
    return list(Framer(store, book, schema, previous.frames, sheet_of).frames(items))


def _bounds(frames: Sequence[Frame]) -> list[str]:
    return [frame.first_key for frame in frames[1:]]


def _edited(
    reader: BookReader, frames: Sequence[Frame], upserts: Iterable[Page], deletes: Sequence[str]
) -> Iterator[Placed]:
    """Every frame in turn: as it is, or its rows with its edits merged in."""
    bounds = _bounds(frames)
    edits = place(upserts, bounds)
    if not frames:
        yield from edits
        return
    edit = next(edits, None)
    for index, frame in enumerate(frames):
        gone = _slice_of(index, deletes, bounds)
        if not gone and (edit is None or edit[0] != index):
            yield index, None
            continue
        rest = reader.page(frame)
        while edit is not None and edit[0] == index:
            # Merged one edit page at a time, since all may fall behind the last frame.
            end = bisect_right(rest.keys, edit[1].keys[-1])
            yield index, _merged(rest.slice(0, end), edit[1], gone)
            rest = rest.slice(end, len(rest))
            edit = next(edits, None)
        yield index, _merged(rest, None, gone)


def _slice_of(index: int, deletes: Sequence[str], bounds: Sequence[str]) -> Collection[str]:
    """The deletes in the range of a frame: from its bound (the first has none) to the next's."""
    start = bisect_left(deletes, bounds[index - 1]) if index else 0
    stop = bisect_left(deletes, bounds[index]) if index < len(bounds) else len(deletes)
    return frozenset(deletes[start:stop])


def _merged(old: Page, new: Page | None, gone: Collection[str]) -> Page:
    """The old rows without those gone, and the new rows instead of or between them."""
    both = concat([old, new]) if new else old
    at = {key: i for i, key in enumerate(both.keys) if i >= len(old) or key not in gone}
    return take(both, [at[key] for key in sorted(at)])

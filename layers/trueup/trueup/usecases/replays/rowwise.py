"""Two versions of the same key range, row by row: only frames that differ are read."""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, NamedTuple

from trueup.books.manifest import Frame, Manifest
from trueup.books.reader import BookReader
from trueup.books.schema import ROWS
from trueup.ports import PageStore

Row = dict[str, Any]


class Version(NamedTuple):
    """Frames of a book of rows, and the store that has them."""

    pages: PageStore
    book: str
    frames: Sequence[Frame]


class Pair(NamedTuple):
    """A key in either version; None where a version does not have it."""

    key: str
    before: Row | None
    after: Row | None


def differing_rows(before: Version, after: Version) -> Iterator[Pair]:
    """The rows that are not the same in all columns, in key order."""
    same = _shared(before, after, "content")
    left = _rows(_reader(before, same, "content").scan())
    right = _rows(_reader(after, same, "content").scan())
    return _apart(left, right)


def differing_sheets(before: Version, after: Version) -> Iterator[Pair]:
    """As `differing_rows`, of what is said of the rows that do not match."""
    same = _shared(before, after, "sheet")
    left = _rows(_reader(before, same, "sheet").differing())
    right = _rows(_reader(after, same, "sheet").differing())
    return _apart(left, right)


def _shared(before: Version, after: Version, name: str) -> set[str | None]:
    mine = {getattr(frame, name) for frame in before.frames}
    return mine & {getattr(frame, name) for frame in after.frames}


def _reader(version: Version, same: set[str | None], name: str) -> BookReader:
    """Of the frames that the other version does not have, too."""
    frames = [frame for frame in version.frames if getattr(frame, name) not in same]
    return BookReader(version.pages, version.book, ROWS, Manifest.of(ROWS.kind, frames))


def _rows(pages: Iterator[Any]) -> Iterator[Row]:
    return chain.from_iterable(page.rows() for page in pages)


def _apart(left: Iterator[Row], right: Iterator[Row]) -> Iterator[Pair]:
    """Merges two sorted streams and leaves out what is the same in both."""
    sides = ((row["key"], False, row) for row in left), ((row["key"], True, row) for row in right)
    for key, told in groupby(merge(*sides, key=itemgetter(0, 1)), key=itemgetter(0)):
        found = {after: row for _, after, row in told}
        before, after = found.get(False), found.get(True)
        if before != after:
            yield Pair(key, before, after)

"""Rows in any order into sorted segments, holding only one segment's rows in memory."""

from array import array
from collections.abc import Iterator

from trueup.books.pages import Page, concat, take
from trueup.books.schema import BookSchema
from trueup.books.segments import Captured, SegmentSet, SegmentWriter
from trueup.domain.runs import Segment
from trueup.ports import ObjectStore

SEGMENT_ROWS = 65_000
ANYWHERE = ""
"""Segments of imports have one location, without a name."""

CODES = BookSchema(kind="codes", ints=("line",), texts=("listing_key",))
"""By channel code: the listing of a file that has it, and the row it is in."""


class Sorter:
    """Takes pages in any order and writes a segment whenever enough rows have come."""

    def __init__(self, files: ObjectStore, prefix: str, schema: BookSchema) -> None:
        self._writer = SegmentWriter(files, prefix)
        self._schema = schema
        self._pages: list[Page] = []
        self._rows = 0
        self.segments: list[Segment] = []

    def add(self, keys: list[str], ints: dict[str, list[int]], texts: dict[str, list[str]]) -> None:
        packed = {name: array("q", values) for name, values in ints.items()}
        self._pages.append(Page(keys, packed, texts))
        self._rows += len(keys)
        if self._rows >= SEGMENT_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what has come since the last segment."""
        if not self._rows:
            return
        page = concat(self._pages)
        order = sorted(range(len(page)), key=page.keys.__getitem__)
        self._pages, self._rows = [], 0
        rows = [Captured(ANYWHERE, "", take(page, order))]
        self.segments.append(self._writer.write(self._schema, rows))


def in_order(
    files: ObjectStore, segments: tuple[Segment, ...], schema: BookSchema
) -> Iterator[Page]:
    """The rows of all segments as one, by key."""
    return SegmentSet(files, segments, schema).scan(ANYWHERE)

"""Segments: sorted rows of several locations in one immutable object, read by ranges.

A segment is compressed blocks in the order of (location, key), then their index. Its name follows
from its content, so that writing it again is no change.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import pairwise
from operator import attrgetter, le
from typing import NamedTuple

from trueup.books.blobs import compress, content_hash, decompress
from trueup.books.columns import unpack_ints
from trueup.books.merging import RepeatedKeyError, Source, merge, repeated
from trueup.books.pages import Page, concat, decode, encode, take
from trueup.books.schema import BookSchema
from trueup.books.segment_index import Block, index_bytes, read_index
from trueup.books.stores import RangeObjects
from trueup.domain.errors import DefectError, Fault, RejectedError
from trueup.domain.keys import BEHIND, sku_of
from trueup.domain.runs import Segment
from trueup.domain.time import from_iso, milliseconds

BLOCK_ROWS = 2_000
_READ_BYTES = 1_000_000
"""Neighbouring blocks are read by one request up to this size."""


class Captured(NamedTuple):
    """Rows that a channel showed of one location, and when (ISO 8601, the oldest of them)."""

    location: str
    captured_at: str
    page: Page


class SegmentWriter:
    """Writes segments under a prefix of a bucket."""

    def __init__(self, objects: RangeObjects, prefix: str) -> None:
        self._objects = objects
        self._prefix = prefix

    def write(self, schema: BookSchema, rows: Iterable[Captured]) -> Segment:
        """One segment of rows sorted by (location, key); equal keys are kept, and found by scan.

        DefectError if they are not sorted.
        """
        body = bytearray()
        blocks: list[Block] = []
        for captured in _blocks(rows):
            blob = compress(encode(schema, captured.page))
            blocks.append(_block(captured, len(body), len(blob)))
            body += blob
        _check_order(blocks)
        body += index_bytes(schema, blocks)
        key = f"{self._prefix}{content_hash(bytes(body))}.seg"
        self._objects.put(key, bytes(body))
        return Segment(key=key, size=len(body), rows=sum(block.rows for block in blocks))


class SegmentSet:
    """The rows of several segments as one; indexes are read once, when first needed."""

    def __init__(
        self, objects: RangeObjects, segments: Iterable[Segment], schema: BookSchema
    ) -> None:
        self._objects = objects
        self._segments = tuple(segments)
        self._schema = schema

    def locations(self) -> list[str]:
        return sorted(self.counts())

    def counts(self) -> dict[str, int]:
        """Rows by location."""
        counts: dict[str, int] = {}
        for blocks in self._indexes:
            for block in blocks:
                counts[block.location] = counts.get(block.location, 0) + block.rows
        return counts

    def blocks(self, location: str) -> list[Block]:
        """Where a location's rows are, by first key; blocks of several segments may overlap."""
        found = [b for blocks in self._indexes for b in blocks if b.location == location]
        return sorted(found, key=attrgetter("first_key", "last_key"))

    def captured(self, location: str) -> tuple[str, str] | None:
        """The oldest and the newest instant (ISO 8601) of a location's blocks."""
        times = [block.captured_at for block in self.blocks(location)]
        return (min(times), max(times)) if times else None

    def scan(self, location: str, lo: str | None = None, hi: str | None = None) -> Iterator[Page]:
        """Rows of a location from `lo` to before `hi`, in key order; pages are never empty.

        RejectedError naming location and key if a key occurs twice.
        """
        sources: list[Source] = []
        for segment, blocks in zip(self._segments, self._indexes, strict=True):
            wanted = [b for b in blocks if b.location == location and _meets(b, lo, hi)]
            _refuse_repeated(wanted)
            feed = _Feed(self._objects, segment.key, wanted, self._schema)
            sources.extend(Source(b.first_key, b.last_key, partial(feed.load, b)) for b in wanted)
        try:
            for page in merge(sources):
                start = bisect_left(page.keys, lo) if lo is not None else 0
                stop = bisect_left(page.keys, hi) if hi is not None else len(page)
                if start < stop:
                    yield page.slice(start, stop)
        except RepeatedKeyError as error:
            raise _twice(location, error.key, error.times) from error

    def of_skus(self, location: str, skus: Sequence[str]) -> Page:
        """The rows of some sorted SKUs of a location, in key order; only their blocks are read."""
        parts: list[Page] = []
        for segment, blocks in zip(self._segments, self._indexes, strict=True):
            mine = [block for block in blocks if block.location == location]
            wanted = [(b, w) for b in mine if (w := _within(skus, b))]
            feed = _Feed(self._objects, segment.key, [b for b, _ in wanted], self._schema)
            for block, some in wanted:
                parts += _rows_of(feed.load(block), some)
        if not parts:
            return Page([], dict.fromkeys(self._schema.ints, ()))
        page = concat(parts)
        return take(page, sorted(range(len(page)), key=page.keys.__getitem__))

    @cached_property
    def _indexes(self) -> list[list[Block]]:
        return [read_index(self._objects, s, self._schema) for s in self._segments]


class _Feed:
    """The blocks of one segment, asked for in their order and read ahead in larger ranges."""

    def __init__(
        self, objects: RangeObjects, key: str, blocks: Iterable[Block], schema: BookSchema
    ) -> None:
        self._objects = objects
        self._key = key
        self._ahead = deque(blocks)
        self._schema = schema
        self._blobs: dict[int, bytes] = {}

    def load(self, block: Block) -> Page:
        if block.offset not in self._blobs:
            self._read()
        page = decode(self._schema, decompress(self._blobs.pop(block.offset)))
        return _dated(page, block) if "captured_at" in page.ints else page

    def _read(self) -> None:
        """Read the next blocks, which lie behind one another, by one request."""
        first = self._ahead[0].offset
        taken = [self._ahead.popleft()]
        while self._ahead and _end(self._ahead[0]) - first <= _READ_BYTES:
            taken.append(self._ahead.popleft())
        body = self._objects.get_range(self._key, first, _end(taken[-1]))
        for block in taken:
            start = block.offset - first
            self._blobs[block.offset] = body[start : start + block.length]


def _within(skus: Sequence[str], block: Block) -> Sequence[str]:
    """Those of some sorted SKUs that a block may have rows of."""
    first, last = sku_of(block.first_key), sku_of(block.last_key)
    return skus[bisect_left(skus, first) : bisect_right(skus, last)]


def _rows_of(page: Page, skus: Sequence[str]) -> Iterator[Page]:
    for sku in skus:
        start = bisect_left(page.keys, sku)
        stop = bisect_left(page.keys, sku + BEHIND, start)
        if start < stop:
            yield page.slice(start, stop)


def _dated(page: Page, block: Block) -> Page:
    """The page with its block's instant where its rows have none of their own."""
    if page.ints["captured_at"][0]:
        return page
    instants = unpack_ints(milliseconds(from_iso(block.captured_at)), len(page))
    ints = {**page.ints, "captured_at": instants}
    return Page.of_joined(page.joined, len(page), ints, page.texts)


def _end(block: Block) -> int:
    return block.offset + block.length


def _meets(block: Block, lo: str | None, hi: str | None) -> bool:
    return (lo is None or block.last_key >= lo) and (hi is None or block.first_key < hi)


def _refuse_repeated(blocks: Iterable[Block]) -> None:
    for block in blocks:
        if block.repeated is not None:
            raise _twice(block.location, block.repeated, 2)


def _twice(location: str, key: str, times: int) -> RejectedError:
    fault = Fault(f"location {location}, key {key}", f"occurs {times} times")
    return RejectedError(f"{key!r} occurs more than once at {location!r}.", (fault,))


def _blocks(rows: Iterable[Captured]) -> Iterator[Captured]:
    for location, captured_at, page in rows:
        for start in range(0, len(page), BLOCK_ROWS):
            yield Captured(location, captured_at, page.slice(start, start + BLOCK_ROWS))


def _block(captured: Captured, offset: int, length: int) -> Block:
    keys = captured.page.keys
    if not all(map(le, keys, keys[1:])):
        raise DefectError(f"rows of {captured.location} are out of order in a segment")
    ends = (keys[0], keys[-1], len(keys))
    twice = repeated(keys)
    return Block(captured.location, *ends, offset, length, captured.captured_at, twice)


def _check_order(blocks: Sequence[Block]) -> None:
    for block, following in pairwise(blocks):
        if (block.location, block.last_key) > (following.location, following.first_key):
            raise DefectError(f"rows of {following.location} are out of order in a segment")

"""Finds: segments that read more than the range asked for, or hide a repeated row."""

import pytest

from tests.unit.books.tables import chunks
from trueup.adapters.memory_objects import MemoryObjects
from trueup.books import segments as segments_module
from trueup.books.pages import Page
from trueup.books.schema import BASELINE, OBSERVATIONS
from trueup.books.segments import BLOCK_ROWS, Captured, SegmentSet, SegmentWriter
from trueup.domain.errors import DefectError, RejectedError
from trueup.domain.runs import Segment
from trueup.ports import ObjectStore

EARLY, LATE = "2026-01-01T00:00:00.000Z", "2026-01-01T00:05:00.000Z"


def shown(start: int, stop: int, step: int = 1) -> Page:
    numbers = range(start, stop, step)
    return Page([f"SKU-{n:06d}" for n in numbers], {"reported": [n % 500 for n in numbers]})


def written(objects: ObjectStore, *rows: Captured) -> Segment:
    return SegmentWriter(objects, "runs/r/segments/").write(OBSERVATIONS, rows)


class CountingObjects(MemoryObjects):
    """Remembers the ranges read."""

    def __init__(self) -> None:
        super().__init__()
        self.ranges: list[tuple[str, int, int]] = []

    def get_range(self, key: str, start: int, end: int) -> bytes:
        self.ranges.append((key, start, end))
        return super().get_range(key, start, end)


def test_a_range_reads_only_its_blocks_by_one_request_a_segment() -> None:
    objects = CountingObjects()
    segments = [
        written(objects, Captured("1", EARLY, shown(i * 50_000, (i + 1) * 50_000)))
        for i in range(4)
    ]
    rows = SegmentSet(objects, segments, OBSERVATIONS)
    assert rows.counts() == {"1": 200_000}
    assert len(objects.ranges) == 4
    objects.ranges.clear()
    pages = list(rows.scan("1", "SKU-090000", "SKU-110000"))
    assert [key for page in pages for key in page.keys] == shown(90_000, 110_000).keys
    assert {key for key, _, _ in objects.ranges} == {segments[1].key, segments[2].key}
    assert len(objects.ranges) == 2
    assert sum(end - start for _, start, end in objects.ranges) < segments[0].size


def test_a_range_that_ends_where_a_block_begins_does_not_read_that_block() -> None:
    objects = CountingObjects()
    segments = [written(objects, Captured("1", EARLY, shown(n, n + 4_000))) for n in (0, 4_000)]
    rows = SegmentSet(objects, segments, OBSERVATIONS)
    (block, *_) = rows.blocks("1")
    objects.ranges.clear()
    assert [len(page) for page in rows.scan("1", None, "SKU-002000")] == [BLOCK_ROWS]
    assert objects.ranges == [(segments[0].key, block.offset, block.offset + block.length)]


def test_a_long_scan_reads_pieces_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    objects = CountingObjects()
    rows = SegmentSet(
        objects, [written(objects, Captured("1", EARLY, shown(0, 40_000)))], OBSERVATIONS
    )
    limit = 3 * max(block.length for block in rows.blocks("1"))
    objects.ranges.clear()
    monkeypatch.setattr(segments_module, "_READ_BYTES", limit)
    assert sum(map(len, rows.scan("1"))) == 40_000
    assert 1 < len(objects.ranges) <= 7
    assert all(end - start <= limit for _, start, end in objects.ranges)


def test_segments_that_do_not_overlap_pass_through_block_by_block() -> None:
    objects = MemoryObjects()
    segments = [
        written(objects, Captured("1", EARLY, shown(n, n + 4_000))) for n in (8_000, 0, 4_000)
    ]
    pages = list(SegmentSet(objects, segments, OBSERVATIONS).scan("1"))
    assert [len(page) for page in pages] == [BLOCK_ROWS] * 6
    assert all(isinstance(page.ints["reported"], memoryview) for page in pages)


def test_interleaved_segments_are_merged() -> None:
    objects = MemoryObjects()
    segments = [written(objects, Captured("1", EARLY, shown(n, 9_000, 3))) for n in range(3)]
    pages = list(SegmentSet(objects, segments, OBSERVATIONS).scan("1"))
    assert [key for page in pages for key in page.keys] == shown(0, 9_000).keys
    assert [n for page in pages for n in page.ints["reported"]] == [n % 500 for n in range(9_000)]


def test_blocks_say_when_their_rows_were_captured() -> None:
    objects = MemoryObjects()
    segment = written(
        objects,
        Captured("1", LATE, shown(0, 10)),
        Captured("1", EARLY, shown(10, 20)),
        Captured("2", LATE, shown(0, 5)),
    )
    rows = SegmentSet(objects, [segment], OBSERVATIONS)
    assert rows.captured("1") == (EARLY, LATE)
    assert rows.captured("2") == (LATE, LATE)
    assert rows.captured("3") is None
    assert [(b.first_key, b.rows, b.captured_at) for b in rows.blocks("1")] == [
        ("SKU-000000", 10, LATE),
        ("SKU-000010", 10, EARLY),
    ]
    assert segment.rows == 25
    assert segment.size == objects.size(segment.key)


def test_writing_a_segment_again_is_no_change() -> None:
    objects = MemoryObjects()
    rows = Captured("1", EARLY, shown(0, 5_000))
    assert written(objects, rows) == written(objects, rows)
    assert len(list(objects.list("runs/r/segments/"))) == 1


def test_no_segments_and_unknown_locations_have_no_rows() -> None:
    objects = MemoryObjects()
    assert SegmentSet(objects, [], OBSERVATIONS).locations() == []
    segment = written(objects, Captured("1", EARLY, shown(0, 5)))
    assert list(SegmentSet(objects, [segment, written(objects)], OBSERVATIONS).scan("2")) == []


@pytest.mark.parametrize("at", [0, 1_999, 2_000, 3_999])
def test_a_row_shown_by_two_segments_is_refused(at: int) -> None:
    objects = MemoryObjects()
    segments = [
        written(objects, Captured("eu/1", EARLY, shown(0, 4_000))),
        written(objects, Captured("eu/1", EARLY, shown(at, at + 1))),
    ]
    with pytest.raises(RejectedError, match=rf"'SKU-{at:06d}' occurs more than once at 'eu/1'"):
        list(SegmentSet(objects, segments, OBSERVATIONS).scan("eu/1"))


@pytest.mark.parametrize(
    "pages",
    [
        [shown(5, 9), shown(0, 5)],
        [Page(["b", "a"], {"reported": [1, 2]})],
    ],
)
def test_rows_out_of_order_are_a_defect(pages: list[Page]) -> None:
    with pytest.raises(DefectError, match="out of order"):
        written(MemoryObjects(), *(Captured("1", EARLY, page) for page in pages))


def test_locations_out_of_order_are_a_defect() -> None:
    with pytest.raises(DefectError, match="out of order"):
        written(
            MemoryObjects(), Captured("2", EARLY, shown(0, 5)), Captured("1", EARLY, shown(0, 5))
        )


def test_a_cut_off_segment_is_a_defect() -> None:
    objects = MemoryObjects()
    segment = written(objects, Captured("1", EARLY, shown(0, 9_000)))
    objects.put(segment.key, objects.get(segment.key)[:-20])
    with pytest.raises(DefectError, match="not a whole segment"):
        SegmentSet(objects, [segment], OBSERVATIONS).locations()


def test_a_segment_of_another_kind_is_a_defect() -> None:
    objects = MemoryObjects()
    segment = written(objects, Captured("1", EARLY, shown(0, 9)))
    with pytest.raises(DefectError, match="observations"):
        SegmentSet(objects, [segment], BASELINE).locations()


def test_an_index_longer_than_the_first_read_is_read_whole() -> None:
    objects = CountingObjects()
    rows = [Captured(f"location {n:05d}", EARLY, shown(n, n + 2)) for n in range(3_000)]
    segment = written(objects, *rows)
    made = SegmentSet(objects, [segment], OBSERVATIONS)
    assert len(made.locations()) == 3_000
    assert len(objects.ranges) == 2
    (page,) = made.scan("location 01234")
    assert page.keys == shown(1_234, 1_236).keys


def test_small_pages_of_one_location_are_small_blocks() -> None:
    objects = MemoryObjects()
    captured = [Captured("1", EARLY, page) for page in chunks(shown(0, 1_000), 100)]
    made = SegmentSet(objects, [written(objects, *captured)], OBSERVATIONS)
    assert len(made.blocks("1")) == 10
    assert sum(map(len, made.scan("1"))) == 1_000

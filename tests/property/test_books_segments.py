"""Laws of segments: however rows are spread over them, a scan is the sorted rows of a range."""

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.adapters.memory_objects import MemoryObjects
from trueup.books import segments as module
from trueup.books.pages import Page
from trueup.books.schema import OBSERVATIONS
from trueup.books.segments import Captured, SegmentSet, SegmentWriter
from trueup.domain.errors import RejectedError
from trueup.domain.runs import Segment

AT = "2026-01-01T00:00:00.000Z"
KEYS = st.integers(0, 60).map(lambda n: f"k{n:02d}")
PLACES = st.sampled_from(("a", "b"))
SPREAD = st.dictionaries(st.tuples(PLACES, KEYS), st.integers(0, 4), max_size=80)
"""Which of some segments holds a row."""


def page_of(keys: list[str]) -> Page:
    return Page(keys, {"reported": [int(key[1:]) for key in keys]})


def written(objects: MemoryObjects, rows: list[tuple[str, str]]) -> Segment:
    captured = [
        Captured(place, AT, page_of(sorted(key for at, key in rows if at == place)))
        for place in sorted({place for place, _ in rows})
    ]
    return SegmentWriter(objects, "runs/r/").write(OBSERVATIONS, captured)


def set_of(spread: dict[tuple[str, str], int], *, read_bytes: int = 10**6) -> SegmentSet:
    objects = MemoryObjects()
    with patch.object(module, "BLOCK_ROWS", 4), patch.object(module, "_READ_BYTES", read_bytes):
        parts = [[row for row, n in spread.items() if n == part] for part in range(5)]
        made = [written(objects, part) for part in parts if part]
    return SegmentSet(objects, made, OBSERVATIONS)


@given(SPREAD, st.none() | KEYS, st.none() | KEYS, st.integers(0, 200))
def test_a_scan_is_the_sorted_rows_of_the_range(
    spread: dict[tuple[str, str], int], lo: str | None, hi: str | None, read_bytes: int
) -> None:
    made = set_of(spread)
    for place in ("a", "b"):
        wanted = sorted(
            key
            for at, key in spread
            if at == place and (lo is None or key >= lo) and (hi is None or key < hi)
        )
        with patch.object(module, "_READ_BYTES", read_bytes):
            pages = list(made.scan(place, lo, hi))
        assert all(len(page) for page in pages)
        assert [key for page in pages for key in page.keys] == wanted
        assert [n for page in pages for n in page.ints["reported"]] == [int(k[1:]) for k in wanted]


@given(SPREAD)
def test_counts_are_rows_by_location(spread: dict[tuple[str, str], int]) -> None:
    made = set_of(spread)
    places = [place for place, _ in spread]
    assert made.counts() == {place: places.count(place) for place in places}
    assert made.locations() == sorted(set(places))


@given(SPREAD, st.data())
def test_a_key_shown_twice_is_refused_by_name(
    spread: dict[tuple[str, str], int], data: st.DataObject
) -> None:
    if not spread:
        return
    place, key = data.draw(st.sampled_from(sorted(spread)))
    objects = MemoryObjects()
    parts = [[row for row, n in spread.items() if n == part] for part in range(5)]
    parts[data.draw(st.integers(0, 4))].append((place, key))
    with patch.object(module, "BLOCK_ROWS", data.draw(st.integers(1, 9))):
        made = SegmentSet(objects, [written(objects, p) for p in parts if p], OBSERVATIONS)
    with pytest.raises(RejectedError) as caught:
        list(made.scan(place))
    assert repr(key) in str(caught.value)
    assert caught.value.faults[0].where == f"location {place}, key {key}"
    other = "b" if place == "a" else "a"
    assert sum(map(len, made.scan(other))) == sum(at == other for at, _ in spread)

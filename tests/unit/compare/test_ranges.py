"""Finds plans that leave keys out, split a SKU, or make too many children."""

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trueup.compare.ranges import KeyRange, plan_ranges


@dataclass(frozen=True)
class Stretch:
    first_key: str
    rows: int


def book(rows: int, step: int = 2_000, shift: int = 0) -> list[Stretch]:
    return [Stretch(f"{n + shift:08d}", min(step, rows - n)) for n in range(0, rows, step)]


def test_nothing_at_all_is_one_range() -> None:
    assert plan_ranges([], [], []) == [KeyRange(None, None)]


def test_a_million_rows_make_at_most_32_ranges_on_previous_boundaries() -> None:
    previous = book(1_000_000)
    plan = plan_ranges(previous, book(1_000_000, shift=700), book(1_000_000, 1_900))
    assert 25 <= len(plan) <= 32
    assert {part.lo for part in plan[1:]} <= {frame.first_key for frame in previous}


def test_a_first_run_is_cut_along_the_listings_or_else_the_fetch() -> None:
    listings, blocks = book(1_000_000), book(1_000_000, 1_500)
    for plan in (plan_ranges([], listings, blocks), plan_ranges([], [], blocks)):
        assert 25 <= len(plan) <= 32


def test_many_new_rows_between_two_old_boundaries_are_cut_too() -> None:
    plan = plan_ranges(book(100_000, 50_000), book(1_000_000))
    assert 15 <= len(plan) <= 32


def test_a_boundary_never_splits_a_sku() -> None:
    frames = [Stretch("A", 5), Stretch("B\0X", 5), Stretch("B\0Y", 5), Stretch("C\0\0", 5)]
    assert plan_ranges(frames, [], rows_per_range=5) == [
        KeyRange(None, "B"),
        KeyRange("B", "C"),
        KeyRange("C", None),
    ]


KEYS = st.lists(st.text("AB\0", min_size=1, max_size=4).filter(lambda k: k[0] != "\0"))
STRETCHES = KEYS.map(lambda keys: [Stretch(key, 1 + len(key)) for key in sorted(keys)])


@given(STRETCHES, STRETCHES, STRETCHES, st.integers(1, 20))
def test_ranges_follow_each_other_and_cover_all(
    previous: list[Stretch], listings: list[Stretch], blocks: list[Stretch], size: int
) -> None:
    plan = plan_ranges(previous, listings, blocks, size)
    assert plan[0].lo is None
    assert plan[-1].hi is None
    assert all(one.hi == two.lo for one, two in pairwise(plan))
    cuts = [part.lo for part in plan if part.lo is not None]
    assert cuts == sorted(set(cuts))
    assert not any("\0" in cut for cut in cuts)

"""For the bug where people are told too often, too late, of nothing, or not at all."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.audit.trails import START
from trueup.domain.runs import LocationResult, RunState, Tally
from trueup.domain.thresholds import (
    AlarmState,
    Figure,
    Measure,
    Threshold,
    Turn,
    figure_of,
    turn,
    worsening,
)


def threshold(measure: Measure = Measure.UNITS, limit: int = 10, **fields: Any) -> Threshold:
    return Threshold(
        id="t1",
        account="eu",
        measure=measure,
        limit=limit,
        created_by="ann",
        created_at=START,
        **fields,
    )


def result(place: str = "1", state: RunState = RunState.SUCCEEDED, **tally: Any) -> LocationResult:
    return LocationResult(channel_location=place, state=state, tally=Tally(**tally))


BOTH = [
    result("1", rows=10, matching=6, differing=3, unknown=1, units_over=5, units_under=2),
    result("2", rows=4, matching=4, oversold_rows=1, value_over={"EUR": 7, "USD": 1}),
]


@pytest.mark.parametrize(
    ("measure", "fields", "expected"),
    [
        (Measure.VARIANCE_RATE, {}, math.ceil(3 / 13 * 10_000)),
        (Measure.VARIANCE_RATE, {"channel_location": "1"}, 3334),
        (Measure.VARIANCE_RATE, {"channel_location": "2"}, 0),
        (Measure.UNITS, {}, 7),
        (Measure.OVERSOLD_ROWS, {}, 1),
        (Measure.VALUE, {"currency": "EUR"}, 7),
        (Measure.VALUE, {"currency": "GBP"}, 0),
    ],
)
def test_what_is_measured(measure: Measure, fields: dict[str, Any], expected: int) -> None:
    assert figure_of(threshold(measure, **fields), BOTH) == Figure(expected, partial=False)


def test_what_was_not_compared_gives_no_figure_and_makes_a_sum_partial() -> None:
    failed = result("2", RunState.FAILED, units_over=99)
    assert figure_of(threshold(channel_location="2"), [BOTH[0], failed]) is None
    assert figure_of(threshold(channel_location="3"), BOTH) is None
    assert figure_of(threshold(), [BOTH[0], failed]) == Figure(7, partial=True)
    nothing = result("1", rows=3, unknown=3)
    assert figure_of(threshold(Measure.VARIANCE_RATE), [nothing]) == Figure(0, partial=False)


def turns(limit: int, *figures: int) -> list[str]:
    """What each figure in turn means, the state carried on."""
    watched, told = threshold(limit=limit), []
    for figure in figures:
        what = turn(watched, Figure(figure, partial=False))
        told.append(what.value)
        if what is Turn.CLEARED:
            watched = watched.model_copy(update={"alarm": None})
        elif what is not Turn.QUIET:
            watched = watched.model_copy(update={"alarm": AlarmState(alert="a", told=figure)})
    return told


def test_told_once_again_when_worse_and_when_over() -> None:
    assert turns(10, 10, 11, 11, 13, 14, 14, 12, 17, 18, 3, 3, 11) == [
        *("quiet", "crossed", "quiet", "quiet", "worsened", "quiet", "quiet", "quiet"),
        *("worsened", "cleared", "quiet", "crossed"),
    ]
    assert turns(0, 1, 2, 3, 3, 4) == ["crossed", "worsened", "worsened", "quiet", "worsened"]


def test_a_run_that_saw_only_a_part_can_cross_and_cannot_clear() -> None:
    assert turn(threshold(), Figure(11, partial=True)) is Turn.CROSSED
    crossed = threshold(alarm=AlarmState(alert="a", told=11))
    assert turn(crossed, Figure(0, partial=True)) is Turn.QUIET
    assert turn(crossed, Figure(0, partial=False)) is Turn.CLEARED


@given(st.integers(0, 50), st.lists(st.integers(0, 200), max_size=40))
def test_laws_of_telling(limit: int, figures: list[int]) -> None:
    """Crossings and clearings alternate; nothing is told twice without a quarter more."""
    told = list(zip(turns(limit, *figures), figures, strict=True))
    ends = [what for what, _ in told if what in ("crossed", "cleared")]
    assert all(what == ("crossed", "cleared")[i % 2] for i, what in enumerate(ends))
    last = None
    for what, figure in told:
        if what == "worsened":
            assert last is not None
            assert figure >= last + worsening(last)
        assert what == "quiet" or (figure > limit) == (what != "cleared")
        last = figure if what in ("crossed", "worsened") else None if what == "cleared" else last
    if last is None:
        assert all(figure <= limit for _, figure in told[-1:])

"""Laws of replays: the same whenever and whatever came since; a what-if is a run on those terms.

Over random movements, captures, pools, kits, baselines and closed books.
"""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.moves import move, record
from tests.property.test_ledger_runs import Case, cases, world_of
from tests.unit.replays.replay_world import furnished, replayed
from tests.unit.replays.test_what_if import listed, reasons, set_terms
from trueup.domain.movements import MovementKind
from trueup.domain.replays import NO_CHANGE, Change
from trueup.usecases.ledger.closing import ClosingWork, close_ledger

DAYS = st.integers(1, 33).map(lambda days: timedelta(days=days))


@settings(max_examples=60, deadline=None)
@given(cases(), DAYS)
def test_a_replay_is_identical_whenever_it_is_made(case: Case, later: timedelta) -> None:
    world = world_of(case)
    first, second = world.reconcile(), world.reconcile()
    world.now += later
    for location in case.stock:
        record(world, move(MovementKind.COUNT, "A", 3, world.now - timedelta(hours=9), location))
        work = ClosingWork(world.registry, world.pages, world.ledger, world.clock)
        close_ledger(work, location)
        world.baseline(location, {"A": 1})
    world.listings(["B"])
    for run in (first, second):
        result = replayed(world, run).result
        assert result is not None
        assert result.identical, result.first


limits = st.fixed_dictionaries(
    {}, optional={"absolute": st.integers(0, 6), "percent": st.integers(0, 100)}
)
rules = st.fixed_dictionaries(
    {},
    optional={
        "channel_location": st.sampled_from(["1", "2"]),
        "sku": st.sampled_from(["SKU-01", "SKU-02", "SKU-09", "SKU-22", "KIT"]),
        "over": limits,
        "under": limits,
    },
)
seconds = st.sampled_from([0, 60, 600, 1800, 7200])
changes = st.fixed_dictionaries(
    {},
    optional={
        "tolerance": st.integers(0, 5),
        "tolerances": st.lists(
            rules, max_size=4, unique_by=lambda r: (r.get("channel_location"), r.get("sku"))
        ),
        "buffers": st.dictionaries(st.sampled_from(["1", "2"]), st.integers(0, 15)),
        "allocation": st.integers(1, 100),
        "settle_seconds": seconds,
        "locations": st.just({}) | seconds.map(lambda s: {"main": {"settle_seconds": s}}),
    },
)


@settings(max_examples=40, deadline=None)
@given(changes)
def test_a_what_if_lists_what_a_run_on_those_terms_has_otherwise(given_: dict[str, Any]) -> None:
    change = Change.model_validate(given_)
    if not change:
        assert change == NO_CHANGE
        return
    world, other = furnished(), furnished()
    set_terms(other, change)
    run = world.reconcile()
    other.reconcile()
    before, after = reasons(world), reasons(other)
    expected = {key for key in before if before[key][0] != after[key][0]}
    rows = listed(world, replayed(world, run, change), limit=100)
    assert {(row.location, row.key) for row in rows} == expected

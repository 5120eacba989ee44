"""A plan's figures, by another way of counting; its limits, its hash, its estimate."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.force.planning_world import PlanningWorld, compared
from tests.world import ACCOUNT, NOW
from trueup.domain.accounts import Account
from trueup.domain.force import APPROVABLE, CONFIRMABLE, ForcePlan, Over, PlanState, Skip
from trueup.domain.rates import Rate
from trueup.domain.routing import Money
from trueup.usecases.force.estimating import calls_of, seconds_of

ON_HAND = {f"S{i:02d}": i * 3 % 11 for i in range(40)}
SHOWS: dict[str, int | None] = {sku: (i * 7 + 2) % 9 for i, sku in enumerate(ON_HAND)}
PRICES = {sku: (100 + i, "EUR" if i % 3 else "USD") for i, sku in enumerate(ON_HAND) if i % 5}


def priced() -> PlanningWorld:
    world = PlanningWorld(ON_HAND, SHOWS)
    world.priced(list(ON_HAND), PRICES)
    world.reconcile()
    world.live(settle_seconds=0)
    world.covered(world.now)
    world.settings(share=None, to_zero=None, units=None, unexplained=None, first_rows=1000)
    return world


def test_the_summary_is_what_the_rows_come_to() -> None:
    world = priced()
    plan = world.planned()
    gaps = {sku: ON_HAND[sku] - (SHOWS[sku] or 0) for sku in ON_HAND}
    for side, mine in ((plan.summary.up, 1), (plan.summary.down, -1)):
        there = {sku: gap * mine for sku, gap in gaps.items() if gap * mine > 0}
        value: Counter[str] = Counter()
        for sku, units in there.items():
            if sku in PRICES:
                value[PRICES[sku][1]] += units * PRICES[sku][0]
        assert side.rows == len(there)
        assert side.units == sum(there.values())
        assert side.value == dict(value)
        assert side.unvalued == len(set(there) - set(PRICES))
    zero = [sku for sku, gap in gaps.items() if gap < 0 and ON_HAND[sku] == 0]
    assert (plan.summary.to_zero, plan.summary.oversold) == (len(zero), len(zero))
    assert plan.summary.considered == sum(map(bool, gaps.values()))
    sizes = sorted((abs(gap) for gap in gaps.values() if gap), reverse=True)
    told = [abs(change.target - change.showed) for change in plan.summary.largest]
    assert told == sizes[:20]
    (place,) = plan.places
    assert place.decreases + place.rest == plan.summary.rows == place.rows


@pytest.mark.parametrize("batch", [1, 3, 7, 1000])
def test_the_size_of_a_batch_changes_nothing(batch: int) -> None:
    world = priced()
    whole, cut = world.planned(), world.planned(batch=batch)
    assert cut.summary == whole.summary
    assert world.planned_rows(cut) == world.planned_rows(whole)


LIMITS: list[tuple[dict[str, Any], Over]] = [
    ({"share": 50}, Over.SHARE),
    ({"to_zero": 1}, Over.TO_ZERO),
    ({"units": 10}, Over.UNITS),
    ({"unexplained": 3}, Over.UNEXPLAINED),
    ({"value": Money(currency="EUR", amount=1)}, Over.VALUE),
    ({"value": Money(currency="EUR", amount=10**9)}, Over.VALUE_UNKNOWN),
]
NONE = dict.fromkeys(("share", "to_zero", "units", "unexplained", "value"))


@pytest.mark.parametrize(("limit", "over"), LIMITS)
def test_a_plan_over_a_limit_needs_approval(limit: dict[str, Any], over: Over) -> None:
    world = priced()
    world.settings(**{**NONE, **limit})
    plan = world.planned()
    assert over in plan.approvals
    assert plan.expires_at == plan.proposed_at + APPROVABLE
    assert set(plan.approvals) <= {over, Over.VALUE_UNKNOWN}


def test_at_its_limits_a_plan_needs_none() -> None:
    world = priced()
    figures = world.planned().summary
    units = figures.up.units + figures.down.units
    share = -(-figures.rows * 100 // len(ON_HAND))
    exact = {"units": units, "to_zero": figures.to_zero, "share": share}
    world.settings(**{**NONE, **exact, "unexplained": figures.unexplained})
    plan = world.planned()
    assert plan.approvals == ()
    assert plan.expires_at == plan.proposed_at + CONFIRMABLE
    tighter = {name: value - 1 for name, value in exact.items()}
    world.settings(**{**NONE, **tighter, "unexplained": figures.unexplained - 1})
    assert set(world.planned().approvals) == {
        Over.SHARE,
        Over.TO_ZERO,
        Over.UNITS,
        Over.UNEXPLAINED,
    }


def test_the_hash_is_of_what_a_plan_would_do() -> None:
    world = priced()
    one, same = world.planned(), world.planned()
    assert one.hash == same.hash
    assert len(one.hash) == 64
    world.settings(**NONE, first_rows=999)
    assert world.planned().hash != one.hash
    world.baseline("main", {**ON_HAND, "S01": 99})
    assert world.planned().hash != same.hash


def test_a_plan_never_changes_once_it_is_proposed() -> None:
    world = priced()
    plan, rows = (made := world.planned()), world.planned_rows(made)
    world.baseline("main", dict.fromkeys(ON_HAND, 1))
    world.shelf.stock.clear()
    world.reconcile()
    assert world.make(plan) == plan
    assert world.planned_rows(plan) == rows


def test_a_plan_of_nothing_is_proposed_with_no_rows() -> None:
    world = compared({"A": 5}, {"A": 5})
    plan = world.planned()
    assert (plan.state, plan.summary.rows, plan.places[0].rows) == (PlanState.PROPOSED, 0, 0)
    assert (plan.summary.calls, plan.summary.seconds) == (0, 0)


# The first live force ------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [2, 1000])
def test_the_first_live_force_takes_the_most_urgent_skus(batch: int) -> None:
    on_hand = {"A": 0, "B": 1, "C": 9, "D": 0, "E": 8}
    shows = {"A": 1, "B": 9, "C": 2, "D": 7, "E": 2}
    world = compared(on_hand, shows, links={"1": ["main"], "2": ["main"]})
    world.settings(first_rows=3, share=None)
    plan = world.planned(["1", "2"], batch=batch)
    assert plan.first
    for place in ("1", "2"):
        assert set(world.targets(plan, place)) == {"A", "D", "B"}
        beyond = {key for key, skip in world.skips(plan, place).items() if skip}
        assert beyond == {"C", "E"}
        assert {world.skips(plan, place)[key] for key in beyond} == {Skip.FIRST_LIMIT}
    assert plan.summary.rows == 6
    assert plan.summary.skipped == {"first_limit": 4}
    assert sum(p.decreases + p.rest for p in plan.places) == 6
    assert {change.key for change in plan.summary.largest} == {"A", "B", "D"}


def test_later_plans_are_not_limited() -> None:
    world = compared(dict.fromkeys("ABCDE", 5), dict.fromkeys("ABCDE", 1))
    world.settings(first_rows=2, share=None)
    first = world.planned()
    assert len(world.targets(first)) == 2
    world.put(pushed(first))
    later = world.planned()
    assert not later.first
    assert len(world.targets(later)) == 5


def pushed(plan: ForcePlan) -> ForcePlan:
    stage = {
        "share": "all",
        "decided_by": "ada",
        "decided_at": NOW,
        "approved": False,
        "state": "ended",
        "deadline": NOW + timedelta(hours=1),
        "sequences": {"1": 1},
        "counts": {"success": 1},
    }
    changed = plan.model_dump() | {"stages": (stage,), "state": PlanState.FINISHED}
    return ForcePlan.model_validate(changed)


# What it takes -------------------------------------------------------------------------------


def account_of(world: PlanningWorld) -> Account:
    stored = world.registry.get(Account, ACCOUNT)
    assert stored is not None
    return stored.value


def test_calls_are_told_from_the_batches() -> None:
    world = priced()
    plan = world.planned()
    rows = plan.summary.rows
    world.live(push_batch=10, compare_and_set=False)
    able = account_of(world).capabilities
    assert able is not None
    assert calls_of(able, plan.places) == 2 + -(-rows // 10)
    quick = able.model_copy(update={"push_batch": 100, "compare_and_set": True})
    assert calls_of(quick, plan.places) == 2
    assert calls_of(quick.model_copy(update={"submits": True}), plan.places) == 3


def test_seconds_are_told_from_the_rate_and_its_pause() -> None:
    world = priced()
    world.live(calls_per_minute=60, settle_seconds=30)
    owner = account_of(world)
    assert seconds_of(world.registry, owner, 0, world.now) == 0
    assert seconds_of(world.registry, owner, 60, world.now) == 30
    assert seconds_of(world.registry, owner, 180, world.now) == 150
    paused = world.now + timedelta(seconds=45)
    world.put(
        Rate(credential=f"account/{ACCOUNT}", calls=0, refilled_at=world.now, paused_until=paused)
    )
    assert seconds_of(world.registry, owner, 10, world.now) == 45 + 30
    assert seconds_of(world.registry, owner, 60, world.now) == 45 + 15 + 30
    world.live(calls_per_minute=None, settle_seconds=0)
    assert seconds_of(world.registry, account_of(world), 10, world.now) == 55


def test_a_channel_with_fixed_times_says_when() -> None:
    world = compared({"A": 5}, {"A": 9})
    world.live(fixed_times="at 02:00 UTC")
    assert world.planned().summary.fixed_times == "at 02:00 UTC"

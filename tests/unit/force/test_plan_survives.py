"""A plan is made once, whoever dies or is there twice; and it never sets what it may not."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults import DEADLY, Injector, Kind, each_call, survives
from tests.shelf import CAPTURED
from tests.unit.force.planning_world import AMPLE, PlanningWorld, compared, job_of
from trueup.domain.errors import TrueupError
from trueup.domain.force import ForcePlan, PlanState, Skip
from trueup.ports import Registry, Remove, Write
from trueup.usecases.force.planning import plan_force
from trueup.usecases.force.planning_job import Planning
from trueup.usecases.force.proposed import fail_plan
from trueup.usecases.work import Work

STOCK = {f"S{i}": i for i in range(7)}
SHOWN: dict[str, int | None] = {sku: 6 - i for i, sku in enumerate(STOCK)}
PLACES = {"1": ["main"], "2": ["main"]}


def two_places() -> PlanningWorld:
    world = compared(STOCK, SHOWN, links=PLACES)
    world.settings(share=None, first_rows=4)
    return world


def figures(plan: ForcePlan) -> dict[str, Any]:
    """All that a plan would do; not when it was made."""
    return plan.model_dump(include={"places", "summary", "approvals", "hash", "first", "state"})


def undisturbed() -> dict[str, Any]:
    world = two_places()
    return figures(world.planned(["1", "2"], batch=3))


@pytest.mark.parametrize("kind", [*DEADLY, Kind.AFTER])
def test_whoever_dies_at_any_call_leaves_a_plan_that_is_made_the_same(kind: Kind) -> None:
    world, tried = two_places(), 0
    whole = figures(world.planned(batch=4))
    for injector in each_call(kind):
        asked, tried = world.ask(), tried + 1
        _disturbed(world, injector, asked)
        assert figures(world.make(asked, batch=4)) == whole
        assert world.registry.get(Planning, asked.account, asked.id) is None
        world.registry.write(Remove(asked, _version(world, asked)))
    assert tried > 30


def _version(world: PlanningWorld, plan: ForcePlan) -> int:
    stored = world.registry.get(ForcePlan, *plan.identity)
    assert stored is not None
    return stored.version


def _disturbed(world: PlanningWorld, injector: Injector, plan: ForcePlan) -> None:
    registry, pages = world.registry, world.pages
    world.registry, world.pages = injector.wrap(registry), injector.wrap(pages)

    def run() -> None:
        try:
            plan_force(world.work(), job_of(plan), AMPLE, 4)
        except TrueupError:
            return

    survives(run)
    world.registry, world.pages = registry, pages


def test_two_executions_make_one_plan() -> None:
    """Before each write of one in turn, the other makes the whole plan, or a step of it."""
    whole = undisturbed()
    for nth, steps in product(range(1, 10), (1, 99)):
        world = two_places()
        asked = world.ask(["1", "2"])
        other, plain = world.work(), world.registry

        def meddle(work: Work = other, plan: ForcePlan = asked, left: int = steps) -> None:
            times = iter([600_000] * left + [1])
            plan_force(work, job_of(plan), lambda: next(times), 3)

        meddled: Any = Meddled(plain, nth, meddle)
        world.registry = meddled
        plan_force(world.work(), job_of(asked), AMPLE, 3)
        world.registry = plain
        assert meddled.done
        assert figures(world.plan(asked.id)) == whole


class Meddled:
    """A registry; before its nth write somebody else does something."""

    def __init__(self, inner: Registry, nth: int, before: Callable[[], object]) -> None:
        self._inner, self._left, self.before = inner, nth, before
        self.done = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, *writes: Write) -> None:
        self._left -= 1
        if not self._left:
            self.done = True
            self.before()
        self._inner.write(*writes)


def test_a_turn_that_runs_out_of_time_goes_on_in_the_next() -> None:
    world, turns = two_places(), 0
    asked = world.ask(["1", "2"])
    state = "more"
    while state == "more":
        left = iter([600_000, 1])
        state = plan_force(world.work(), job_of(asked), lambda: next(left), 3).state  # noqa: B023
        turns += 1
    assert turns > 8
    assert figures(world.plan(asked.id)) == undisturbed()


def test_a_plan_that_ended_is_left_alone() -> None:
    world = two_places()
    asked = world.ask(["1", "2"])
    assert fail_plan(world.registry, world.clock, asked.account, asked.id, "It broke.")
    failed = world.plan(asked.id)
    assert (failed.state, failed.cause) == (PlanState.FAILED, "It broke.")
    assert world.make(asked) == failed
    assert not fail_plan(world.registry, world.clock, asked.account, asked.id, "Again.")


def test_half_made_plans_that_fail_leave_no_note_behind() -> None:
    world = two_places()
    asked = world.ask(["1", "2"])
    left = iter([600_000, 600_000, 1])
    plan_force(world.work(), job_of(asked), lambda: next(left), 3)
    assert world.registry.get(Planning, asked.account, asked.id)
    assert fail_plan(world.registry, world.clock, asked.account, asked.id, "It broke.")
    assert world.registry.get(Planning, asked.account, asked.id) is None


ROWS = st.dictionaries(
    st.sampled_from("ABCDEFGH"),
    st.tuples(
        st.none() | st.integers(0, 9),  # on hand; None: not known
        st.none() | st.integers(-3, 9),  # shown; None: no quantity
        st.booleans(),  # read-only
    ),
    min_size=1,
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.none() | st.integers(-2, 2), st.booleans(), st.booleans())
def test_laws_of_plans(
    rows: dict[str, tuple[int | None, int | None, bool]],
    covered: int | None,
    named: bool,  # noqa: FBT001 - drawn
    settling: bool,  # noqa: FBT001 - drawn
) -> None:
    """No increase without all orders; no target for what is not known, or not to be set."""
    on_hand = {sku: n for sku, (n, _, _) in rows.items() if n is not None}
    world = PlanningWorld(on_hand, {sku: shown for sku, (_, shown, _) in rows.items()})
    world.shelf.read_only = {("1", sku): "theirs" for sku, (_, _, held) in rows.items() if held}
    world.reconcile()
    world.live()
    if covered is not None:
        world.covered(CAPTURED + timedelta(seconds=covered))
    skus = sorted(rows) if named else []
    plan = world.planned(skus=skus, include_settling=settling)
    for sku, target in world.targets(plan).items():
        have, shown, held = rows[sku]
        assert have is not None
        assert shown is not None
        assert not held
        assert target == have != shown
        assert target < shown or (covered is not None and covered >= 0)
    differing = {s for s, (have, shown, _) in rows.items() if have != shown or have is None}
    assert set(world.planned_rows(plan)) >= differing
    skipped = [skip for skip in world.skips(plan).values() if skip is not Skip.NOT_SKIPPED]
    assert sum(plan.summary.skipped.values()) == len(skipped)

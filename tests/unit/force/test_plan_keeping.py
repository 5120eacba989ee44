"""Plans and their rows are kept for 400 days, whatever else is swept, and then go."""

from datetime import timedelta

from tests.unit.force.planning_world import PlanningWorld, compared
from trueup.domain.force import ForcePlan, PlanState
from trueup.domain.pushlog import KEPT
from trueup.usecases.books import plan_book
from trueup.usecases.force.plan_keeping import forget_plans
from trueup.usecases.retention import sweep_books


def swept(world: PlanningWorld) -> None:
    sweep_books(world.registry, world.pages, world.now)


def test_a_plan_and_its_rows_outlive_what_they_were_made_from() -> None:
    world = compared({"A": 5}, {"A": 9})
    plan = world.planned()
    ended(world, plan)
    rows = world.planned_rows(plan)
    for _ in range(3):
        world.now += timedelta(days=100)
        swept(world)
    assert world.planned_rows(plan) == rows


def ended(world: PlanningWorld, plan: ForcePlan) -> None:
    world.put(plan.model_copy(update={"state": PlanState.FINISHED}))


def test_after_400_days_a_plan_goes_with_its_pages() -> None:
    world = compared({"A": 5}, {"A": 9})
    plan, kept = world.planned(), world.planned()
    ended(world, plan)
    book = plan_book(plan.id, "1")
    assert list(world.pages.list(book))
    world.now = plan.proposed_at + KEPT + timedelta(seconds=1)
    swept(world)
    assert list(world.pages.list(book)) == []
    assert world.registry.get(ForcePlan, *plan.identity) is None
    assert world.planned_rows(kept)
    assert forget_plans(world.registry, world.pages, world.now) == 0

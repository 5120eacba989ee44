"""From a wish to a channel that is right: planned, approved, pushed, compared again."""

from datetime import timedelta

from tests.force_world import ForceWorld
from tests.world import ACCOUNT, SELLER
from trueup.domain.force import ForcePlan, PlanState, Scope, Share
from trueup.domain.pushlog import PushOutcome
from trueup.ports import Create
from trueup.usecases.force.checks import Wish
from trueup.usecases.force.deciding import Counter, decide
from trueup.usecases.force.planning import plan_force
from trueup.usecases.force.planning_job import PlanJob
from trueup.usecases.force.settings import set_settings


def planned(world: ForceWorld) -> ForcePlan:
    plan = ForcePlan(
        id=world.new_id(),
        account=ACCOUNT,
        scope=Scope(locations=("1",)),
        proposed_by="ada",
        proposed_at=world.now,
        expires_at=world.now + timedelta(hours=1),
        deadline=world.now + timedelta(hours=1),
    )
    world.registry.write(Create(plan))
    given = {"schema": 1, "seller": SELLER, "account": ACCOUNT, "plan": plan.id}
    plan_force(world.work(), PlanJob.model_validate(given), lambda: 600_000)
    return world.found(plan)


def test_a_plan_is_made_approved_pushed_and_its_rows_match() -> None:
    world = ForceWorld()
    world.furnish({"A": 5, "B": 3, "C": 9, "D": 1}, {"A": 7, "B": 0, "C": 4, "D": 1})
    set_settings(world.registry, ACCOUNT, {"orders_covered": False})
    world.reconcile()
    plan = planned(world)
    counter = Counter(world.registry, world.machines, world.clock, lambda: range(5))
    decide(counter, ACCOUNT, plan.id, Wish(by="grace", hash=plan.hash, approving=True))
    ended = world.force(plan)
    assert ended.state is PlanState.FINISHED
    assert world.outcomes(plan, Share.ALL) == dict.fromkeys("ABC", PushOutcome.APPLIED)
    assert {key: held.available for (_, key), held in world.till.stock.items()} == {
        "A": 7,
        "B": 0,
        "C": 4,
        "D": 1,
    }
    assert world.reconcile().locations[0].tally.matching == 4

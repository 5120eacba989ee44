"""A call that is on its way when its part ends: nothing newer is sent before it has ended."""

from datetime import timedelta
from typing import Any

import pytest

from tests.force_world import force_job, force_payload
from tests.unit.force.again_world import AgainWorld
from tests.world import ACCOUNT
from trueup.channel.contract import PushRequest
from trueup.domain.errors import CoolingError, DefectError
from trueup.domain.force import ForcePlan, ForceSlot, Share
from trueup.domain.pushlog import PushOutcome
from trueup.domain.slots import LONGEST_CALL
from trueup.ports import Replace
from trueup.usecases.force.ending import end_stage
from trueup.usecases.force.opening import open_force
from trueup.usecases.force.proposing import Proposal, propose_plan
from trueup.usecases.force.pushing import push_force
from trueup.usecases.force.slots import coolings

CAUSE = "It was stopped before it had finished."


def stopped_while_sending(**modes: Any) -> tuple[AgainWorld, ForcePlan, list[PushRequest]]:
    """A part of which the only call never came back, and which was ended: with the call."""
    world = AgainWorld({"A": 9}, {"A": 7}, **modes)
    asked = Proposal(ACCOUNT, ["1"], "ada")
    plan = world.made(propose_plan(world.work(), world.machines, world.new_id, asked))
    world.begin(plan)
    job, late = force_job(force_payload(plan)), list[PushRequest]()
    open_force(world.work(), job)
    push = world.till.push

    def gone(request: PushRequest) -> Any:
        late.append(request)
        raise ConnectionError

    world.till.push = gone  # type: ignore[method-assign]
    with pytest.raises(DefectError):
        push_force(world.work(), job, lambda: 600_000)
    world.till.push = push  # type: ignore[method-assign]
    world.now += timedelta(seconds=10)
    end_stage(world.registry, world.clock, ACCOUNT, plan.id, Share.ALL, CAUSE)
    return world, plan, late


@pytest.mark.parametrize("cas", [True, False])
def test_a_retry_waits_until_the_call_of_the_part_before_has_ended(
    cas: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    world, plan, late = stopped_while_sending(cas=cas)
    assert world.outcomes(plan) == {"A": PushOutcome.UNVERIFIED}
    retry = world.retry([row.id for row in world.log().values()])
    with pytest.raises(CoolingError) as told:
        world.begin(retry)
    assert told.value.seconds == LONGEST_CALL // timedelta(seconds=1) - 10
    (request,) = late
    world.till.push(request)  # it lands at last, and nothing newer is there that it could undo
    world.now += LONGEST_CALL
    ended = world.settled(retry)
    assert world.till.available("1", "A") == 7
    assert set(world.outcomes(ended).values()) <= {PushOutcome.APPLIED, PushOutcome.STALE_CHANNEL}


def test_everybody_is_told_of_it_where_the_cooldown_is_over_before() -> None:
    world, _, _ = stopped_while_sending()
    stored = world.registry.get(ForceSlot, ACCOUNT, "1")
    assert stored is not None
    cooled = stored.value.model_copy(update={"cooling_until": world.now})
    world.registry.write(Replace(cooled, stored.version))
    (cooling,) = coolings(world.registry, world.clock, ACCOUNT)
    assert cooling.left == 290
    assert cooling.slot.cooling_until == stored.value.busy_until


def test_what_was_sent_again_counts_from_then() -> None:
    """An idempotent channel gets the same call again long after the first."""
    world = AgainWorld({"A": 9}, {"A": 7}, idempotent=True)
    asked = Proposal(ACCOUNT, ["1"], "ada")
    plan = world.made(propose_plan(world.work(), world.machines, world.new_id, asked))
    world.begin(plan)
    job = force_job(force_payload(plan))
    open_force(world.work(), job)

    def gone(_: PushRequest) -> Any:
        raise ConnectionError

    world.till.push = gone  # type: ignore[assignment,method-assign]
    for _ in range(2):
        with pytest.raises(DefectError):
            push_force(world.work(), job, lambda: 600_000)
        again = world.now
        world.now += timedelta(minutes=20)
    end_stage(world.registry, world.clock, ACCOUNT, plan.id, Share.ALL, CAUSE)
    assert world.slot().busy_until == again + LONGEST_CALL


def test_a_part_of_which_every_call_was_answered_leaves_nothing_behind() -> None:
    world = AgainWorld({"A": 9}, {"A": 7})
    world.forced()
    assert world.slot().busy_until is None

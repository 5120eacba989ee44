"""A plan that is at work for ever, one that nobody ever began, one that can be used too late."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.force.decisions_world import OVER, SELLER, Decisions
from trueup.adapters.memory_events import MemoryEvents
from trueup.domain.errors import CoolingError, RetryLaterError
from trueup.domain.force import PlanState, Share, StageState
from trueup.domain.time import ulid_ids
from trueup.usecases.finalising import ACTOR as FINALISER
from trueup.usecases.finalising import ending_of, finalise
from trueup.usecases.force.attending import ACTOR, NEVER_STARTED, TOO_LATE, VANISHED
from trueup.usecases.force.deciding import LEAST
from trueup.usecases.sweeping import Swept, sweep_open
from trueup.usecases.work import Plant


class Silent:
    """No machine can be started."""

    def start(self, *_: Any) -> None:
        raise RetryLaterError("Step Functions is busy.")


def plant(world: Decisions) -> Plant:
    new_id = ulid_ids(world.clock)
    return Plant(world.registries, world.machines, MemoryEvents(), world.clock, new_id)


def swept(world: Decisions) -> Swept:
    found = sweep_open(plant(world))
    found.require_sound()
    return found


def confirmed(share: Share = Share.ALL) -> Decisions:
    world = Decisions()
    world.propose("P1", {"1": (1, 1)}, **OVER)
    world.decide("P1", by="ann", share=share, approving=share is Share.ALL)
    return world


def test_what_was_decided_and_never_begun_is_begun() -> None:
    world, machines = Decisions(), Silent()
    started, world.machines = world.machines, machines  # type: ignore[assignment]
    world.propose("P1", {"1": (1, 1)})
    world.decide("P1")
    world.machines = started
    world.now += NEVER_STARTED - timedelta(seconds=1)
    assert swept(world).restarted == 0
    world.now += timedelta(seconds=1)
    assert swept(world).restarted == 1
    event = {"schema": 1, "seller": SELLER, "account": "eu", "plan": "P1", "share": "all"}
    assert world.machines.started == [("force", "P1-all", event)]
    assert swept(world).restarted == 0


def test_a_part_whose_execution_is_gone_ends_and_gives_its_cooldown_back() -> None:
    world = confirmed()
    world.machines.end("force", "P1-all")
    assert swept(world).ended == 1
    (stage,) = world.plan("P1").stages
    assert (stage.state, stage.cause) == (StageState.ENDED, VANISHED)
    assert world.plan("P1").state is PlanState.FINISHED
    slot = world.slot("1")
    assert (slot.holder, slot.cooling_until) == ("", None)
    assert swept(world).open == 0


def test_a_part_ends_at_its_deadline_whatever_its_execution_does() -> None:
    world = confirmed()
    world.now += LEAST - timedelta(seconds=1)
    assert swept(world).ended == 0
    world.now += timedelta(seconds=1)
    assert swept(world).ended == 1
    assert world.plan("P1").stages[0].cause == TOO_LATE
    assert world.slot("1").holder == ""


def test_a_part_that_goes_on_in_another_execution_is_asked_for_there() -> None:
    world = confirmed()
    stored = world.plan("P1")
    moved = stored.stages[0].model_copy(update={"execution": "P1-all-500"})
    world.rewrite(stored.model_copy(update={"stages": (moved,)}))
    world.machines.end("force", "P1-all")
    world.machines.start("force", "P1-all-500", {})
    assert swept(world).ended == 0
    world.machines.end("force", "P1-all-500")
    assert swept(world).ended == 1


def test_a_part_whose_next_execution_never_began_goes_on_in_it() -> None:
    """The one before may have been stopped between noting it and starting it."""
    world = confirmed()
    stored = world.plan("P1")
    changes = {"execution": "P1-all-1000", "cause": "The channel could not be set."}
    moved = stored.stages[0].model_copy(update=changes)
    world.rewrite(stored.model_copy(update={"stages": (moved,)}))
    world.machines.start("force", "P1-all-500", {})
    world.now += timedelta(minutes=90)
    assert swept(world).restarted == 0  # it is about to
    world.machines.end("force", "P1-all-500")
    assert swept(world).restarted == 1
    turn = {"next": 0, "turns": 1000, "cause": "The channel could not be set."}
    event = {"schema": 1, "seller": SELLER, "account": "eu", "plan": "P1", "share": "all"}
    assert world.machines.started[-1] == ("force", "P1-all-1000", {**event, "turn": turn})
    assert swept(world).restarted == 0


def test_what_the_sweep_ends_is_in_the_audit_trail() -> None:
    world = confirmed()
    world.machines.end("force", "P1-all")
    before = len(world.trail())
    assert swept(world).ended == 1
    (record,) = world.trail()[before:]
    assert record.actor == ACTOR
    world.propose("P2", {"2": (1, 1)})
    world.now += timedelta(minutes=30)
    assert swept(world).ended == 1
    assert [record.actor for record in world.trail()[before:]] == [ACTOR, ACTOR]


def test_what_the_finaliser_ends_is_in_the_audit_trail() -> None:
    world = confirmed()
    world.propose("P2", {"2": (0, 0)}, state=PlanState.PLANNING)
    before = len(world.trail())
    for ending in ({"plan": "P1", "share": "all"}, {"plan": "P2"}):
        event = {"schema": 1, "seller": SELLER, "account": "eu", **ending}
        assert finalise(plant(world), ending_of(event)).ended
    assert [record.actor for record in world.trail()[before:]] == [FINALISER, FINALISER]


def test_a_plan_that_nobody_decided_about_expires() -> None:
    world = Decisions()
    world.propose("P1", {"1": (1, 1)})
    world.now += timedelta(minutes=30) - timedelta(seconds=1)
    assert swept(world).ended == 0
    world.now += timedelta(seconds=1)
    assert swept(world).ended == 1
    assert world.plan("P1").state is PlanState.EXPIRED
    assert swept(world).open == 0


@pytest.mark.parametrize("waits", [True, False])
def test_a_rest_that_nobody_decided_about_is_not_pushed(
    waits: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Whether its decreases end before the plan expires, or after."""
    world = confirmed(Share.DECREASES)
    if waits:
        world.end("P1", Share.DECREASES)
        world.now += timedelta(minutes=30)
    else:
        world.now += timedelta(minutes=30)
        world.machines.end("force", "P1-decreases")
    assert swept(world).ended == 1
    assert world.plan("P1").state is PlanState.FINISHED
    assert len(world.plan("P1").stages) == 1


def test_decreases_at_work_do_not_expire_with_their_plan() -> None:
    world = confirmed(Share.DECREASES)
    world.now += timedelta(minutes=31)
    assert swept(world).ended == 0
    assert world.plan("P1").state is PlanState.FORCING


def test_a_plan_that_is_not_made_in_time_has_failed() -> None:
    world = Decisions()
    world.propose("P1", {"1": (0, 0)}, state=PlanState.PLANNING)
    world.now += NEVER_STARTED
    assert swept(world).restarted == 1
    assert world.machines.started[-1][:2] == ("plan_force", "P1")
    world.machines.end("plan_force", "P1")
    assert swept(world).ended == 1
    plan = world.plan("P1")
    assert (plan.state, plan.cause) == (PlanState.FAILED, VANISHED)


def test_what_was_sent_is_not_given_back_by_the_sweep() -> None:
    world = confirmed()
    world.mark_sent("1")
    world.machines.end("force", "P1-all")
    swept(world)
    world.propose("P2", {"1": (1, 0)})
    with pytest.raises(CoolingError):
        world.decide("P2")

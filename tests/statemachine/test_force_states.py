"""Forces through the machine that ships: every state and Catch, small payloads, and its ends."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tests.asl import ExecutionFailedError, Machine, TaskFailedError, states_of
from tests.force_world import ForceWorld, force_payload
from trueup.domain.force import ForcePlan
from trueup.domain.pushlog import PushOutcome
from trueup.usecases.finalising import STOPPED, ending_of, finalise
from trueup.usecases.force.ending import OUR_FAULT

SHOWED = {"A": 5, "B": 3, "C": 9}
WANTED = {"A": 7, "B": 0, "C": 4}
TASKS = ("Open", "Push", "Check")


@dataclass
class Visits:
    """Runs executions of the shipped machine and sums what they visited."""

    states: set[str] = field(default_factory=set)
    catches: set[str] = field(default_factory=set)
    largest: int = 0

    def run(self, machine: Machine, plan: ForcePlan) -> None:
        with suppress(ExecutionFailedError):
            machine.run(force_payload(plan))
        self.states |= machine.visited
        self.catches |= machine.caught
        self.largest = max(self.largest, machine.largest)


def differing(**modes: Any) -> tuple[ForceWorld, ForcePlan]:
    world = ForceWorld(**modes)
    world.furnish(SHOWED, WANTED)
    return world, world.plan(WANTED)


def broken(_: Any) -> Any:
    raise TaskFailedError("States.Timeout", "A seller does not read this.")


def spoilt(*names: str, by: Callable[[Any], Any] = broken) -> dict[str, Callable[[Any], Any]]:
    return {f"${{{name}FunctionArn}}": by for name in names}


def long(event: Any) -> Any:
    """A turn that asks for a new execution."""
    reached = {"next": 0, "turns": 500, "wait_seconds": 0, "cause": "", "execution": "next"}
    return {**event.get("turn", {}), **reached, "state": "continue"}


def started(_: Any) -> Any:
    return {}


def already(_: Any) -> Any:
    raise TaskFailedError("StepFunctions.ExecutionAlreadyExistsException")


def test_a_force_visits_every_state_and_catch() -> None:
    visits = Visits()
    world, plan = differing(throttled=1, settles=30, tells_after=False)
    visits.run(world.force_machine(), plan)
    assert set(world.outcomes(plan).values()) == {PushOutcome.APPLIED}
    again = world.force_machine()
    visits.run(again, plan)
    assert again.visited == {"OpenForce", "Opened?", "FindEnded"}
    for task in TASKS:
        world, plan = differing()
        visits.run(world.force_machine(spoilt(f"{task}Force")), plan)
        assert world.stage(plan).cause == OUR_FAULT
    world, plan = differing()
    visits.run(world.force_machine(spoilt("CloseForce")), plan)
    assert world.stage(plan).cause == OUR_FAULT
    visits.run(world.force_machine(spoilt("OpenForce", "CloseForce", "Finalise")), plan)
    world, plan = differing()
    visits.run(world.force_machine(spoilt("CloseForce", "Finalise")), plan)
    assert not world.has_ended(plan)
    start = "arn:aws:states:::states:startExecution"
    for answer in (started, already, broken):
        world, plan = differing()
        visits.run(world.force_machine(spoilt("PushForce", by=long) | {start: answer}), plan)
    states, catches = states_of("force")
    assert states - visits.states == set()
    assert catches - visits.catches == set()


def test_payloads_stay_small_whatever_is_pushed() -> None:
    wanted = {f"SKU-{i:05d}-{'x' * 200}": i % 50 for i in range(1_200)}
    world, visits = ForceWorld(batch=1, rows_a_call=20), Visits()
    world.furnish(dict.fromkeys(wanted, 99), wanted)
    plan = world.plan(wanted)
    visits.run(world.force_machine(), plan)
    assert world.stage(plan).counts.success == len(wanted)
    assert visits.largest < 2_000


def test_a_failed_step_says_what_became_of_each_row() -> None:
    world, plan = differing()
    machine = world.force_machine()
    push = machine.tasks["${PushForceFunctionArn}"]

    def dies_after(event: Any) -> Any:
        push(event)
        raise TaskFailedError("Lambda.Unknown")

    machine.tasks["${PushForceFunctionArn}"] = dies_after
    Visits().run(machine, plan)
    stage = world.stage(plan)
    assert (stage.cause, stage.counts.success) == (OUR_FAULT, 3)
    assert set(world.till.sent.values()) == {1}


def test_an_execution_that_was_stopped_is_finalised_by_its_event() -> None:
    world, plan = differing()
    given = json.dumps(force_payload(plan))
    event = {"detail": {"status": "ABORTED", "input": given}}
    assert finalise(world.plant(), ending_of(event)).ended
    assert world.stage(plan).cause == STOPPED["ABORTED"]
    slot = world.slot()
    assert (slot.holder, slot.cooling_until) == ("", None)
    assert not finalise(world.plant(), ending_of(event)).ended

"""Plans through the machine that ships: every state and Catch, and what ends badly."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from tests.asl import ExecutionFailedError, Machine, TaskFailedError, states_of
from tests.unit.force.planning_world import PlanningWorld, compared
from tests.world import SELLER
from trueup.domain.force import ForcePlan, PlanState
from trueup.usecases.finalising import STOPPED, ending_of, finalise
from trueup.usecases.force.planning import plan_force
from trueup.usecases.force.planning_job import PlanJob
from trueup.usecases.force.proposing import payload
from trueup.usecases.sweeping import NEVER_STARTED, VANISHED, sweep_open

STOCK = {f"S{i}": i for i in range(6)}
Task = Callable[[dict[str, Any]], Any]


def machine(world: PlanningWorld, spoilt: Mapping[str, Task] | None = None) -> Machine:
    """The shipped machine; each invocation has time for two batches of two rows."""

    def making(event: dict[str, Any]) -> dict[str, Any]:
        left = iter([600_000, 600_000, 1])
        return asdict(
            plan_force(world.work(), PlanJob.model_validate(event), lambda: next(left), 2)
        )

    tasks: dict[str, Task] = {
        "${PlanForceFunctionArn}": making,
        "${FinaliseFunctionArn}": lambda e: finalise(world.plant(), ending_of(e)).model_dump(),
    }
    return Machine("plan_force", {**tasks, **(spoilt or {})})


def execute(world: PlanningWorld, plan: ForcePlan, made: Machine) -> ForcePlan:
    with suppress(ExecutionFailedError):
        made.run(payload(SELLER, plan))
    return world.plan(plan.id)


def broken(_: Any) -> Any:
    raise TaskFailedError("States.Timeout", "A seller does not read this.")


def fresh() -> PlanningWorld:
    return compared(STOCK, dict.fromkeys(STOCK, 3))


def test_a_plan_visits_every_state_and_catch() -> None:
    world = fresh()
    plan, made = world.ask(), machine(world)
    done = execute(world, plan, made)
    assert done.state is PlanState.PROPOSED
    assert len(world.planned_rows(done)) == 5
    failing = machine(world, {"${PlanForceFunctionArn}": broken})
    failed = execute(world, world.ask(), failing)
    assert failed.state is PlanState.FAILED
    assert failed.cause
    assert "does not read" not in failed.cause
    both = {"${PlanForceFunctionArn}": broken, "${FinaliseFunctionArn}": broken}
    lost = machine(world, both)
    assert execute(world, world.ask(), lost).state is PlanState.PLANNING
    states, catches = states_of("plan_force")
    runs = (made, failing, lost)
    assert states == set().union(*(run.visited for run in runs))
    assert catches == set().union(*(run.caught for run in runs))
    assert max(run.largest for run in runs) < 64 * 1024


def test_a_second_execution_of_a_plan_changes_nothing() -> None:
    world = fresh()
    done = execute(world, plan := world.ask(), machine(world))
    assert execute(world, plan, machine(world)) == done


def test_an_execution_that_was_stopped_is_finalised_by_its_event() -> None:
    world = fresh()
    plan = world.ask()
    event = {"detail": {"status": "ABORTED", "input": json.dumps(payload(SELLER, plan))}}
    assert finalise(world.plant(), ending_of(event)).ended
    ended = world.plan(plan.id)
    assert (ended.state, ended.cause) == (PlanState.FAILED, STOPPED["ABORTED"])
    assert not finalise(world.plant(), ending_of(event)).ended


def test_the_sweeper_starts_ends_and_expires() -> None:
    world = fresh()
    lost, vanished, waiting = world.ask(), world.ask(), world.planned()
    machines: Any = world.machines
    machines.started = [one for one in machines.started if one[1] != lost.id]
    machines.end("plan_force", vanished.id)
    world.now += NEVER_STARTED
    swept = sweep_open(world.plant())
    assert (swept.ended, swept.restarted, swept.broken) == (1, 1, 0)
    assert machines.started[-1] == ("plan_force", lost.id, payload(SELLER, lost))
    ended = world.plan(vanished.id)
    assert ended.state is PlanState.FAILED
    assert ended.cause is not None
    assert VANISHED.startswith(ended.cause.rstrip("."))
    world.now = max(waiting.expires_at, lost.deadline)
    sweep_open(world.plant())
    assert world.plan(waiting.id).state is PlanState.EXPIRED
    assert world.plan(lost.id).state is PlanState.FAILED

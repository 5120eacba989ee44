"""States and Catches that no execution ever visits, and so nobody knows to work."""

from contextlib import suppress
from typing import Any

import pytest

from tests.asl import ExecutionFailedError, Machine, TaskFailedError, states_of
from tests.shelf import changed
from tests.unit.reconcile.test_reconciling import stocked
from tests.world import ACCOUNT, World
from trueup.domain.runs import Run, RunState
from trueup.usecases.reconcile import fetching

ALREADY_EXISTS = "StepFunctions.ExecutionAlreadyExistsException"


def broken(name: str = "States.Timeout") -> Any:
    def task(_: dict[str, Any]) -> Any:
        raise TaskFailedError(name)

    return task


def _answering(answer: dict[str, Any]) -> Any:
    return lambda _: answer


class Visits:
    """Runs executions of the shipped machine and sums what they visited."""

    def __init__(self) -> None:
        self.states: set[str] = set()
        self.catches: set[str] = set()
        self.largest = 0

    def execute(self, world: World, machine: Machine) -> Run:
        run = world.start().run
        with suppress(ExecutionFailedError):
            machine.run(world.payload(run))
        self.note(machine)
        return world.run(run.id)

    def note(self, machine: Machine) -> None:
        self.states |= machine.visited
        self.catches |= machine.caught
        self.largest = max(self.largest, machine.largest)


def reconcile_visits(monkeypatch: pytest.MonkeyPatch) -> Visits:
    visits = Visits()
    _well(visits)
    _waiting_and_going_on(visits, monkeypatch)
    for task in ("OpenRun", "Fetch", "PlanCompare", "CloseRun", "Compare"):
        _broken_task(visits, task)
    _unreadable_plan(visits)
    _unending(visits)
    _failing_channel(visits)
    _nothing_fetched(visits)
    return visits


def _well(visits: Visits) -> None:
    world = stocked(20)
    run = visits.execute(world, world.machine())
    assert run.state is RunState.SUCCEEDED
    again = world.machine()
    again.run(world.payload(run))
    assert "FindEnded" in again.visited
    visits.note(again)


def _waiting_and_going_on(visits: Visits, monkeypatch: pytest.MonkeyPatch) -> None:
    """A throttled fetch that goes on in a second execution."""
    world = stocked(200)
    monkeypatch.setattr(fetching, "TURNS_AN_EXECUTION", 2)
    world.shelf.page = 40
    left = iter([600_000, 1_000] * 100)
    started: list[dict[str, Any]] = []

    def machine() -> Machine:
        made = world.machine()
        made.tasks["${FetchFunctionArn}"] = world.fetching(lambda: next(left))
        made.tasks["arn:aws:states:::states:startExecution"] = started.append
        return made

    run = visits.execute(world, machine())
    for _ in range(10):
        if world.run(run.id).state.final:
            break
        following = machine()
        following.run(started[-1]["Input"])
        visits.note(following)
    assert world.run(run.id).state is RunState.SUCCEEDED
    assert started[0]["Name"] == f"{run.id}-2"
    for name in (ALREADY_EXISTS, "States.Timeout"):
        other = stocked(5)
        failing = other.machine()
        answer = {"state": "continue", "execution": "x-2", "wait_seconds": 0, "cause": ""}
        failing.tasks["${FetchFunctionArn}"] = _answering(answer)
        failing.tasks["arn:aws:states:::states:startExecution"] = broken(name)
        visits.execute(other, failing)
    throttled = stocked(20)
    waiting = throttled.machine()
    fetch = waiting.tasks["${FetchFunctionArn}"]
    answers = iter([{"state": "wait", "wait_seconds": 3, "cause": "", "execution": ""}])
    waiting.tasks["${FetchFunctionArn}"] = lambda event: next(answers, None) or fetch(event)
    assert visits.execute(throttled, waiting).state is RunState.SUCCEEDED
    assert waiting.waited == [3]


def _broken_task(visits: Visits, task: str) -> None:
    world = stocked(20)
    machine = world.machine()
    machine.tasks[f"${{{task}FunctionArn}}"] = broken()
    run = visits.execute(world, machine)
    assert run.state is RunState.FAILED
    assert world.rows() == {}
    assert world.start().created, "the account is free again"


def _unreadable_plan(visits: Visits) -> None:
    world = stocked(20)
    machine = world.machine()

    def unreadable(_: str) -> list[Any]:
        raise TaskFailedError("States.ItemReaderFailed")

    machine.read_items = unreadable
    assert visits.execute(world, machine).state is RunState.FAILED


def _unending(visits: Visits) -> None:
    """Even the finaliser is down: the run stays open, for the sweeper to end."""
    world = stocked(20)
    machine = world.machine()
    machine.tasks["${OpenRunFunctionArn}"] = broken()
    machine.tasks["${FinaliseFunctionArn}"] = broken()
    assert not visits.execute(world, machine).state.final


def _failing_channel(visits: Visits) -> None:
    world = stocked(20)
    world.shelf.spoil = lambda answer: changed(answer, outcome="failed", reason="Closed.")
    assert visits.execute(world, world.machine()).cause == "The channel could not be read: Closed."


def _nothing_fetched(visits: Visits) -> None:
    world = stocked(20)
    world.shelf.failing["1"] = "Closed for stocktaking."
    assert visits.execute(world, world.machine()).cause == "Closed for stocktaking."


def test_reconcile_visits_every_state_and_catch(monkeypatch: pytest.MonkeyPatch) -> None:
    visits = reconcile_visits(monkeypatch)
    states, catches = states_of("reconcile")
    assert states - visits.states == set()
    assert catches - visits.catches == set()
    assert visits.largest < 64 * 1024


def test_a_repeated_close_finds_the_run_ended() -> None:
    world = stocked(20)
    machine = world.machine()
    close = machine.tasks["${CloseRunFunctionArn}"]

    def twice(event: dict[str, Any]) -> Any:
        first = close(event)
        assert close(event) == first
        return first

    machine.tasks["${CloseRunFunctionArn}"] = twice
    run = world.start().run
    machine.run(world.payload(run))
    assert world.run(run.id).locations[0].version == 1
    assert world.registry.list(Run, ACCOUNT).items[0].value.state is RunState.SUCCEEDED


def dispatch_machine(found: list[dict[str, Any]], start: Any) -> Machine:
    answers = iter(found)
    return Machine(
        "dispatch",
        {
            "${DispatchFunctionArn}": lambda _: next(answers),
            "arn:aws:states:::states:startExecution": start,
        },
    )


def test_dispatch_visits_every_state_and_catch() -> None:
    run = {"schema": 1, "seller": "acme", "account": "eu", "run": "01J"}
    full = {"executions": [run], "count": 1, "skipped": 0, "more": True, "broken": 0}
    empty = {"executions": [], "count": 0, "skipped": 0, "more": False, "broken": 0}
    last = full | {"more": False}
    started: list[dict[str, Any]] = []
    visits = Visits()
    for found, start in (
        ([empty], started.append),
        ([full, last], started.append),
        ([last], broken()),
    ):
        machine = dispatch_machine(found, start)
        machine.run({})
        visits.note(machine)
    unlisted = dispatch_machine([{"count": 1, "executions": 0, "more": False}], started.append)
    unsearched = dispatch_machine([], started.append)
    unsearched.tasks["${DispatchFunctionArn}"] = broken()
    unsound = dispatch_machine([last | {"broken": 1}], started.append)
    for machine in (unsearched, unlisted, unsound):
        with pytest.raises(ExecutionFailedError):
            machine.run({})
        visits.note(machine)
    assert unsound.visited >= {"StartReconcile", "EndBroken"}
    states, catches = states_of("dispatch")
    assert states - visits.states == set()
    assert catches - visits.catches == set()
    assert {start["Name"] for start in started} == {"01J"}

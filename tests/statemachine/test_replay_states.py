"""Replays through the machine that ships: every state and Catch, and a fault at every call."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from tests.asl import ExecutionFailedError, Machine, TaskFailedError, states_of
from tests.faults import Died, Injector, Kind, each_call
from tests.statemachine.test_death import survivable
from tests.unit.replays.replay_world import found, furnished, replay_machine, start
from tests.world import SELLER, World
from trueup.domain.errors import TrueupError
from trueup.domain.replays import NO_CHANGE, Change, Replay, ReplayState
from trueup.domain.runs import Run
from trueup.usecases.finalising import STOPPED, ending_of, finalise
from trueup.usecases.replays.closing import UNFINISHED
from trueup.usecases.replays.reading import changed_rows
from trueup.usecases.replays.starting import DEADLINE, payload
from trueup.usecases.sweeping import NEVER_STARTED, TOO_LATE, VANISHED, sweep_open

KINDS = [kind for kind in Kind if kind is not Kind.SLOW]
PORTS = ("registries", "registry", "pages", "evidence", "machines")
WHAT_IF = Change(tolerance=2)


@dataclass
class Visits:
    """Runs executions of the shipped machine and sums what they visited."""

    states: set[str] = field(default_factory=set)
    catches: set[str] = field(default_factory=set)
    largest: int = 0

    def execute(self, world: World, replay: Replay, spoilt: dict[str, Any] | None = None) -> Replay:
        return self.run(world, replay, replay_machine(world, spoilt))

    def run(self, world: World, replay: Replay, machine: Machine) -> Replay:
        with suppress(ExecutionFailedError):
            machine.run(payload(SELLER, replay))
        self.states |= machine.visited
        self.catches |= machine.caught
        self.largest = max(self.largest, machine.largest)
        return found(world, replay)


def broken(_: Any) -> Any:
    raise TaskFailedError("States.Timeout", "A seller does not read this.")


def test_a_replay_visits_every_state_and_catch() -> None:
    world, visits = furnished(), Visits()
    run = world.reconcile()
    done = visits.execute(world, start(world, run))
    assert done.state is ReplayState.SUCCEEDED
    again = replay_machine(world)
    visits.run(world, done, again)
    assert again.visited == {"PlanReplay", "AnythingToReplay?", "FindEnded"}
    for task in ("PlanReplay", "CloseReplay"):
        ended = visits.execute(world, start(world, run), {f"${{{task}FunctionArn}}": broken})
        assert ended.state is ReplayState.FAILED
        assert ended.cause
        assert "does not read" not in ended.cause
    missed = visits.execute(world, start(world, run), {"${ReplayRangeFunctionArn}": broken})
    assert (missed.state, missed.cause) == (ReplayState.FAILED, UNFINISHED)
    unreadable = replay_machine(world)
    unreadable.read_items = broken
    assert visits.run(world, start(world, run), unreadable).state is ReplayState.FAILED
    both = {"${PlanReplayFunctionArn}": broken, "${FinaliseFunctionArn}": broken}
    assert not visits.execute(world, start(world, run), both).state.final
    states, catches = states_of("replay")
    assert states - visits.states == set()
    assert catches - visits.catches == set()
    assert visits.largest < 64 * 1024


def test_evidence_that_goes_meanwhile_is_told_in_words() -> None:
    world = furnished()
    run = world.reconcile()
    replay = start(world, run)
    world.now += timedelta(days=34)
    ended = Visits().execute(world, replay)
    assert ended.state is ReplayState.FAILED
    assert ended.cause is not None
    assert "can be replayed for 34 days" in ended.cause


def test_the_sweeper_starts_what_never_started_and_ends_what_vanished() -> None:
    world = furnished()
    run = world.reconcile()
    lost, vanished, late = (start(world, run) for _ in range(3))
    machines: Any = world.machines
    machines.started = [one for one in machines.started if one[1] != lost.id]
    machines.end("replay", vanished.id)
    world.now += NEVER_STARTED
    swept = sweep_open(world.plant())
    assert (swept.ended, swept.restarted, swept.broken) == (1, 1, 0)
    assert machines.started[-1] == ("replay", lost.id, payload(SELLER, lost))
    ended = found(world, vanished)
    assert (ended.state, ended.cause) == (ReplayState.FAILED, VANISHED)
    world.now += DEADLINE
    sweep_open(world.plant())
    assert found(world, late).cause == found(world, lost).cause == TOO_LATE


def test_an_execution_that_was_stopped_is_finalised_by_its_event() -> None:
    world = furnished()
    replay = start(world, world.reconcile())
    given = json.dumps(payload(SELLER, replay))
    event = {"detail": {"status": "ABORTED", "input": given}}
    assert finalise(world.plant(), ending_of(event)).ended
    ended = found(world, replay)
    assert (ended.state, ended.cause) == (ReplayState.FAILED, STOPPED["ABORTED"])
    assert not finalise(world.plant(), ending_of(event)).ended


class Disturbed:
    """A world with a run that has ended, whose ports are disturbed until it is calmed."""

    def __init__(self, injector: Injector) -> None:
        self.world = furnished()
        self.run: Run = self.world.reconcile()
        self.rows = self.world.rows()
        self._calm = {name: getattr(self.world, name) for name in PORTS}
        for name, port in self._calm.items():
            setattr(self.world, name, injector.wrap(port))

    def calm(self) -> World:
        for name, port in self._calm.items():
            setattr(self.world, name, port)
        return self.world

    def replays(self) -> list[Replay]:
        return [stored.value for stored in self._calm["registry"].list(Replay).items]


def attempt(disturbed: Disturbed, change: Change) -> None:
    world = disturbed.world
    with suppress(Died, TrueupError, ExecutionFailedError):
        replay = start(world, disturbed.run, change)
        survivable(replay_machine(world)).run(payload(SELLER, replay))


def settle(disturbed: Disturbed) -> None:
    """The sweeper comes by, and what it starts again runs; in the end it is calm."""
    world = disturbed.world
    world.now += timedelta(minutes=5)
    with suppress(Died, TrueupError):
        sweep_open(world.plant())
    for replay in disturbed.replays():
        if not replay.state.final:
            with suppress(Died, ExecutionFailedError):
                survivable(replay_machine(world)).run(payload(SELLER, replay))
    disturbed.calm()
    world.now += DEADLINE
    sweep_open(world.plant())


@pytest.mark.parametrize("change", [NO_CHANGE, WHAT_IF], ids=["replay", "what_if"])
@pytest.mark.parametrize("kind", KINDS)
def test_any_call_may_fail(kind: Kind, change: Change) -> None:
    calls = 0
    for injector in each_call(kind):
        disturbed = Disturbed(injector)
        attempt(disturbed, change)
        settle(disturbed)
        world = disturbed.calm()
        for replay in disturbed.replays():
            assert replay.state.final, injector.calls[-3:]
            if replay.state is ReplayState.FAILED:
                assert replay.cause
                continue
            assert replay.result is not None
            assert replay.result.identical is (None if change else True), replay.result.first
            if change:
                listed = changed_rows(world.registry, world.evidence, replay.id, None, 100).rows
                assert len(listed) == replay.result.changed > 0
        assert world.rows() == disturbed.rows
        calls = injector.nth
    assert calls > (1 if kind in (Kind.CONFLICT, Kind.UNPROCESSED) else 10)

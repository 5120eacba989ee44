"""Exports through the machine that ships: every state and Catch, and a fault at every call."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from tests.asl import ExecutionFailedError, Machine, TaskFailedError, states_of
from tests.faults import Died, Injector, Kind, each_call
from tests.statemachine.test_death import survivable
from tests.unit.exports.export_world import ROWS, ExportWorld
from tests.world import SELLER
from trueup.domain.errors import TrueupError
from trueup.domain.exports import Export, ExportSlot, ExportState, Format
from trueup.ports import Files
from trueup.usecases.exports.building import TOO_LARGE, build_export
from trueup.usecases.exports.job import ExportJob, payload
from trueup.usecases.exports.starting import DEADLINE, retry_export
from trueup.usecases.finalising import STOPPED, ending_of, finalise
from trueup.usecases.sweeping import NEVER_STARTED, TOO_LATE, VANISHED, sweep_open

KINDS = [kind for kind in Kind if kind is not Kind.SLOW]
NAMES = ("channel_identifier", "channel_inventory.inventory", "delta", "cause")


@dataclass
class Visits:
    """Runs executions of the shipped machine and sums what they visited."""

    states: set[str] = field(default_factory=set)
    catches: set[str] = field(default_factory=set)
    largest: int = 0

    def execute(
        self, world: ExportWorld, export: Export, spoilt: dict[str, Any] | None = None
    ) -> Export:
        machine = world.machine(spoilt)
        self.run(machine, export)
        return world.found(export)

    def run(self, machine: Machine, export: Export) -> None:
        with suppress(ExecutionFailedError):
            machine.run(payload(SELLER, export))
        self.states |= machine.visited
        self.catches |= machine.caught
        self.largest = max(self.largest, machine.largest)


def broken(_: Any) -> Any:
    raise TaskFailedError("States.Timeout", "A seller does not read this.")


def test_an_export_visits_every_state_and_catch() -> None:
    world, visits = ExportWorld(), Visits()
    done = visits.execute(world, world.start())
    assert done.state is ExportState.SUCCESS
    again = world.machine()
    visits.run(again, done)
    assert again.visited == {"BuildExport", "Built?", "EndBuilt"}
    assert world.found(done) == done
    failed = visits.execute(world, world.start(), {"${ExportFunctionArn}": broken})
    assert (failed.state, bool(failed.cause)) == (ExportState.FAILED, True)
    assert "does not read" not in str(failed.cause)

    def hurried(event: dict[str, Any]) -> dict[str, Any]:
        late = build_export(world.work, ExportJob.model_validate(event), lambda: True)
        return {"state": str(late.state)}

    large = visits.execute(world, world.start(), {"${ExportFunctionArn}": hurried})
    assert (large.state, large.cause) == (ExportState.FAILED, TOO_LARGE)
    both = {"${ExportFunctionArn}": broken, "${FinaliseFunctionArn}": broken}
    assert not visits.execute(world, world.start(), both).state.final
    states, catches = states_of("export")
    assert states - visits.states == set()
    assert catches - visits.catches == set()
    assert visits.largest < 64 * 1024


def test_one_that_finds_no_free_function_waits_for_one() -> None:
    """Other functions may take all that an AWS account runs at once."""
    world, refusals = ExportWorld(), iter(range(8))
    export = world.start()

    def throttled(event: dict[str, Any]) -> dict[str, Any]:
        if next(refusals, None) is not None:
            raise TaskFailedError("Lambda.TooManyRequestsException", "Rate exceeded.")
        done = build_export(world.work, ExportJob.model_validate(event), lambda: False)
        return {"state": str(done.state)}

    done = Visits().execute(world, export, {"${ExportFunctionArn}": throttled})
    assert done.state is ExportState.SUCCESS


def test_the_sweeper_starts_what_never_started_and_ends_what_vanished() -> None:
    world = ExportWorld()
    lost, vanished, late = (world.start() for _ in range(3))
    machines: Any = world.world.machines
    machines.started = [one for one in machines.started if one[1] != lost.id]
    machines.end("export", vanished.id)
    world.world.now += NEVER_STARTED
    swept = sweep_open(world.world.plant())
    assert (swept.ended, swept.restarted, swept.broken) == (1, 1, 0)
    assert machines.started[-1] == ("export", lost.id, payload(SELLER, lost))
    ended = world.found(vanished)
    assert (ended.state, ended.cause) == (ExportState.FAILED, VANISHED)
    assert len(world.world.registry.list(ExportSlot).items) == 2
    world.world.now += DEADLINE
    sweep_open(world.world.plant())
    assert world.found(late).cause == world.found(lost).cause == TOO_LATE
    assert world.world.registry.list(ExportSlot).items == ()


def test_the_event_of_an_earlier_try_does_not_end_the_next() -> None:
    world = ExportWorld()
    export = world.start()
    given = json.dumps(payload(SELLER, export))
    event = {"detail": {"status": "ABORTED", "input": given}}
    assert finalise(world.world.plant(), ending_of(event)).ended
    ended = world.found(export)
    assert (ended.state, ended.cause) == (ExportState.FAILED, STOPPED["ABORTED"])
    again = retry_export(world.desk, export.id)
    assert not finalise(world.world.plant(), ending_of(event)).ended
    assert world.found(export) == again
    assert world.build(again).state is ExportState.SUCCESS


class Bucket:
    """A bucket that is disturbed, and so is what it is written with."""

    def __init__(self, inner: Files, injector: Injector) -> None:
        self._inner, self._injector = inner, injector

    def begin(self, key: str, content_type: str) -> Any:
        disturbed = self._injector.wrap(self._inner)
        return self._injector.wrap(disturbed.begin(key, content_type))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._injector.wrap(self._inner), name)


class Disturbed:
    """A world whose ports are disturbed until it is calmed."""

    def __init__(self, injector: Injector) -> None:
        self.exports = ExportWorld()
        self.expected = self.exports.now(ROWS, *NAMES)
        world = self.exports.world
        self._calm = {n: getattr(world, n) for n in ("registries", "registry", "pages", "machines")}
        self._files = self.exports.files
        for name, port in self._calm.items():
            setattr(world, name, injector.wrap(port))
        self.exports.files = cast("Files", Bucket(self._files, injector))

    def calm(self) -> ExportWorld:
        for name, port in self._calm.items():
            setattr(self.exports.world, name, port)
        self.exports.files = self._files
        return self.exports

    def all(self) -> list[Export]:
        return [stored.value for stored in self._calm["registry"].list(Export).items]


def attempt(disturbed: Disturbed) -> None:
    world = disturbed.exports
    with suppress(Died, TrueupError, ExecutionFailedError):
        export = world.start(ROWS, Format.CSV, None, *NAMES)
        survivable(world.machine()).run(payload(SELLER, export))


def settle(disturbed: Disturbed) -> None:
    """The sweeper comes by, and what it starts again runs; in the end it is calm."""
    world = disturbed.exports
    world.world.now += timedelta(minutes=5)
    with suppress(Died, TrueupError):
        sweep_open(world.world.plant())
    for export in disturbed.all():
        if not export.state.final:
            with suppress(Died, ExecutionFailedError):
                survivable(world.machine()).run(payload(SELLER, export))
    disturbed.calm()
    world.world.now += DEADLINE
    sweep_open(world.world.plant())


@pytest.mark.parametrize("kind", KINDS)
def test_any_call_may_fail(kind: Kind) -> None:
    calls = 0
    for injector in each_call(kind):
        disturbed = Disturbed(injector)
        attempt(disturbed)
        settle(disturbed)
        world = disturbed.calm()
        for export in disturbed.all():
            assert export.state.final, injector.calls[-3:]
            if export.state is ExportState.FAILED:
                assert export.cause
                again = retry_export(world.desk, export.id)
                assert world.build(again).state is ExportState.SUCCESS
            assert world.found(export).rows == len(disturbed.expected)
            assert world.files.size(world.found(export).key) == world.found(export).size
        assert world.world.registry.list(ExportSlot).items == ()
        calls = injector.nth
    assert calls > (1 if kind in (Kind.CONFLICT, Kind.UNPROCESSED) else 10)

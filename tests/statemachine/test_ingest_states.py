"""Imports through the machine that ships: every state and Catch, and a fault at every call.

For the file that is applied by half, the import that never ends, and the one that cannot be
repeated. `tests/unit/ingest/test_deaths.py` has listings; here are baselines, which may need a
person's word between two executions.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from tests.asl import Machine, TaskFailedError, states_of
from tests.faults import Died, Injector, Kind, each_call
from tests.statemachine.test_death import survivable
from tests.unit.ingest.intake_world import PLACE, IntakeWorld
from trueup.domain.errors import TrueupError
from trueup.domain.imports import Import, ImportState
from trueup.domain.runs import Version
from trueup.usecases import imports
from trueup.usecases.books import baseline_book
from trueup.usecases.sweeping import sweep_open

KINDS = [kind for kind in Kind if kind is not Kind.SLOW]
BEFORE = "sku,on_hand\nA,10\nB,20\nC,30\n"
AFTER = "sku,on_hand\nA,1\nD,4\n"
OLD, NEW = {"A": 10, "B": 20, "C": 30}, {"A": 1, "D": 4}
PORTS = ("registries", "registry", "pages", "files", "machines")


class Visits:
    """Runs executions of the shipped machine and sums what they visited."""

    def __init__(self) -> None:
        self.states: set[str] = set()
        self.catches: set[str] = set()
        self.largest = 0

    def execute(
        self, world: IntakeWorld, item: Import, spoilt: dict[str, Any] | None = None
    ) -> tuple[Import, list[str]]:
        """The import after its execution, and the states in their order."""
        machine = Recording("ingest", world.machine().tasks | (spoilt or {}))
        ended = world.execute(item, machine)
        self.states |= machine.visited
        self.catches |= machine.caught
        self.largest = max(self.largest, machine.largest)
        return ended, machine.path


@dataclass
class Recording(Machine):
    """Remembers the order of states."""

    path: list[str] = field(default_factory=list)

    def _step(self, name: str, state: dict[str, Any], data: Any) -> tuple[Any, str | None]:
        self.path.append(name)
        return super()._step(name, state, data)


def broken(name: str) -> Callable[[Any], Any]:
    def task(_: Any) -> Any:
        raise TaskFailedError(name, "A seller does not read this.")

    return task


def stock(world: IntakeWorld) -> dict[str, int]:
    return {sku: row["on_hand"] for sku, row in world.positions().items()}


def versions(world: IntakeWorld) -> int:
    return len(world.registry.list(Version, baseline_book(PLACE)).items)


def test_an_import_visits_every_state_and_catch() -> None:
    world, visits = IntakeWorld(), Visits()
    checked = ["ValidateImport", "Accepted?"]
    applied = [*checked, "ApplyImport", "Applied?", "CompareStated", "EndApplied"]
    ended, path = visits.execute(world, world.upload(BEFORE))
    assert (ended.state, path, stock(world)) == ("Applied", applied, OLD)
    ended, path = visits.execute(world, world.upload(BEFORE))
    assert (ended.state, path) == ("Unchanged", applied)
    ended, path = visits.execute(world, world.upload("sku,on_hand\nA,many\n"))
    assert (ended.state, path) == ("Rejected", [*checked, "EndUnapplied"])
    waiting, path = visits.execute(world, world.upload(AFTER, complete=True))
    assert (waiting.state, path) == ("AwaitingConfirmation", [*checked, "EndUnapplied"])
    assert stock(world) == OLD
    confirmed = imports.confirm_import(world.intake(), waiting.id)
    world.take("sku,on_hand\nE,5\n")  # somebody else's, between the word and the deed
    ended, path = visits.execute(world, confirmed)
    assert (ended.state, path[-2:]) == ("Failed", ["Applied?", "EndFailed"])
    _broken_steps(visits)
    states, catches = states_of("ingest")
    assert states - visits.states == set()
    assert catches - visits.catches == set()
    assert visits.largest < 64 * 1024


def _broken_steps(visits: Visits) -> None:
    for step, name in (("Validate", "States.Timeout"), ("Apply", "Lambda.Unknown")):
        world = IntakeWorld()
        item = world.upload(BEFORE)
        spoilt = {f"${{{step}ImportFunctionArn}}": broken(name)}
        ended, path = visits.execute(world, item, spoilt)
        assert (ended.state, path[-2:]) == ("Failed", ["FailImport", "EndFailed"])
        assert "A seller does not read this" not in (ended.cause or "")
        assert stock(world) == {}
    _without_comparison(visits)
    world = IntakeWorld()
    tasks = {f"${{{step}FunctionArn}}": broken("X") for step in ("ValidateImport", "Finalise")}
    left, path = visits.execute(world, world.upload(BEFORE), tasks)
    assert (left.state.final, path[-2:]) == (False, ["FailImport", "EndFailed"])
    world.machines.end("ingest", left.id)  # type: ignore[attr-defined]
    sweep_open(world.plant())
    assert world.item(left.id).state is ImportState.FAILED


def _without_comparison(visits: Visits) -> None:
    """A baseline is there although it could not be compared."""
    world = IntakeWorld()
    name = "${ApplyImportFunctionArn}"
    whole = world.machine().tasks[name]
    fails = broken("Lambda.Unknown")
    tasks = {name: lambda e: fails(e) if e.get("step") == "variances" else whole(e)}
    ended, path = visits.execute(world, world.upload(BEFORE), tasks)
    assert (ended.state, path[-2:], stock(world)) == (
        "Applied",
        ["CompareStated", "EndApplied"],
        OLD,
    )


class Disturbed(IntakeWorld):
    """A world with a baseline, whose ports are disturbed until it is calmed."""

    def __init__(self, injector: Injector) -> None:
        super().__init__()
        self.take(BEFORE)
        self._calm = {name: getattr(self, name) for name in PORTS}
        for name, port in self._calm.items():
            setattr(self, name, injector.wrap(port))

    def calm(self) -> None:
        for name, port in self._calm.items():
            setattr(self, name, port)

    def machine(self, hurried: Callable[[], bool] = lambda: False) -> Machine:
        return survivable(super().machine(hurried))

    def replace(self) -> None:
        """Upload the new file, run it, and confirm the drop that it asks about."""
        waiting = self.take(AFTER, complete=True)
        if waiting.state is ImportState.AWAITING_CONFIRMATION:
            self.confirm(waiting)

    def items(self) -> list[Import]:
        return [stored.value for stored in imports.list_imports(self.registry).items]


def settle(world: Disturbed) -> None:
    """Its executions have ended; the sweeper comes by, and once more when all deadlines are past.

    An execution that the sweeper starts again is run.
    """
    world.calm()
    for item in world.items():
        if not item.state.final:
            sweep_open(world.plant())
            world.execute(item)
    world.now += timedelta(days=4)
    sweep_open(world.plant())


@pytest.mark.parametrize("kind", KINDS)
def test_any_call_may_fail(kind: Kind) -> None:
    disturbed = 0
    for injector in each_call(kind):
        world = Disturbed(injector)
        with suppress(Died, TrueupError):
            world.replace()
        settle(world)
        items = world.items()
        assert all(item.state.final for item in items), (injector.calls[-1], items)
        assert all(item.cause for item in items if item.state is ImportState.FAILED)
        whole = {1: OLD, 2: NEW}[versions(world)]
        assert stock(world) == whole, injector.calls[-1]
        applied = [item for item in items if item.state is ImportState.APPLIED]
        assert len(applied) == versions(world)
        world.replace()
        assert stock(world) == NEW, "the same file again does it"
        assert versions(world) == 2
        disturbed += injector.fired
    assert disturbed > {Kind.CONFLICT: 4, Kind.UNPROCESSED: 1}.get(kind, 15)
    print(f"{kind}: {disturbed} calls disturbed")  # noqa: T201 - shown by pytest -rP

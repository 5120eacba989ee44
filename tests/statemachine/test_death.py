"""Whatever call of a run fails, before or after its effect: it ends, and the next one is right."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from tests.asl import ExecutionFailedError, Machine, TaskFailedError
from tests.faults import Died, Injector, Kind, each_call
from tests.unit.reconcile.test_reconciling import stocked
from tests.world import ACCOUNT, World
from trueup.domain.errors import TrueupError
from trueup.domain.runs import Lease, Run, RunState, Version
from trueup.ports import Registry
from trueup.usecases.books import rows_book
from trueup.usecases.sweeping import sweep_open

KINDS = [
    Kind.BEFORE,
    Kind.AFTER,
    Kind.DIES_BEFORE,
    Kind.DIES_AFTER,
    Kind.THROTTLED,
    Kind.CONFLICT,
    Kind.UNPROCESSED,
]


PORTS = ("registries", "registry", "pages", "evidence", "channels", "machines", "events")


class Disturbed(World):
    """A world with a difference in it, whose ports are disturbed until it is calmed."""

    @classmethod
    def by(cls, injector: Injector) -> "Disturbed":
        calm = stocked(60)
        calm.shelf.stock["1", "SKU-0007"] = 9
        calm.shelf.page = 25
        world = cls(calm.shelf)
        world.calm_ports = {name: getattr(calm, name) for name in PORTS}
        for name, port in world.calm_ports.items():
            setattr(world, name, injector.wrap(port))
        return world

    calm_ports: dict[str, Any]

    def calm(self) -> None:
        for name, port in self.calm_ports.items():
            setattr(self, name, port)

    def runs(self) -> list[Run]:
        registry: Registry = self.calm_ports["registry"]
        return [item.value for item in registry.list(Run, ACCOUNT).items]


def survivable(machine: Machine) -> Machine:
    """A Lambda that dies is an error to the state machine."""
    for name, task in machine.tasks.items():
        machine.tasks[name] = _survived(task)
    reader = machine.read_items
    machine.read_items = _survived(reader)
    return machine


def _survived(task: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(event: Any) -> Any:
        try:
            return task(event)
        except Died as death:
            raise TaskFailedError("Lambda.Unknown") from death

    return run


def attempt(world: Disturbed) -> None:
    """Press Generate and run what was started, as far as it comes."""
    with suppress(Died, TrueupError, ExecutionFailedError):
        run = world.start().run
        survivable(world.machine()).run(world.payload(run))


def settle(world: Disturbed) -> None:
    """Time passes, and the sweeper comes by: twice, since what it does may fail as well."""
    for _ in range(3):
        world.now += timedelta(minutes=5)
        try:
            sweep_open(world.plant())
        except (Died, TrueupError):
            continue
        for run in world.runs():
            if not run.state.final:
                try:
                    survivable(world.machine()).run(world.payload(run))
                except (Died, ExecutionFailedError):
                    continue
    world.calm()
    world.now += timedelta(hours=7)
    sweep_open(world.plant())


def kept_versions(world: Disturbed) -> list[int]:
    found = world.registry.list(Version, rows_book(ACCOUNT, "1")).items
    return [stored.value.version for stored in found]


@pytest.mark.parametrize("kind", KINDS)
def test_any_call_may_fail(kind: Kind) -> None:
    undisturbed = Disturbed.by(Injector(Kind.SLOW, 10_000))
    undisturbed.reconcile()
    expected = undisturbed.rows()
    assert expected
    calls = 0
    for injector in each_call(kind):
        world = Disturbed.by(injector)
        attempt(world)
        settle(world)
        assert all(run.state.final for run in world.runs()), injector.calls[-3:]
        assert all(run.cause for run in world.runs() if run.state is RunState.FAILED)
        lease = world.registry.get(Lease, ACCOUNT)
        assert lease is None or lease.value.holder == "", injector.calls[-3:]
        done = any(run.state is RunState.SUCCEEDED for run in world.runs())
        assert world.rows() == (expected if done else {}), "rows and result become visible together"
        assert kept_versions(world) == ([1] if done else []), injector.calls[-3:]
        following = world.reconcile()
        assert following.state is RunState.SUCCEEDED, injector.calls[-3:]
        assert world.rows() == expected, injector.calls[-3:]
        calls = injector.nth
    assert calls > 5

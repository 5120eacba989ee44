"""Two runs of one account at once, or a start that is forgotten."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from trueup.adapters.memory_machines import MemoryMachines
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.domain.accounts import Account, Link, Member
from trueup.domain.errors import NotFoundError, RejectedError
from trueup.domain.runs import Lease, Run, RunState, Trigger
from trueup.domain.time import ulid_ids
from trueup.ports import Create, Registry, Replace
from trueup.usecases import leases
from trueup.usecases.reconcile.finalising import end_run
from trueup.usecases.runs import Started, start_run

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class World:
    """One seller with one linked account, and a clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOW
        self.registries = MemoryRegistries()
        self.registry: Registry = self.registries.of("acme")
        self.machines = MemoryMachines()
        self.new_id = ulid_ids(self.clock)
        self.registry.write(
            Create(Account(id="eu", channel="sandbox", name="EU", created_at=NOW)),
            Create(Link(account="eu", channel_location="1", members=(Member(location="main"),))),
        )

    def clock(self) -> datetime:
        return self.now

    def start(self, account: str = "eu") -> Started:
        return start_run(
            self.registry,
            self.machines,
            self.clock,
            self.new_id,
            account=account,
            trigger=Trigger.BUTTON,
            requested_by="ada",
        )


@pytest.fixture
def world() -> World:
    return World()


def test_starting_queues_a_run_with_the_lease_and_one_execution(world: World) -> None:
    started = world.start()
    lease = world.registry.get(Lease, "eu")
    assert started.created
    assert started.run.state is RunState.QUEUED
    assert lease is not None
    assert (lease.value.holder, lease.value.fence) == (started.run.id, started.run.fence)
    payload = {"schema": 1, "seller": "acme", "account": "eu", "run": started.run.id}
    assert world.machines.started == [("reconcile", started.run.id, payload)]


def test_fifty_at_once_start_one_run(world: World) -> None:
    with ThreadPoolExecutor(50) as pool:
        started = list(pool.map(lambda _: world.start(), range(50)))
    assert len({one.run.id for one in started}) == 1
    assert [one.created for one in started].count(True) == 1
    assert len(world.registry.list(Run, "eu").items) == 1
    assert len(world.machines.started) == 1


def test_two_accounts_run_side_by_side(world: World) -> None:
    world.registry.write(
        Create(Account(id="us", channel="sandbox", name="US", created_at=NOW)),
        Create(Link(account="us", channel_location="1", members=(Member(location="main"),))),
    )
    assert world.start("eu").run.id != world.start("us").run.id
    assert len(world.machines.started) == 2


def test_an_expired_lease_is_taken_over_with_a_higher_fence(world: World) -> None:
    first = world.start().run
    world.now += leases.LEASE + timedelta(seconds=1)
    second = world.start().run
    assert second.id != first.id
    assert second.fence == first.fence + 1


def test_an_ended_run_frees_its_account(world: World) -> None:
    first = world.start().run
    assert end_run(world.registry, world.clock, "eu", first.id, "stopped")
    assert not end_run(world.registry, world.clock, "eu", first.id, "stopped again")
    assert world.start().run.id != first.id
    ended = world.registry.get(Run, "eu", first.id)
    assert ended is not None
    assert (ended.value.state, ended.value.cause) == (RunState.FAILED, "stopped")


def test_what_keeps_an_account_from_running_is_said_at_once(world: World) -> None:
    stored = world.registry.get(Account, "eu")
    link = world.registry.get(Link, "eu", "1")
    assert stored is not None
    assert link is not None
    disabled = stored.value.model_copy(update={"enabled": False})
    world.registry.write(Replace(disabled, stored.version))
    with pytest.raises(RejectedError) as caught:
        world.start()
    assert [fault.where for fault in caught.value.faults] == ["account.enabled"]
    with pytest.raises(NotFoundError):
        world.start("nowhere")
    assert world.machines.started == []

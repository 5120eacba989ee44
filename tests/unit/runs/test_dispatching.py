"""Accounts that are due and get no run, get two, or are skipped without a word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.runs.test_sweeping import OneUnreadable
from trueup.adapters.memory_events import MemoryEvents
from trueup.adapters.memory_machines import MemoryMachines
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.domain.accounts import Account, Cadence, Link, Member
from trueup.domain.runs import Lease, Run, RunState, Trigger
from trueup.domain.time import ulid_ids
from trueup.ports import Create, Replace
from trueup.usecases.dispatching import dispatch
from trueup.usecases.work import Plant

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class World:
    def __init__(self) -> None:
        self.now = NOW
        self.registries = MemoryRegistries()
        self.machines = MemoryMachines()
        self.plant = Plant(
            registries=self.registries,
            machines=self.machines,
            events=MemoryEvents(),
            clock=self.clock,
            new_id=ulid_ids(self.clock),
        )

    def clock(self) -> datetime:
        return self.now

    def add(self, seller: str, account: str, *, linked: bool = True) -> None:
        registry = self.registries.of(seller)
        cadence = Cadence(every_minutes=30)
        registry.write(
            Create(
                Account(
                    id=account,
                    channel="sandbox",
                    name=account,
                    cadence=cadence,
                    created_at=NOW,
                    next_due_at=NOW,
                )
            )
        )
        if linked:
            members = (Member(location="main"),)
            registry.write(Create(Link(account=account, channel_location="1", members=members)))

    def account(self, seller: str, account: str) -> Account:
        stored = self.registries.of(seller).get(Account, account)
        assert stored is not None
        return stored.value

    def runs(self, seller: str, account: str) -> list[Run]:
        return [item.value for item in self.registries.of(seller).list(Run, account).items]


@pytest.fixture
def world() -> World:
    return World()


def test_every_due_account_of_every_seller_gets_one_run(world: World) -> None:
    world.add("acme", "eu")
    world.add("bolt", "eu")
    found = dispatch(world.plant)
    assert {(e["seller"], e["account"]) for e in found.executions} == {
        ("acme", "eu"),
        ("bolt", "eu"),
    }
    assert dispatch(world.plant).executions == ()
    run = world.runs("acme", "eu")[0]
    assert (run.trigger, run.requested_by) == (Trigger.SCHEDULE, "schedule")
    assert world.account("acme", "eu").next_due_at == NOW + timedelta(minutes=30)


def test_a_run_that_outlasts_its_cadence_makes_the_next_one_skip_and_say_so(world: World) -> None:
    world.add("acme", "eu")
    first = dispatch(world.plant).executions[0]["run"]
    world.now += timedelta(minutes=30)
    lease = world.registries.of("acme").get(Lease, "eu")
    assert lease is not None
    renewed = lease.value.model_copy(update={"expires_at": world.now + timedelta(minutes=5)})
    world.registries.of("acme").write(Replace(renewed, lease.version))
    assert dispatch(world.plant).executions == ()
    states = {run.id: run for run in world.runs("acme", "eu")}
    skipped = next(run for id_, run in states.items() if id_ != first)
    assert skipped.state is RunState.SKIPPED
    assert "12:00 UTC" in (skipped.cause or "")
    assert world.account("acme", "eu").note == skipped.cause
    assert world.account("acme", "eu").next_due_at == NOW + timedelta(minutes=60)


def test_an_account_without_links_says_what_it_waits_for(world: World) -> None:
    world.add("acme", "eu", linked=False)
    found = dispatch(world.plant)
    assert (found.executions, found.skipped) == ((), 1)
    assert "linked" in (world.account("acme", "eu").note or "")
    assert world.runs("acme", "eu") == []


def test_a_broken_account_does_not_keep_other_sellers_waiting() -> None:
    world = World()
    world.add("acme", "eu")
    plant = replace(world.plant, registries=OneUnreadable(world.registries, "broken"))
    found = dispatch(plant)
    assert [e["seller"] for e in found.executions] == ["acme"]
    assert (found.count, found.skipped, found.broken) == (1, 0, ("broken/eu",))

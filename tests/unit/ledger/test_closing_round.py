"""Which books are closed when."""

from datetime import timedelta

import pytest

from tests.ledger_world import HERE, HOUR, LedgerWorld, seen
from trueup.adapters.memory_ledger import MemoryLedger
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.domain.errors import DefectError
from trueup.domain.ledger import LedgerDue, LedgerHead
from trueup.domain.movements import Movement
from trueup.domain.time import milliseconds
from trueup.usecases.ledger.agenda import LOOK, arrange_closing
from trueup.usecases.ledger.closing import Closed, ClosingWork, close_due


class BrokenLedger(MemoryLedger):
    def last(self, stream: str, shard: int) -> int:
        raise DefectError(f"{stream} {shard} cannot be read.")


def world_of(registries: MemoryRegistries) -> LedgerWorld:
    world = LedgerWorld(registry=registries.of("acme"))
    at = milliseconds(world.now - 8 * HOUR)
    world.append(Movement(17, "A", HERE, 5, at, "wms", "c"))
    return world


def look(world: LedgerWorld, registries: MemoryRegistries, left: int = 600_000) -> Closed:
    def work_of(seller: str) -> ClosingWork:
        if seller == "broken":
            broken = LedgerWorld(registry=registries.of(seller), ledger=BrokenLedger())
            return ClosingWork(broken.registry, broken.pages, broken.ledger, world.clock)
        if seller != "acme":
            raise DefectError(seller)
        return ClosingWork(world.registry, world.pages, world.ledger, world.clock)

    return close_due(registries, world.clock, work_of, lambda: left)


def test_a_location_is_looked_at_when_it_is_due_and_closed_once_a_day() -> None:
    registries = MemoryRegistries()
    world = world_of(registries)
    arrange_closing(world.registry, world.clock, HERE)
    arrange_closing(world.registry, world.clock, HERE)
    assert look(world, registries) == Closed()
    world.now += LOOK
    assert look(world, registries) == Closed(looked=1, closed=1, movements=1)
    assert look(world, registries) == Closed()
    world.append(Movement(4, "A", HERE, 1, milliseconds(world.now - 7 * HOUR), "wms", "s"))
    world.now += HOUR
    assert look(world, registries) == Closed(looked=1)
    world.now += timedelta(days=1)
    assert look(world, registries) == Closed(looked=1, closed=1, movements=1)
    head = world.registry.get(LedgerHead, HERE)
    assert head is not None
    assert head.version == 2
    assert seen(world.position("A")) == world.expected("A", world.now)


def test_a_count_that_comes_late_has_the_book_made_anew() -> None:
    registries = MemoryRegistries()
    world = world_of(registries)
    arrange_closing(world.registry, world.clock, HERE)
    world.now += LOOK
    assert look(world, registries).closed == 1
    world.append(Movement(17, "A", HERE, 9, milliseconds(world.now - 7 * HOUR), "wms", "late"))
    world.now += LOOK
    assert look(world, registries) == Closed(looked=1, closed=1, movements=2)
    assert world.position("A").position.on_hand == 9


def test_no_book_is_begun_that_time_may_not_suffice_for() -> None:
    registries = MemoryRegistries()
    world = world_of(registries)
    arrange_closing(world.registry, world.clock, HERE)
    world.now += LOOK
    assert look(world, registries, left=10_000) == Closed()
    due = world.registry.get(LedgerDue, HERE)
    assert due is not None
    assert due.value.due_at <= world.now


def test_a_book_that_is_broken_keeps_nobody_else_waiting() -> None:
    registries = MemoryRegistries()
    world = world_of(registries)
    early = world.now - timedelta(minutes=1)
    arrange_closing(registries.of("broken"), lambda: early, HERE)
    arrange_closing(world.registry, world.clock, HERE)
    world.now += LOOK
    closed = look(world, registries)
    assert closed == Closed(looked=2, closed=1, movements=1, broken=1)
    with pytest.raises(DefectError, match="1 books of movements could not be closed"):
        closed.require_sound()

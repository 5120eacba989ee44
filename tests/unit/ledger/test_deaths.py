"""An appender or a closing that is killed at any call, and others beside it."""

from contextlib import suppress
from typing import Any
from unittest.mock import patch

import pytest
from msgspec.structs import replace

from tests.faults import Died, Kind, each_call
from tests.ledger_world import HERE, HOUR, STREAM, LedgerWorld, seen
from trueup.domain.errors import ConflictError, RetryLaterError
from trueup.domain.ledger import LedgerHead, LedgerVersion
from trueup.domain.movements import REMEMBERED_DAYS, Movement
from trueup.domain.time import milliseconds
from trueup.ledger.blocks import MOVEMENTS, START, Block, Place, stands_at
from trueup.ledger.streams import SHARDS, shard_of
from trueup.usecases.ledger import closing
from trueup.usecases.ledger.appending import append, with_inbound
from trueup.usecases.ledger.closing import ClosingWork, close_ledger
from trueup.usecases.ledger.known import Knowledge
from trueup.usecases.retention import sweep_books

FAULTS = [Kind.BEFORE, Kind.AFTER, Kind.DIES_BEFORE, Kind.DIES_AFTER]
SKUS = [f"S{number}" for number in range(12)]


def shipped(world: LedgerWorld, start: int = 0, hours: int = 9) -> list[Movement]:
    at = milliseconds(world.now - hours * HOUR)
    return [
        Movement(4, sku, HERE, 1 + n, at + n, "wms", f"{start}-{n}", f"o{n}")
        for n, sku in enumerate(SKUS)
    ]


def stored(world: LedgerWorld) -> list[str]:
    return sorted(
        movement.id
        for shard in range(SHARDS)
        for _, block in world.ledger.read(STREAM, shard)
        for movement in MOVEMENTS.entries(block)
    )


def chained(world: LedgerWorld) -> bool:
    """Whether every block is whole and follows the one before it."""
    for shard in range(SHARDS):
        previous = START
        for sequence, block in world.ledger.read(STREAM, shard):
            if not stands_at(block, Place(STREAM, shard, sequence, previous)):
                return False
            previous = block.hash
    return True


@pytest.mark.parametrize("kind", FAULTS)
def test_an_appender_killed_at_any_call_loses_and_doubles_nothing(kind: Kind) -> None:
    for injector in each_call(kind):
        world = LedgerWorld()
        movements = shipped(world)
        append(world.ledger, world.clock, STREAM, shipped(world, start=1))
        whole, world.ledger = world.ledger, injector.wrap(world.ledger)
        with suppress(Died, RetryLaterError):
            append(world.ledger, world.clock, STREAM, movements)
        with patch("trueup.usecases.ledger.appending.SHARED", Knowledge()):  # another process
            again = append(whole, world.clock, STREAM, movements)
        assert len(again.accepted) + len(again.duplicates) == len(movements)
        world.ledger = whole
        assert stored(world) == sorted(m.id for s in (0, 1) for m in shipped(world, start=s))
        assert chained(world)


class Beside:
    """A ledger at which somebody else acts right before each append, a few times."""

    def __init__(self, inner: Any, act: Any, times: int) -> None:
        self._inner, self._act, self._times = inner, act, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def append(self, stream: str, shard: int, sequence: int, block: Block) -> None:
        if self._times:
            self._times -= 1
            self._act()
        self._inner.append(stream, shard, sequence, block)


def test_two_who_append_the_same_at_once_store_it_once() -> None:
    world = LedgerWorld()
    movements, others = shipped(world), Knowledge()

    def other() -> None:
        with patch("trueup.usecases.ledger.appending.SHARED", others):
            append(world.ledger, world.clock, STREAM, movements[:7])

    beside: Any = Beside(world.ledger, other, times=9)
    found = append(beside, world.clock, STREAM, movements)
    assert stored(world) == sorted(m.id for m in movements)
    assert len(found.accepted) + len(found.duplicates) == len(movements)
    assert found.duplicates
    assert chained(world)


def test_a_book_that_closes_meanwhile_takes_nothing_away() -> None:
    world = LedgerWorld()
    with patch.object(closing, "ENOUGH", 1):
        world.append(*shipped(world, start=1))
        movements = shipped(world)
        times = [0]

        def other() -> None:
            times[0] += 1
            world.now += HOUR / 60
            world.close()

        beside: Any = Beside(world.ledger, other, times=4)
        accepted = append(beside, world.clock, STREAM, movements).accepted
        world.told |= {("wms", m.id): replace(m, recorded_at=1) for m in movements}
    assert (len(accepted), times) == (len(movements), [4])
    for sku in SKUS:
        assert seen(world.position(sku)) == world.expected(sku, world.now)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_closing_killed_at_any_call_changes_no_answer(kind: Kind) -> None:
    ends = 0
    for injector in each_call(kind):
        world = LedgerWorld()
        world.baseline(dict.fromkeys(SKUS, 20), world.now - 20 * HOUR)
        world.append(*shipped(world))
        world.now += HOUR
        ports = (world.registry, world.pages, world.ledger)
        world.registry = injector.wrap(world.registry)
        world.pages = injector.wrap(world.pages)
        world.ledger = injector.wrap(world.ledger)
        try:
            world.close()
        except (Died, RetryLaterError):
            ends += 1
        world.registry, world.pages, world.ledger = ports
        for sku in SKUS[:3]:
            assert seen(world.position(sku)) == world.expected(sku, world.now)
        with patch.object(closing, "ENOUGH", 1):
            world.now += HOUR
            world.append(*shipped(world, start=2, hours=8))
            world.close()
        assert world.registry.get(LedgerHead, HERE) is not None
        for sku in SKUS:
            assert seen(world.position(sku)) == world.expected(sku, world.now)
    assert ends > 20


class Overtaken:
    """A registry at which somebody else acts right before the first write."""

    def __init__(self, inner: Any, act: Any) -> None:
        self._inner, self._acts = inner, [act]

    def __getattr__(self, name: str) -> Any:
        if name == "write" and self._acts:
            self._acts.pop()()
        return getattr(self._inner, name)


def test_of_two_closings_at_once_one_is_visible() -> None:
    world = LedgerWorld()
    world.append(*shipped(world))
    overtaken: Any = Overtaken(world.registry, world.close)
    with pytest.raises(ConflictError):
        close_ledger(ClosingWork(overtaken, world.pages, world.ledger, world.clock), HERE)
    head = world.registry.get(LedgerHead, HERE)
    assert head is not None
    assert head.value.version == 1


def test_the_sweeper_keeps_what_positions_within_the_retention_start_from() -> None:
    world = LedgerWorld()
    world.baseline(dict.fromkeys(SKUS, 50), world.now - 9 * HOUR)
    for turn in range(9):
        world.append(*shipped(world, start=turn, hours=7))
        assert world.close() is not None
        if turn == 4:
            world.baseline(dict.fromkeys(SKUS, 70), world.now)
        world.now += 6 * 24 * HOUR
        sweep_books(world.registry, world.pages, world.now)
    assert (
        len(world.registry.list(LedgerVersion, HERE).items) == 6
    )  # of 35 days, and the one before
    for days in (0, 1, 11, 23, 34):
        at = world.now - days * 24 * HOUR
        for sku in SKUS:
            assert seen(world.position(sku, at)) == world.expected(sku, at)


def test_ids_are_remembered_by_a_cold_writer_after_a_close_and_others_told_apart() -> None:
    world = LedgerWorld()
    movements = shipped(world)
    world.append(*movements)
    assert world.close() is not None
    other = replace(movements[3], quantity=99)
    future = replace(movements[4], id="f", occurred_at=milliseconds(world.now + HOUR))
    old = replace(movements[5], id="o", occurred_at=milliseconds(world.now) - 36 * 86_400_000)
    with patch("trueup.usecases.ledger.appending.SHARED", Knowledge()):
        found = world.append(movements[0], other, future, old, movements[0])
    assert (found.accepted, found.duplicates, found.conflicts) == ((), (0, 4), (1,))
    assert list(found.refused) == [2, 3]
    assert str(REMEMBERED_DAYS) in found.refused[3]


def test_a_transfer_out_tells_the_other_location_what_is_on_its_way() -> None:
    world = LedgerWorld()
    at = milliseconds(world.now)
    out = Movement(6, "A", "paris", 4, at, "wms", "t", "T1", counterpart=HERE)
    (same, inbound) = with_inbound([out])
    assert same is out
    world.append(inbound)
    assert world.position("A").position.in_transit == 4
    world.now += HOUR
    world.append(Movement(7, "A", HERE, 3, milliseconds(world.now), "wms", "in", "T1"))
    assert world.position("A").position.in_transit == 1
    assert inbound.location == HERE
    assert shard_of("A") == shard_of(inbound.sku)

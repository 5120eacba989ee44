"""Movements in the ledger of a world in memory, and a channel that lags behind it."""

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.shelf import changed
from tests.world import World
from trueup.channel.contract import FetchResponse
from trueup.domain.ledger import LedgerDue
from trueup.domain.movements import Movement, MovementKind
from trueup.domain.time import milliseconds
from trueup.ledger.blocks import MOVEMENTS, START, Place
from trueup.ledger.streams import movements_stream, shard_of
from trueup.ports import Create

_ids = count(1)


def move(
    kind: MovementKind, sku: str, quantity: int, at: datetime, location: str = "main", **more: Any
) -> Movement:
    more.setdefault("source", "wms")
    more.setdefault("id", f"m{next(_ids)}")
    return Movement(
        kind=kind,
        sku=sku,
        location=location,
        quantity=quantity,
        occurred_at=milliseconds(at),
        **more,
    )


def record(world: World, *movements: Movement) -> None:
    """Append movements as they come."""
    shards: dict[tuple[str, int], list[Movement]] = defaultdict(list)
    for movement in movements:
        shards[movement.location, shard_of(movement.sku)].append(movement)
        if world.registry.get(LedgerDue, movement.location) is None:
            world.registry.write(Create(LedgerDue(location=movement.location, due_at=world.now)))
    for (location, shard), entries in shards.items():
        stream = movements_stream(location)
        last = world.ledger.last(stream, shard)
        previous = START
        for _, block in world.ledger.read(stream, shard, max(last - 1, 0), last):
            previous = block.hash
        place = Place(stream, shard, last + 1, previous)
        made = MOVEMENTS.block(place, entries, milliseconds(world.now), "test")
        world.ledger.append(stream, shard, last + 1, made)


def captured(world: World, ago: timedelta = timedelta(0)) -> None:
    """From now on the channel's answers are dated as of the world's time, so long ago."""

    def dated(answer: FetchResponse) -> FetchResponse:
        return changed(answer, captured_at=(world.now - ago).isoformat())

    world.shelf.spoil = dated

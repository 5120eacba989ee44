"""Finds: a push that is stored twice, read back as another, or told of what there is not."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.faults import Died, Kind, each_call
from tests.unit.intake.gate_world import NOW, GateWorld
from trueup.adapters.memory_ledger import MemoryLedger
from trueup.domain.errors import NotFoundError, RejectedError, TrueupError
from trueup.domain.ledger import milliseconds
from trueup.explain.facts import Push
from trueup.ledger.blocks import Block
from trueup.usecases.intake.pushing import PushIn, pushes_of, take_pushes
from trueup.usecases.intake.taking import Fate
from trueup.usecases.ledger.known import SHARED

AT = NOW - timedelta(minutes=10)
SEEN = NOW - timedelta(minutes=5)


def told(id_: str = "p1", **fields: Any) -> PushIn:
    plain: dict[str, Any] = {"channel_location": "1", "key": "K1", "quantity": 7}
    return PushIn.model_validate(plain | {"id": id_, "accepted_at": AT} | fields)


def send(world: GateWorld, *pushes: PushIn, tool: str = "sync", account: str = "eu") -> list[Fate]:
    return [outcome.fate for outcome in take_pushes(world.gate(), account, tool, pushes)]


def known(world: GateWorld, *keys: str) -> dict[str, tuple[Push, ...]]:
    return pushes_of(world.ledger, "eu", "1", keys)


def ms(instant: datetime) -> int:
    return milliseconds(instant)


def test_a_push_is_read_back_as_it_was_told() -> None:
    world = GateWorld()
    assert send(world, told(before=-1, seen_at=SEEN), told("p2", quantity=0)) == [Fate.ACCEPTED] * 2
    assert known(world, "K1") == {
        "K1": (
            Push("sync:p1", 7, accepted_at=ms(AT), before=-1, seen_at=ms(SEEN)),
            Push("sync:p2", 0, accepted_at=ms(AT)),
        )
    }


def test_a_push_may_be_told_again_once_it_was_seen() -> None:
    world = GateWorld()
    send(world, told(before=3))
    assert send(world, told(before=3)) == [Fate.DUPLICATE]
    assert send(world, told(before=3, seen_at=SEEN)) == [Fate.ACCEPTED]
    assert send(world, told(before=3, seen_at=SEEN)) == [Fate.DUPLICATE]
    assert send(world, told(before=3)) == [Fate.DUPLICATE]
    assert send(world, told(before=3, quantity=8)) == [Fate.CONFLICT]
    (push,) = known(world, "K1")["K1"]
    assert (push.quantity, push.before, push.seen_at) == (7, 3, ms(SEEN))


def test_what_was_seen_of_another_push_with_the_same_id_is_not_seen_of_this_one() -> None:
    world = GateWorld()
    send(world, told())
    assert send(world, told(quantity=8, seen_at=SEEN)) == [Fate.CONFLICT]
    (push,) = known(world, "K1")["K1"]
    assert (push.quantity, push.seen_at) == (7, None)


def test_pushes_are_read_by_key_and_location_oldest_first() -> None:
    world = GateWorld()
    later = AT + timedelta(seconds=1)
    send(world, told("b"), told("a", accepted_at=later), told("c", key="K2"))
    send(world, told("b"), tool="other")
    assert [push.id for push in known(world, "K1")["K1"]] == ["other:b", "sync:b", "sync:a"]
    assert set(known(world, "K1", "K2", "K3")) == {"K1", "K2"}
    assert pushes_of(world.ledger, "eu", "2", ["K1"]) == {}
    assert pushes_of(world.ledger, "us", "1", ["K1"]) == {}


def test_all_faults_are_told_at_once() -> None:
    world = GateWorld()
    pushes = [
        told("1", channel_location="9"),
        told("2", seen_at=AT - timedelta(seconds=1)),
        told("3"),
        told("3", quantity=1),
        told("4", accepted_at=datetime.min.replace(tzinfo=AT.tzinfo)),
    ]
    with pytest.raises(RejectedError) as refusal:
        send(world, *pushes, tool="trueup")
    assert [fault.where for fault in refusal.value.faults] == [
        "/tool",
        "/pushes/0/channel_location",
        "/pushes/1/seen_at",
        "/pushes/3/id",
        "/pushes/4/accepted_at",
    ]
    assert known(world, "K1") == {}
    with pytest.raises(NotFoundError):
        send(world, told(), account="us")


def test_what_is_too_old_is_refused() -> None:
    world = GateWorld()
    assert send(world, told(accepted_at=NOW - timedelta(days=36))) == [Fate.REFUSED]


@pytest.mark.parametrize("kind", [Kind.BEFORE, Kind.AFTER, Kind.DIES_BEFORE, Kind.DIES_AFTER])
def test_whoever_dies_tells_again(kind: Kind) -> None:
    pushes = [told(str(i), key=f"K{i}", seen_at=SEEN) for i in range(8)]
    keys = [push.key for push in pushes]
    calm = GateWorld()
    send(calm, *pushes)
    for injector in each_call(kind):
        world = GateWorld()
        ledger, world.ledger = world.ledger, injector.wrap(world.ledger)
        with suppress(Died, TrueupError):
            send(world, *pushes)
        world.ledger = ledger
        send(world, *pushes)
        assert known(world, *keys) == known(calm, *keys)


class Counting(MemoryLedger):
    """Counts the blocks that are read."""

    blocks = 0

    def read(
        self, stream: str, shard: int, after: int = 0, until: int | None = None
    ) -> Iterator[tuple[int, Block]]:
        for found in super().read(stream, shard, after, until):
            self.blocks += 1
            yield found


def test_old_pushes_are_not_read_to_store_or_to_find_new_ones() -> None:
    world, ledger = GateWorld(), Counting()
    world.ledger = ledger
    for day in range(80):
        world.now = NOW + timedelta(days=day)
        assert send(world, told(f"p{day}", accepted_at=world.now)) == [Fate.ACCEPTED]
    SHARED._shards.clear()  # as in a process that begins
    ledger.blocks = 0
    last = world.now - timedelta(days=35)
    again = [told("p79", accepted_at=world.now), told("p44", accepted_at=last)]
    assert send(world, *again, told("new", accepted_at=world.now)) == [
        Fate.DUPLICATE,
        Fate.DUPLICATE,
        Fate.ACCEPTED,
    ]
    assert ledger.blocks < 50
    ledger.blocks = 0
    found = pushes_of(ledger, "eu", "1", ["K1"], ms(world.now - timedelta(days=7)))
    newest = {f"sync:p{day}" for day in range(73, 80)}
    assert {push.id for push in found["K1"]} == {*newest, "sync:new"}
    assert ledger.blocks < 20

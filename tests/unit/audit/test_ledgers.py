"""For the bug where blocks of the ledger can be changed, or cut off, and nobody is told."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.faults import Died, Kind, each_call
from tests.unit.audit.trails import Trail
from trueup.adapters.memory_events import MemoryEvents
from trueup.adapters.memory_ledger import MemoryLedger
from trueup.adapters.memory_machines import MemoryMachines
from trueup.domain.accounts import Location
from trueup.domain.audit import AuditDue, Verb
from trueup.domain.errors import RetryLaterError
from trueup.domain.movements import Movement, MovementKind
from trueup.domain.tampering import Finding, Wrong
from trueup.domain.time import ulid_ids
from trueup.ledger.blocks import MOVEMENTS, START, Block, Place
from trueup.ledger.streams import SHARDS
from trueup.ports import Create
from trueup.usecases.audit import ledgers
from trueup.usecases.audit.anchoring import Anchored, anchor_due, anchor_of, tips_of
from trueup.usecases.audit.reading import Wanted, read_trail
from trueup.usecases.work import Plant

STREAM = "movements/berlin"
ONE = Movement(MovementKind.RECEIPT, "A", "berlin", 1, 1, "wms", "1")
DAY = timedelta(hours=25)


class Shop(Trail):
    """A seller with a ledger and something that takes events."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = MemoryLedger()
        self.ledger = self.kept
        self.events: Any = MemoryEvents()
        self.by().write(Create(Location(code="berlin", name="B")))

    def plant(self, registries: Any = None) -> Plant:
        ids = ulid_ids(self.clock)
        given = registries or self.registries
        return Plant(given, MemoryMachines(), self.events, self.clock, ids)

    def blocks(self, shard: int, count: int, start: int = 1) -> None:
        for sequence in range(start, start + count):
            self.kept.append(STREAM, shard, sequence, self.block(shard, sequence))

    def block(self, shard: int, sequence: int, writer: str = "w") -> Block:
        before = self.blocks_of(shard)[: sequence - 1]
        previous = before[-1].hash if before else START
        return MOVEMENTS.block(Place(STREAM, shard, sequence, previous), [ONE], 1, writer)

    def blocks_of(self, shard: int) -> list[Block]:
        return self.kept._blocks[STREAM, shard]

    def anchor(self, registries: Any = None) -> Anchored:
        self.now += DAY
        return anchor_due(self.plant(registries), lambda _: self.kept, lambda: True)

    def finding(self) -> Finding | None:
        return self.verified(limit=100).finding


@pytest.fixture
def shop() -> Shop:
    made = Shop()
    made.blocks(0, 3)
    made.blocks(2, 1)
    return made


def test_the_first_change_of_a_seller_sees_to_the_anchoring(shop: Shop) -> None:
    due = shop.plain.get(AuditDue, "due")
    assert due is not None
    assert timedelta(hours=23) < due.value.due_at - shop.now < timedelta(hours=25)
    shop.by().write(Create(Location(code="paris", name="P")))
    assert shop.plain.get(AuditDue, "due") == due


def test_a_day_later_the_last_blocks_are_in_the_trail_and_the_head_is_out(shop: Shop) -> None:
    assert shop.anchor() == Anchored(1, 0)
    (record,) = read_trail(shop.plain, Wanted(kind="ledger")).records
    (change,) = record.changes
    assert (record.actor, change.verb, change.identity) == ("schedule", Verb.ANCHORED, (STREAM,))
    last = shop.blocks_of(0)[-1]
    assert change.after["0"] == {"sequence": 3, "hash": last.hash}
    assert anchor_of(shop.plain, STREAM) == tips_of(shop.kept, STREAM)
    (notice,) = shop.events.notices
    head = shop.verified().head
    assert (notice.kind, notice.detail["sequence"]) == ("AuditAnchored", head.sequence)
    assert notice.detail["hash"] == head.hash
    assert shop.finding() is None


def test_what_has_not_grown_is_not_told_again(shop: Shop) -> None:
    shop.anchor()
    assert anchor_due(shop.plant(), lambda _: shop.kept, lambda: True) == Anchored(0, 0)
    assert shop.anchor() == Anchored(0, 0)
    shop.blocks(1, 1)
    assert shop.anchor() == Anchored(1, 0)
    newest = read_trail(shop.plain, Wanted(kind="ledger")).records[0].changes[0]
    assert set(newest.after) - set(newest.before) == {"1"}
    assert len(shop.events.notices) == 3


def test_many_streams_are_told_in_several_records_over_several_turns(shop: Shop) -> None:
    for number in range(90):
        code = f"l{number:02d}"
        shop.by().write(Create(Location(code=code, name="L")))
        place = Place(f"movements/{code}", 0, 1)
        shop.kept.append(place.stream, 0, 1, MOVEMENTS.block(place, [ONE], 1, "w"))
    shop.now += DAY
    turns = []
    while not shop.events.notices:
        once = iter([True, False])
        turns.append(anchor_due(shop.plant(), lambda _: shop.kept, lambda o=once: next(o)).streams)  # type: ignore[misc]
    assert turns == [40, 40, 11, 0]
    assert shop.finding() is None


Tamper = Callable[[Shop], None]


def _alter(shop: Shop) -> None:
    blocks = shop.blocks_of(0)
    blocks[1] = msgspec.structs.replace(blocks[1], payload=shop.block(0, 2, "x").payload)


def _garble(shop: Shop) -> None:
    blocks = shop.blocks_of(0)
    blocks[1] = msgspec.structs.replace(blocks[1], payload=b"nothing")


def _reseal(shop: Shop) -> None:
    shop.blocks_of(0)[1] = shop.block(0, 2, "x")


def _swap(shop: Shop) -> None:
    blocks = shop.blocks_of(0)
    blocks[1], blocks[2] = blocks[2], blocks[1]


def _cut(shop: Shop) -> None:
    del shop.blocks_of(0)[1:]


def _drop(shop: Shop) -> None:
    del shop.blocks_of(0)[1]


def _rewrite(shop: Shop) -> None:
    """All from the second on, each fitting the one before it."""
    del shop.blocks_of(0)[1:]
    for sequence in (2, 3):
        shop.blocks_of(0).append(shop.block(0, sequence, "x"))


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (_alter, (2, Wrong.ALTERED)),
        (_garble, (2, Wrong.ALTERED)),
        (_reseal, (3, Wrong.ALTERED)),
        (_swap, (2, Wrong.ALTERED)),
        (_drop, (2, Wrong.ALTERED)),
        (_cut, (2, Wrong.MISSING)),
        (_rewrite, (3, Wrong.ALTERED)),
    ],
)
def test_tampering_with_blocks_is_found(
    shop: Shop, tamper: Tamper, expected: tuple[int, Wrong]
) -> None:
    shop.anchor()
    assert shop.finding() is None
    tamper(shop)
    finding = shop.finding()
    assert finding is not None
    assert (finding.chain, finding.sequence, finding.wrong) == (f"{STREAM} 0", *expected)


def test_a_ledger_is_walked_in_several_calls(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "BLOCKS", 2)
    shop.blocks(SHARDS - 1, 5)
    shop.anchor()
    assert shop.finding() is None
    shop.blocks_of(SHARDS - 1)[4] = shop.block(SHARDS - 1, 5, "x")
    finding = shop.finding()
    assert finding is not None
    assert (finding.chain, finding.sequence) == (f"{STREAM} {SHARDS - 1}", 5)


@pytest.mark.parametrize("kind", [Kind.BEFORE, Kind.AFTER, Kind.DIES_BEFORE, Kind.DIES_AFTER])
def test_whoever_dies_the_ledger_is_anchored_and_the_head_told(kind: Kind) -> None:
    for injector in each_call(kind):
        shop = Shop()
        shop.blocks(0, 2)
        with suppress(Died, RetryLaterError):
            shop.anchor(injector.wrap(shop.registries))
        anchor_due(shop.plant(), lambda _, s=shop: s.kept, lambda: True)  # type: ignore[misc]
        assert anchor_of(shop.plain, STREAM) == tips_of(shop.kept, STREAM)
        assert shop.finding() is None
        (record,) = read_trail(shop.plain, Wanted(kind="ledger")).records
        assert len(record.changes) == 1

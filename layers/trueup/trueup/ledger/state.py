"""The state of one SKU at one location while its movements are folded in.

Movements are applied in fold order. Those that arrive late, dated before what a count or a
baseline anchored, are applied to it as well, and then leave what was anchored as it is.
"""

from collections.abc import Iterable
from functools import cache

import msgspec

from trueup.domain.movements import (
    BUCKETS,
    Bucket,
    Movement,
    MovementKind,
    direct_effect,
    net_of,
)
from trueup.domain.stock import Position
from trueup.ledger.positions import PositionAt, Variance

ON_HAND, COMMITTED, DAMAGED, ON_HOLD, IN_TRANSIT = range(len(BUCKETS))
INDEX: dict[str, int] = {bucket.value: i for i, bucket in enumerate(BUCKETS)}
STATED = (ON_HAND, COMMITTED, DAMAGED, ON_HOLD)
"""What a baseline states."""

Order = tuple[int, str, str]
AFTER_ALL = "\U0010ffff"
"""Sorts after every source: a baseline comes after all movements of its instant."""

_COUNT = int(MovementKind.COUNT)
_SHIP = int(MovementKind.SHIP)
_NOTHING: tuple[tuple[int, int], ...] = ()


class Stated(msgspec.Struct, frozen=True):
    """What a baseline says of a SKU, and of which instant; `position` None: it does not tell."""

    position: Position | None
    at: int


class Net:
    """What is open of one (bucket, reference). `anchored`: as it was at the bucket's anchor."""

    __slots__ = ("anchored", "last", "now")

    def __init__(self, now: int = 0, anchored: int = 0, last: int = 0) -> None:
        self.now = now
        self.anchored = anchored
        self.last = last
        """The latest `occurred_at` of what is netted in it."""


class State:
    """Mutable. `values` by bucket; `anchors`: after which order each bucket is free to move.

    `known`: on hand, or at least what is sellable, is known. `implied`: only what is sellable is:
    on hand is set so that it comes out.
    """

    __slots__ = ("anchors", "applied", "implied", "known", "nets", "settled", "values", "variances")

    def __init__(self) -> None:
        self.values = [0] * len(BUCKETS)
        self.anchors: list[Order | None] = [None] * len(BUCKETS)
        self.nets: dict[tuple[int, str], Net] = {}
        self.known = self.implied = False
        self.settled = -1
        self.applied = 0
        self.variances: list[Variance] = []

    def run(self, movements: Iterable[Movement]) -> None:
        """Apply movements in fold order. Claims are no part of a position."""
        values, nets = self.values, self.nets
        for movement in movements:
            if movement.claim:
                continue
            self.applied += 1
            kind, quantity = movement.kind, movement.quantity
            if movement.occurred_at <= self.settled or kind == _COUNT or movement.releases >= 0:
                self._apply(movement)
                continue
            for index, factor in _direct(kind, movement.bucket, movement.disposition):
                values[index] += factor * quantity
            netted = _netted(kind)
            if netted is None or (kind == _SHIP and not movement.reference):
                continue
            key = (netted[0], movement.reference)
            net = nets.get(key)
            if net is None:
                net = nets[key] = Net()
            before = net.now
            net.now = now = before + netted[1] * quantity
            net.last = max(net.last, movement.occurred_at)
            values[netted[0]] += (max(0, now)) - (max(0, before))

    def anchor(self, stated: Position | None, as_of: int) -> None:
        """Take over a baseline's positions; None: it does not tell of this SKU."""
        given = stated or Position()
        self.values[:IN_TRANSIT] = [0, given.committed, given.damaged, given.on_hold]
        self.known = given.sellable is not None
        self.implied = self.known and given.on_hand is None
        if given.on_hand is not None:
            self.values[ON_HAND] = given.on_hand
        elif given.stated is not None:
            self.values[ON_HAND] = given.stated + sum(self.values[COMMITTED:IN_TRANSIT])
        for index in STATED:
            self._fix(index, (as_of, AFTER_ALL, ""))

    def at(self) -> PositionAt:
        on_hand, committed, damaged, on_hold, in_transit = self.values
        sellable = on_hand - committed - damaged - on_hold
        return PositionAt(
            on_hand=on_hand if self.known and not self.implied else None,
            committed=committed,
            damaged=damaged,
            on_hold=on_hold,
            in_transit=in_transit,
            known=self.known,
            stated=sellable if self.implied else None,
            applied=self.applied,
            variances=tuple(self.variances),
        )

    def _apply(self, movement: Movement) -> None:
        """As `run`, for what meets an anchor, sets one, or says itself what it releases."""
        order = movement.order
        if movement.kind == _COUNT:
            self._count(movement, order)
            return
        for bucket, units in direct_effect(movement).items():
            if self._free(INDEX[bucket], order):
                self.values[INDEX[bucket]] += units
        netted = net_of(movement)
        if netted is not None:
            self._net(INDEX[netted[0]], netted[1], movement)

    def _net(self, index: int, units: int, movement: Movement) -> None:
        net = self.nets.setdefault((index, movement.reference), Net())
        change = _open(net.now + units) - _open(net.now)
        net.now += units
        net.last = max(net.last, movement.occurred_at)
        if not self._free(index, movement.order):
            change -= _open(net.anchored + units) - _open(net.anchored)
            net.anchored += units
        self.values[index] += change

    def _count(self, movement: Movement, order: Order) -> None:
        index = INDEX[movement.bucket or Bucket.ON_HAND]
        if not self._free(index, order):
            return
        expected = self.values[index] if index != ON_HAND or self._counted else None
        self.variances.append(
            Variance(
                movement=f"{movement.source}:{movement.id}",
                bucket=BUCKETS[index].value,
                at=movement.occurred_at,
                expected=expected,
                counted=movement.quantity,
            )
        )
        self.values[index] = movement.quantity
        if index == ON_HAND:
            self.known, self.implied = True, False
        self._fix(index, order)

    @property
    def _counted(self) -> bool:
        return self.known and not self.implied

    def _free(self, index: int, order: Order) -> bool:
        anchor = self.anchors[index]
        return anchor is None or order > anchor

    def _fix(self, index: int, order: Order) -> None:
        self.anchors[index] = order
        self.settled = max(self.settled, order[0])
        for (bucket, _), net in self.nets.items():
            if bucket == index:
                net.anchored = net.now


def _open(net: int) -> int:
    return max(net, 0)


@cache
def _direct(kind: int, bucket: str, disposition: str) -> tuple[tuple[int, int], ...]:
    """(bucket, factor) of `direct_effect`, which is in proportion to the quantity."""
    effect = direct_effect(_example(kind, bucket=bucket, disposition=disposition))
    return tuple((INDEX[name], units) for name, units in effect.items()) or _NOTHING


@cache
def _netted(kind: int) -> tuple[int, int] | None:
    found = net_of(_example(kind, reference="any"))
    return None if found is None else (INDEX[found[0]], found[1])


def _example(kind: int, **fields: str) -> Movement:
    one = Movement(kind, "", "", 1, 0, "", "")
    return msgspec.structs.replace(one, **fields)

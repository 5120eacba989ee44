"""Movements: the normalised events that change a position, and what each kind does to it.

Quantities are base units. A position's buckets are on hand (the total), committed, damaged and on
hold, which are parts of the total or claims on it, and in transit, which is outside it.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum

import msgspec

CLOCK_SKEW_SECONDS = 600
"""An event may be dated so far ahead of our clock; later ones are refused."""

REMEMBERED_DAYS = 35
"""Ids are remembered, and events may be dated, so far back; older events are refused."""


class Bucket(StrEnum):
    ON_HAND = "on_hand"
    COMMITTED = "committed"
    DAMAGED = "damaged"
    ON_HOLD = "on_hold"
    IN_TRANSIT = "in_transit"


BUCKETS = tuple(Bucket)


class MovementKind(IntEnum):
    """What happened. The number is stored in blocks, so it is never reused."""

    RECEIPT = 1
    PUTAWAY = 2
    PICK = 3
    SHIP = 4
    RETURN = 5
    TRANSFER_OUT = 6
    TRANSFER_IN = 7
    RESERVE = 8
    RELEASE = 9
    BACK_ORDER = 10
    PRE_ORDER = 11
    DAMAGE = 12
    EXPIRE = 13
    HOLD = 14
    UNHOLD = 15
    ADJUSTMENT = 16
    COUNT = 17
    INBOUND = 18
    """A transfer out of another location on its way here: written beside that TRANSFER_OUT."""

    @property
    def word(self) -> str:
        """As the API names it: lower case, underscores."""
        return self.name.lower()


class Disposition(StrEnum):
    """What a return is good for. None given: it goes on hold until somebody says."""

    UNKNOWN = ""
    RESTOCK = "restock"
    REFURBISH = "refurbish"
    QUARANTINE = "quarantine"
    DAMAGED = "damaged"


class Movement(msgspec.Struct, frozen=True, array_like=True):
    """One event at one location.

    `quantity`: units, at least 0; an adjustment may be negative; a count's is what was counted.
    `occurred_at`: milliseconds since 1970 UTC, by the source's clock. (`source`, `id`) is its
    identity. `reference`: the order, transfer or document it belongs to; reservations and
    transfers are netted by it. `bucket`: what a count or an adjustment is about, "" on hand; a
    receipt into it, "" sellable. `releases`: units of reservation that a ship releases where the
    source says so itself, -1 where the reference decides. `claim`: kept as what a source says
    without being the owner of movements there: evidence, never part of a position.
    """

    kind: int
    sku: str
    location: str
    quantity: int
    occurred_at: int
    source: str
    id: str
    reference: str = ""
    actor: str = ""
    reason: str = ""
    bucket: str = ""
    disposition: str = ""
    releases: int = -1
    counterpart: str = ""
    """The other location of a transfer."""
    bin: str = ""
    claim: bool = False
    recorded_at: int = 0
    """Milliseconds since 1970 UTC at which we stored it; set by the ledger alone."""

    @property
    def order(self) -> tuple[int, str, str]:
        """Movements are folded in this order, whenever they arrive."""
        return (self.occurred_at, self.source, self.id)


Effect = Mapping[Bucket, int]


def direct_effect(movement: Movement) -> dict[Bucket, int]:
    """What a movement adds to each bucket by itself.

    Without what is netted by reference: commitments (RESERVE, BACK_ORDER, PRE_ORDER against
    RELEASE and SHIP) and goods in transit (INBOUND against TRANSFER_IN); see `net_of`. A count
    sets a bucket instead of adding to it, and has no direct effect. PUTAWAY and PICK move goods
    inside a location. DAMAGE, EXPIRE, HOLD and UNHOLD reclassify what is on hand; an adjustment
    makes units of its bucket appear (or disappear), so that the total changes with it. A ship that
    says what it releases takes that off committed.
    """
    q, kind = movement.quantity, movement.kind
    if kind == MovementKind.RETURN:
        return _with_status(q, _RETURNED[Disposition(movement.disposition)])
    if kind in (MovementKind.RECEIPT, MovementKind.ADJUSTMENT):
        return _with_status(q, Bucket(movement.bucket or Bucket.ON_HAND))
    factors = _DIRECT.get(kind, {})
    if kind == MovementKind.SHIP and movement.releases > 0:
        return {Bucket.ON_HAND: -q, Bucket.COMMITTED: -movement.releases}
    return {bucket: factor * q for bucket, factor in factors.items()}


_RETURNED = {
    Disposition.UNKNOWN: Bucket.ON_HOLD,
    Disposition.REFURBISH: Bucket.ON_HOLD,
    Disposition.QUARANTINE: Bucket.ON_HOLD,
    Disposition.DAMAGED: Bucket.DAMAGED,
    Disposition.RESTOCK: Bucket.ON_HAND,
}
_DIRECT: dict[int, Effect] = {
    MovementKind.SHIP: {Bucket.ON_HAND: -1},
    MovementKind.TRANSFER_OUT: {Bucket.ON_HAND: -1},
    MovementKind.TRANSFER_IN: {Bucket.ON_HAND: 1},
    MovementKind.DAMAGE: {Bucket.DAMAGED: 1},
    MovementKind.EXPIRE: {Bucket.DAMAGED: 1},
    MovementKind.HOLD: {Bucket.ON_HOLD: 1},
    MovementKind.UNHOLD: {Bucket.ON_HOLD: -1},
}


def _with_status(quantity: int, bucket: Bucket) -> dict[Bucket, int]:
    if bucket in (Bucket.ON_HAND, Bucket.IN_TRANSIT, Bucket.COMMITTED):
        return {bucket: quantity}
    return {Bucket.ON_HAND: quantity, bucket: quantity}


def net_of(movement: Movement) -> tuple[Bucket, int] | None:
    """What a movement adds to the net of its (bucket, reference); None: nothing.

    A bucket's commitment is the sum over references of max(0, net): so a ship releases only its
    own reservation, and the order in which events arrive does not matter. A ship without a
    reference releases nothing, unless it says itself how much (`direct_effect`).
    """
    if movement.kind == MovementKind.SHIP and (movement.releases >= 0 or not movement.reference):
        return None
    found = _NETTED.get(movement.kind)
    return None if found is None else (found[0], found[1] * movement.quantity)


_NETTED: dict[int, tuple[Bucket, int]] = {
    MovementKind.RESERVE: (Bucket.COMMITTED, 1),
    MovementKind.BACK_ORDER: (Bucket.COMMITTED, 1),
    MovementKind.PRE_ORDER: (Bucket.COMMITTED, 1),
    MovementKind.RELEASE: (Bucket.COMMITTED, -1),
    MovementKind.SHIP: (Bucket.COMMITTED, -1),
    MovementKind.INBOUND: (Bucket.IN_TRANSIT, 1),
    MovementKind.TRANSFER_IN: (Bucket.IN_TRANSIT, -1),
}

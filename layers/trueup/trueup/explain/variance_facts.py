"""What is known of a statement about one SKU, and what explains it."""

from enum import StrEnum
from typing import Any

import msgspec

from trueup.domain.stock import Position
from trueup.ledger.positions import PositionAt
from trueup.ledger.standings import Standing


class VarianceCause(StrEnum):
    """In the order in which they are asked. The last three only name what none explains."""

    LATE = "late_movements"
    IN_TRANSIT = "in_transit_counted"
    CUTOFF = "cutoff"
    MISSED = "missed_movement"
    DUPLICATE = "duplicate_movement"
    RECLASSIFIED = "reclassified"
    SHRINKAGE = "shrinkage"
    SURPLUS = "surplus"
    UNEXPLAINED = "unexplained_variance"


Evidence = dict[str, Any]


class Share(msgspec.Struct, frozen=True, array_like=True):
    """A cause, its units of the delta, and what shows it."""

    cause: str
    units: int
    evidence: Evidence = {}


class Told(msgspec.Struct, frozen=True):
    """What is known of one SKU about the instant that a source states.

    `standing`: its base and all movements after that, those after the instant included. `near`:
    milliseconds around `as_of` in which a movement may be on the other side at the source.
    `known_at`: what was recorded later is late. `whole`: all since the anchor before is in
    `standing`, so that a single movement can be named.
    """

    standing: Standing
    stated: Position
    as_of: int
    near: int
    known_at: int
    whole: bool = True


class Explained(msgspec.Struct, frozen=True):
    """`then`: what was expected when the statement was taken over; `now`: with what came later.

    `primary` "": both sides agree, in all that is stated.
    """

    then: PositionAt
    now: PositionAt
    stated: Position
    delta: int
    shares: tuple[Share, ...] = ()
    unexplained: int = 0
    primary: str = ""

    @property
    def differs(self) -> bool:
        return bool(self.primary)


def agree(expected: PositionAt, stated: Position) -> bool:
    """Whether a position is what a source states, in all that both know."""
    if expected.on_hand is None or stated.on_hand is None:
        return expected.sellable == stated.sellable
    return buckets(expected) == buckets(stated)


def buckets(at: PositionAt | Position) -> tuple[int | None, ...]:
    return (at.on_hand, at.committed, at.damaged, at.on_hold)

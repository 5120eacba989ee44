"""What a location's ledger says of one SKU: a base, and the movements since."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from trueup.books.schema import Unknown
from trueup.domain.movements import BUCKETS, Movement
from trueup.domain.stock import Position
from trueup.ledger.fold import OCCURRED, fold
from trueup.ledger.positions import PositionAt
from trueup.ledger.state import State

_UNCOUNTED = Unknown.ON_HAND | Unknown.COMMITTED | Unknown.DAMAGED | Unknown.ON_HOLD
_NO_STOCK = Position(0, 0, 0, 0)


class Standing(msgspec.Struct, frozen=True):
    """One SKU at one location, as `explain.facts.Stock` wants it.

    `base` is the position at `base_at` (milliseconds), None: what is sellable is not known.
    `parts`: what is committed, damaged and on hold then, known or not. `movements` are those
    after it in fold order, without claims; `claims` are what was said of the time after it by
    sources that do not own movements here.
    """

    sku: str
    base: Position | None
    base_at: int
    parts: Position = Position()
    in_transit: int = 0
    nets: dict[tuple[str, str], int] = {}
    movements: tuple[Movement, ...] = ()
    claims: tuple[Movement, ...] = ()

    def at(self, until_ms: int) -> PositionAt:
        """The position at an instant, not before the base."""
        base = self.base or self.parts
        known = self.base is not None
        return fold(base, known, self.in_transit, self.nets, self.movements, until_ms)


def stated_by(row: Mapping[str, Any] | None, *, complete: bool) -> Position | None:
    """What a baseline says of a SKU: its row, or, if it has none, nothing or no stock.

    Of a row with a blank only what it states as sellable is known, as in a comparison.
    """
    if row is None:
        return _NO_STOCK if complete else None
    unknown = int(row["unknown"])
    parts = (row["committed"], row["damaged"], row["on_hold"])
    stated = None if unknown & Unknown.STATED else row["stated"]
    return Position(None if unknown & _UNCOUNTED else row["on_hand"], *parts, stated)


def stated_at(row: Mapping[str, Any] | None) -> int:
    """The instant that a baseline's row is of, milliseconds; 0: the whole book's."""
    return int(row.get("stated_at", 0)) if row else 0


def standing_of(sku: str, state: State, base_at: int, movements: Sequence[Movement]) -> Standing:
    """`state` is at `base_at`, or before it where `movements` (in fold order) lead there."""
    split = bisect_right(movements, base_at, key=OCCURRED)
    state.run(movements[:split])
    at, later = state.at(), movements[split:]
    return Standing(
        sku=sku,
        base=at.position if at.known else None,
        base_at=base_at,
        parts=at.position,
        in_transit=at.in_transit,
        nets={(BUCKETS[i].value, ref): net.now for (i, ref), net in state.nets.items() if net.now},
        movements=tuple(movement for movement in later if not movement.claim),
        claims=tuple(movement for movement in later if movement.claim),
    )

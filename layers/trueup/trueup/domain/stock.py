"""Positions, and what of them may be published: the scalar reference of the product's arithmetic.

`compare.classify` does the same for whole pages at once; a property test holds the two together.
Quantities are integers. Base units are the seller's smallest unit; channel units are packs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_QUANTITY = 2**53 - 1
"""The largest quantity taken from outside: what JSON and Excel keep exactly."""


@dataclass(frozen=True, slots=True)
class Position:
    """Base units of one SKU at one location; None where the source does not say.

    `on_hand` is the total, reserved and damaged included. `stated` is the sellable quantity that
    a source states itself; it is checked against the others, never silently preferred to them.
    """

    on_hand: int | None = None
    committed: int = 0
    damaged: int = 0
    on_hold: int = 0
    stated: int | None = None

    @property
    def sellable(self) -> int | None:
        """`on_hand - committed - damaged - on_hold`; negative is reported, not hidden.

        A source that gives no on hand but states sellable is taken at its word. None: unknown.
        """
        if self.on_hand is None:
            return self.stated
        return self.on_hand - self.committed - self.damaged - self.on_hold

    @property
    def contradicts(self) -> bool:
        """Whether the stated sellable quantity differs from the computed one."""
        return None not in (self.on_hand, self.stated) and self.sellable != self.stated


@dataclass(frozen=True, slots=True)
class Terms:
    """What stands between sellable and publishable.

    Buffer and back-order limit in base units, cap in channel units; `allocation` is the percent
    of sellable that this account may draw on.
    """

    pack_size: int = 1
    buffer: int = 0
    backorder: int = 0
    cap: int | None = None
    allocation: int = 100


def pooled(sellables: Sequence[int | None]) -> int | None:
    """The sum over a link's locations, each after its share; unknown as soon as one of them is."""
    known = [quantity for quantity in sellables if quantity is not None]
    return sum(known) if known and len(known) == len(sellables) else None


def shared(quantity: int | None, percent: int) -> int | None:
    """A member location's part of a quantity, rounded down; `percent` is 1-100."""
    return None if quantity is None else quantity * percent // 100


def kit_units(components: Sequence[tuple[int | None, int]]) -> int | None:
    """How many kits can be made: the smallest over components of (sellable, quantity per kit)."""
    counts = [None if have is None else have // per_kit for have, per_kit in components]
    return None if not counts or None in counts else min(c for c in counts if c is not None)


def publishable(sellable: int | None, terms: Terms) -> int | None:
    """Channel units that may be shown: clamp(floor((drawable+backorder-buffer)/pack), 0, cap).

    Drawable is the allocated percent of sellable, rounded down.
    None where sellable is unknown: unknown is never published, least of all as zero.
    """
    if sellable is None:
        return None
    drawable = sellable * terms.allocation // 100
    units = max(0, (drawable + terms.backorder - terms.buffer) // terms.pack_size)
    return units if terms.cap is None else min(units, terms.cap)


def delta(sellable: int | None, reported: int | None, pack_size: int = 1) -> int | None:
    """Base units to add at (+) or deduct from (-) the channel: sellable - reported x pack size."""
    if sellable is None or reported is None:
        return None
    return sellable - reported * pack_size


def gap(publishable_units: int | None, reported: int | None) -> int | None:
    """Channel units that a force would add (+) or take away (-): publishable - reported."""
    if publishable_units is None or reported is None:
        return None
    return publishable_units - reported

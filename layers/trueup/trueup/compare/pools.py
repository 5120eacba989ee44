"""The stock of SKUs over the locations of a link.

Each member location's part of every quantity is rounded down by itself. With shares below 100
percent, the parts of on hand, committed, damaged and on hold shown in a row may therefore give a
few units more or less than the sellable shown, which is the sum of each member's part of its own
sellable: that is the one that is published.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from trueup.books.schema import Unknown
from trueup.compare.columns import Bools, Chunk, Ints, too_large
from trueup.compare.locate import Match

Column = TypeVar("Column", Ints, Bools)

BASELINE_INTS = ("on_hand", "committed", "damaged", "on_hold", "stated", "unknown")
QUANTITIES = ("total", "committed", "damaged", "on_hold", "sellable")
UNCOUNTED = Unknown.ON_HAND | Unknown.COMMITTED | Unknown.DAMAGED | Unknown.ON_HOLD
"""While one of these is unknown, sellable cannot be computed, only stated."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Base units by row: `quantities` in the order of QUANTITIES, 0 where unknown.

    `known`: sellable is known. `beyond`: some quantity is too large to count, and sellable
    therefore unknown. `kit`: the stock is that of components, in kits.
    """

    quantities: tuple[Ints, ...]
    total_known: Bools
    known: Bools
    beyond: Bools
    kit: Bools

    @property
    def sellable(self) -> Ints:
        return self.quantities[-1]

    def at(self, match: Match, *, complete: bool) -> "Stock":
        """The stock of each key. An absent SKU is unknown, or in a complete baseline zero."""
        if match.index is None:
            return self
        absent_known = ~match.found & complete
        return Stock(
            tuple(match.gather(column) for column in self.quantities),
            match.gather_flags(self.total_known) | absent_known,
            match.gather_flags(self.known) | absent_known,
            match.gather_flags(self.beyond),
            match.gather_flags(self.kit),
        )

    def plus(self, other: "Stock") -> "Stock":
        """Both locations together: unknown as soon as one of them is."""
        pairs = zip(self.quantities, other.quantities, strict=True)
        return Stock(
            tuple(mine + theirs for mine, theirs in pairs),
            self.total_known & other.total_known,
            self.known & other.known,
            self.beyond | other.beyond,
            self.kit,
        )

    def settled(self, *, wide: bool) -> "Stock":
        """Zero where a quantity is unknown, and unknown where one is too large.

        `wide`: some member's quantities need more than 32 bits, so that a sum can be too large.
        """
        beyond = self.beyond
        for column in self.quantities if wide else ():
            beyond = beyond | too_large(column)
        total_known, known = self.total_known & ~beyond, self.known & ~beyond
        total, *parts, sellable = self.quantities
        quantities = (
            _kept(total, total_known),
            *(_kept(column, ~beyond) for column in parts),
            _kept(sellable, known),
        )
        return Stock(quantities, total_known, known, beyond, self.kit)

    def with_rows(self, rows: Ints, others: "Stock") -> "Stock":
        """The same with some rows replaced."""
        pairs = zip(self.quantities, others.quantities, strict=True)
        return Stock(
            tuple(_replaced(mine, rows, theirs) for mine, theirs in pairs),
            _replaced(self.total_known, rows, others.total_known),
            _replaced(self.known, rows, others.known),
            _replaced(self.beyond, rows, others.beyond),
            _replaced(self.kit, rows, others.kit),
        )


def stock_of(positions: Chunk, share: int) -> Stock:
    """A location's positions, or `share` percent of them."""
    return stock_in(positions.ints, positions.beyond(*BASELINE_INTS[:-1]), share)


def stock_in(ints: Mapping[str, Ints], beyond: Bools, share: int) -> Stock:
    """The stock of rows in the columns of the BASELINE schema, `beyond` where too large."""
    unknown = ints["unknown"]
    counted = (unknown & UNCOUNTED) == 0
    on_hand, committed, damaged, on_hold, stated = (
        _kept(ints[name], ~beyond) for name in BASELINE_INTS[:-1]
    )
    sellable = on_hand - committed - damaged - on_hold
    if not counted.all():
        sellable = np.where(counted, sellable, stated)
    quantities = (on_hand, committed, damaged, on_hold, sellable)
    return Stock(
        tuple(_shared(column, share) for column in quantities),
        total_known=(unknown & Unknown.ON_HAND) == 0,
        known=counted | ((unknown & Unknown.STATED) == 0),
        beyond=beyond,
        kit=np.zeros(len(unknown), np.bool_),
    )


def pooled(members: Sequence[Stock], rows: int, *, wide: bool) -> Stock:
    """The stock of all members together; without members, unknown."""
    if not members:
        none, no = np.zeros(rows, np.int64), np.zeros(rows, np.bool_)
        return Stock((none,) * len(QUANTITIES), no, no, no, no)
    first, *others = members
    for other in others:
        first = first.plus(other)
    return first.settled(wide=wide)


def _kept(column: Ints, where: Bools) -> Ints:
    return column if where.all() else np.where(where, column, 0)


def _shared(column: Ints, share: int) -> Ints:
    return column if share == 100 else column * share // 100  # noqa: PLR2004 - percent


def _replaced(column: Column, rows: Ints, others: Column) -> Column:
    replaced = column.copy()
    replaced[rows] = others
    return replaced

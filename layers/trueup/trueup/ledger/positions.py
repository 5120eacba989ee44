"""Positions at an instant, and how a count differed from what was expected."""

import msgspec

from trueup.domain.stock import Position


class Variance(msgspec.Struct, frozen=True):
    """A count beside what the movements before it led to. `expected` None: it was not known."""

    movement: str
    """``source:id`` of the count."""
    bucket: str
    at: int
    expected: int | None
    counted: int


class PositionAt(msgspec.Struct, frozen=True):
    """One SKU at one location at an instant; base units.

    `known`: what is sellable is known. `on_hand` is None where it is not known; then `stated` is
    what is sellable if a source states only that.
    """

    on_hand: int | None
    committed: int
    damaged: int
    on_hold: int
    in_transit: int
    known: bool
    stated: int | None = None
    applied: int = 0
    """How many movements were folded in."""
    variances: tuple[Variance, ...] = ()

    @property
    def position(self) -> Position:
        return Position(self.on_hand, self.committed, self.damaged, self.on_hold, self.stated)

    @property
    def sellable(self) -> int | None:
        return self.position.sellable

    @property
    def negatives(self) -> tuple[str, ...]:
        """What is below zero, which cannot be so in the warehouse: reported, never hidden."""
        names = ("on_hand", "committed", "damaged", "on_hold", "in_transit", "sellable")
        return tuple(name for name in names if (getattr(self, name) or 0) < 0)

    @property
    def negative(self) -> bool:
        return bool(self.negatives)

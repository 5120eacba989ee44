"""What lies on a shelf: an arithmetic of positions of the corpus's own.

Nothing here uses the product's fold, so that both can be wrong only in different ways.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from trueup.domain.movements import Disposition, Movement, MovementKind


@dataclass(frozen=True)
class Counted:
    """Base units of one SKU at one location."""

    on_hand: int = 0
    committed: int = 0
    damaged: int = 0
    on_hold: int = 0
    in_transit: int = 0

    @property
    def sellable(self) -> int:
        return self.on_hand - self.committed - self.damaged - self.on_hold


@dataclass(frozen=True)
class Opening:
    """How a shelf begins. `loose`: commitments of which no reference is known."""

    on_hand: int
    damaged: int = 0
    on_hold: int = 0
    loose: int = 0
    orders: dict[str, int] = field(default_factory=dict)
    inbound: dict[str, int] = field(default_factory=dict)


class Shelf:
    """Takes movements in their order. Orders and transfers are kept open by reference."""

    def __init__(self, opening: Opening) -> None:
        self.on_hand = opening.on_hand
        self.damaged = opening.damaged
        self.on_hold = opening.on_hold
        self.loose = opening.loose
        self.orders = dict(opening.orders)
        self.inbound = dict(opening.inbound)

    def take(self, movement: Movement) -> None:
        _DOES[MovementKind(movement.kind)](self, movement)

    def take_all(self, movements: Iterable[Movement]) -> "Shelf":
        for movement in movements:
            self.take(movement)
        return self

    def counted(self) -> Counted:
        open_orders = sum(units for units in self.orders.values() if units > 0)
        under_way = sum(units for units in self.inbound.values() if units > 0)
        return Counted(
            self.on_hand, self.loose + open_orders, self.damaged, self.on_hold, under_way
        )

    def nothing(self, movement: Movement) -> None:
        """Goods were put away or picked: they stay where they are."""

    def receive(self, movement: Movement) -> None:
        """A receipt or an adjustment: the total changes, and a part of it that is not sellable."""
        self.on_hand += movement.quantity
        if movement.bucket == "damaged":
            self.damaged += movement.quantity
        elif movement.bucket == "on_hold":
            self.on_hold += movement.quantity

    def ship(self, movement: Movement) -> None:
        self.on_hand -= movement.quantity
        if movement.releases >= 0:
            self.loose -= movement.releases
        elif movement.reference:
            self._order(movement, -1)

    def take_back(self, movement: Movement) -> None:
        self.on_hand += movement.quantity
        if movement.disposition == Disposition.DAMAGED:
            self.damaged += movement.quantity
        elif movement.disposition != Disposition.RESTOCK:
            self.on_hold += movement.quantity

    def send_away(self, movement: Movement) -> None:
        self.on_hand -= movement.quantity

    def arrive(self, movement: Movement) -> None:
        self.on_hand += movement.quantity
        known = self.inbound.get(movement.reference, 0)
        self.inbound[movement.reference] = known - movement.quantity

    def announce(self, movement: Movement) -> None:
        known = self.inbound.get(movement.reference, 0)
        self.inbound[movement.reference] = known + movement.quantity

    def commit(self, movement: Movement) -> None:
        self._order(movement, 1)

    def release(self, movement: Movement) -> None:
        self._order(movement, -1)

    def spoil(self, movement: Movement) -> None:
        self.damaged += movement.quantity

    def hold(self, movement: Movement) -> None:
        self.on_hold += movement.quantity

    def unhold(self, movement: Movement) -> None:
        self.on_hold -= movement.quantity

    def count(self, movement: Movement) -> None:
        self.on_hand = movement.quantity

    def _order(self, movement: Movement, sign: int) -> None:
        known = self.orders.get(movement.reference, 0)
        self.orders[movement.reference] = known + sign * movement.quantity


_DOES = {
    MovementKind.RECEIPT: Shelf.receive,
    MovementKind.ADJUSTMENT: Shelf.receive,
    MovementKind.PUTAWAY: Shelf.nothing,
    MovementKind.PICK: Shelf.nothing,
    MovementKind.SHIP: Shelf.ship,
    MovementKind.RETURN: Shelf.take_back,
    MovementKind.TRANSFER_OUT: Shelf.send_away,
    MovementKind.TRANSFER_IN: Shelf.arrive,
    MovementKind.INBOUND: Shelf.announce,
    MovementKind.RESERVE: Shelf.commit,
    MovementKind.BACK_ORDER: Shelf.commit,
    MovementKind.PRE_ORDER: Shelf.commit,
    MovementKind.RELEASE: Shelf.release,
    MovementKind.DAMAGE: Shelf.spoil,
    MovementKind.EXPIRE: Shelf.spoil,
    MovementKind.HOLD: Shelf.hold,
    MovementKind.UNHOLD: Shelf.unhold,
    MovementKind.COUNT: Shelf.count,
}

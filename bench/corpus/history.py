"""Random days of a warehouse: what happens to one SKU at one location, and the channel's orders."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from bench.corpus.shelf import Opening, Shelf
from trueup.domain.movements import Disposition, Movement, MovementKind

MINUTE = 60_000
HOUR = 60 * MINUTE
FRONT = "front"
"""The channel's location, as its order feed names it."""


@dataclass(frozen=True)
class Span:
    """Milliseconds: when the books begin, when the channel was read, and up to when we know."""

    start: int
    capture: int
    now: int


@dataclass
class Feed:
    """Orders that the channel tells us of, as claims, and the references our ledger has."""

    claims: list[Movement] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    def tell(self, movement: Movement, at: int) -> None:
        self.claims.append(
            replace_movement(
                movement,
                occurred_at=at,
                source="channel",
                id=f"{movement.reference}-{MovementKind(movement.kind).word}",
                location=FRONT,
                claim=True,
            )
        )


def replace_movement(movement: Movement, **changes: object) -> Movement:
    return Movement(**{**{f: getattr(movement, f) for f in movement.__struct_fields__}, **changes})


@dataclass
class Diary:
    """Writes the movements of one shelf, in the order of time, never selling what is not there."""

    rng: Random
    sku: str
    location: str
    scale: int
    span: Span
    feed: Feed | None
    pack: int = 1
    backorders: bool = False
    movements: list[Movement] = field(default_factory=list)
    at: int = 0

    def __post_init__(self) -> None:
        self.opening = random_opening(self.rng, self.location, self.scale)
        self.shelf = Shelf(self.opening)
        self.waiting: list[tuple[Movement, bool]] = []
        self.coming = [(ref, units) for ref, units in self.opening.inbound.items()]

    def write(self, before: int, after: int) -> "Diary":
        """So many events before the capture and after it."""
        span = self.span
        instants = sorted(self.rng.sample(range(span.start + 1, span.capture + 1), before))
        instants += sorted(self.rng.sample(range(span.capture + 1, span.now + 1), after))
        for self.at in instants:
            acts, weights = zip(*_ACTS.items(), strict=True)
            self.rng.choices(acts, weights)[0](self)
        return self

    def note(self, kind: MovementKind, quantity: int, **more: object) -> Movement:
        source = "pos" if kind == MovementKind.SHIP and not more.get("reference") else "wms"
        number = f"{self.location}-{self.sku}-{len(self.movements) + 1}"
        movement = replace_movement(
            Movement(kind, self.sku, self.location, quantity, self.at, source, number), **more
        )
        self.movements.append(movement)
        self.shelf.take(movement)
        return movement

    def some(self, limit: int | None = None) -> int:
        """A random quantity; 0 where the limit allows none."""
        most = 8 * self.scale if limit is None else min(limit, 8 * self.scale)
        return self.rng.randint(1, most) if most > 0 else 0

    def free(self) -> int:
        return self.shelf.counted().sellable

    def receipt(self) -> None:
        bucket = self.rng.choice(("", "", "", "on_hold", "damaged"))
        self.note(MovementKind.RECEIPT, self.some(), bucket=bucket, reference=f"po-{self.at}")

    def putaway(self) -> None:
        self.note(MovementKind.PUTAWAY, self.some())

    def order(self) -> None:
        """Of this channel, whose orders are whole packs, or of another one."""
        ours = self.feed is not None and self.rng.random() < 0.5
        pack = self.pack if ours else 1
        if quantity := self.some(self.free() // pack if pack > 1 else self.free()) * pack:
            if quantity > self.free():
                return
            self.sell(quantity, "ch" if ours else "web")

    def sell(self, quantity: int, prefix: str) -> Movement:
        reference = f"{prefix}-{self.location}-{self.at}"
        movement = self.note(MovementKind.RESERVE, quantity, reference=reference)
        self.waiting.append((movement, False))
        if prefix == "ch" and self.feed is not None:
            earlier = self.at - self.rng.randint(0, 20_000)
            same_side = (earlier <= self.span.capture) == (self.at <= self.span.capture)
            self.feed.tell(movement, earlier if same_side else self.at)
            self.feed.known.add(reference)
        return movement

    def back_order(self) -> None:
        if self.backorders:
            self.note(MovementKind.BACK_ORDER, self.some(), reference=f"bo-{self.at}")

    def fulfil(self) -> None:
        """An order that waits is picked, shipped, or cancelled."""
        if not self.waiting:
            return
        order, picked = self.waiting.pop(self.rng.randrange(len(self.waiting)))
        what = {"reference": order.reference}
        if not picked and self.rng.random() < 0.6:
            self.note(MovementKind.PICK, order.quantity, **what)
            self.waiting.append((order, True))
        elif self.rng.random() < 0.15:
            self.note(MovementKind.RELEASE, order.quantity, **what)
        else:
            self._ship(order)

    def _ship(self, order: Movement) -> None:
        shipped = self.note(MovementKind.SHIP, order.quantity, reference=order.reference)
        if self.feed and order.reference in self.feed.known and self.rng.random() < 0.3:
            self.feed.tell(shipped, self.at)

    def counter_sale(self) -> None:
        if quantity := self.some(self.free()):
            self.note(MovementKind.SHIP, quantity)

    def take_back(self) -> None:
        disposition = self.rng.choice(list(Disposition))
        self.note(MovementKind.RETURN, self.some(), disposition=disposition.value)

    def damage(self) -> None:
        if quantity := self.some(self.free()):
            kind = self.rng.choice((MovementKind.DAMAGE, MovementKind.DAMAGE, MovementKind.EXPIRE))
            self.note(kind, quantity)

    def hold(self) -> None:
        if quantity := self.some(self.free()):
            self.note(MovementKind.HOLD, quantity)

    def unhold(self) -> None:
        if quantity := self.some(self.shelf.on_hold):
            self.note(MovementKind.UNHOLD, quantity)

    def send_away(self) -> None:
        if quantity := self.some(self.free()):
            self.note(MovementKind.TRANSFER_OUT, quantity, reference=f"tr-{self.at}")

    def announce(self) -> None:
        what = f"in-{self.at}"
        self.coming.append(
            (what, self.note(MovementKind.INBOUND, self.some(), reference=what).quantity)
        )

    def arrive(self) -> None:
        if self.coming:
            reference, quantity = self.coming.pop()
            self.note(MovementKind.TRANSFER_IN, quantity, reference=reference)

    def adjust(self) -> None:
        sign = 1 if self.free() < self.scale else self.rng.choice((1, -1))
        if quantity := self.some() if sign > 0 else self.some(self.free()):
            self.note(MovementKind.ADJUSTMENT, sign * quantity, reason="found")

    def count(self) -> None:
        found = self.shelf.on_hand + self.rng.choice((0, 0, self.some(), -self.some(self.free())))
        self.note(MovementKind.COUNT, found)


_ACTS: dict[Callable[[Diary], None], float] = {
    Diary.receipt: 2,
    Diary.putaway: 0.5,
    Diary.order: 5,
    Diary.back_order: 0.5,
    Diary.fulfil: 5,
    Diary.counter_sale: 1,
    Diary.take_back: 1,
    Diary.damage: 0.7,
    Diary.hold: 0.8,
    Diary.unhold: 0.6,
    Diary.send_away: 0.6,
    Diary.announce: 0.6,
    Diary.arrive: 0.8,
    Diary.adjust: 0.4,
    Diary.count: 0.25,
}


def random_opening(rng: Random, location: str, scale: int) -> Opening:
    """What the books begin with: some of everything, often nothing of a kind."""

    def maybe(chance: float) -> int:
        return rng.randint(1, 6 * scale) if rng.random() < chance else 0

    orders = {f"web-{location}-old-{n}": maybe(1) for n in range(rng.choice((0, 0, 1, 2)))}
    inbound = {f"in-{location}-old-{n}": maybe(1) for n in range(rng.choice((0, 0, 1)))}
    damaged, on_hold, loose = maybe(0.4), maybe(0.4), maybe(0.15)
    kept = damaged + on_hold + loose + sum(orders.values())
    return Opening(kept + rng.randint(0, 40 * scale), damaged, on_hold, loose, orders, inbound)


def moved(opening: Opening, movements: list[Movement], until: int) -> Shelf:
    """The shelf as of an instant, all that occurred then included."""
    return Shelf(opening).take_all(m for m in movements if m.occurred_at <= until)

"""One listed item: its shelves, its terms, and the channel that shows a quantity of it.

`Sight` is what the channel makes of our stock: all defaults, and it shows what it should.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from bench.corpus.history import Feed, Span
from bench.corpus.policy import before_packing, steps
from bench.corpus.shelf import Counted, Opening, Shelf
from trueup.domain.movements import Movement
from trueup.domain.stock import Terms
from trueup.explain.facts import Capture, Push, Sibling, Snapshot


@dataclass(frozen=True)
class Sight:
    """What goes wrong between our ledger and the number shown. Ids are those of movements.

    `until`: nothing later was seen. `counts`: buckets it takes for sellable. `left_out`, `alone`:
    a location; `blind`: a component's SKU. `sold`, `taken_off`: channel units that it took off
    the number shown; `drawn`: base units taken off before the terms instead. `packing`: how packs
    are confused. `shows`: the number was set, by whomever.
    """

    until: int | None = None
    missed: str = ""
    twice: str = ""
    counts: frozenset[str] = frozenset()
    left_out: str = ""
    alone: str = ""
    blind: str = ""
    sold: int = 0
    taken_off: int = 0
    drawn: int = 0
    packing: str = ""
    shows: int | None = None

    def also(self, other: "Sight") -> "Sight | None":
        """Both faults together; None where they are of one kind."""
        mine, theirs = self.set(), other.set()
        if mine.keys() == theirs.keys() == {"counts"}:
            return Sight(counts=self.counts | other.counts)
        if mine.keys() & theirs.keys():
            return None
        return replace(self, **theirs)

    def set(self) -> dict[str, Any]:
        names = self.__dataclass_fields__
        return {n: getattr(self, n) for n in names if getattr(self, n) != getattr(CLEAR, n)}


CLEAR = Sight()


@dataclass(eq=False)
class Place:
    """One SKU at one location. Movements may be dated after the capture."""

    location: str
    share: int
    opening: Opening
    movements: list[Movement]
    snapshots: tuple[Snapshot, ...] = ()

    def __post_init__(self) -> None:
        self._counted = lru_cache(maxsize=4096)(self._count)

    def counted(self, until: int, missed: str = "", twice: str = "") -> Counted:
        return self._counted(until, missed, twice)

    def changed(self) -> None:
        self.movements.sort(key=lambda m: m.order)
        self._counted.cache_clear()

    def _count(self, until: int, missed: str, twice: str) -> Counted:
        shelf = Shelf(self.opening)
        for movement in self.movements:
            if movement.occurred_at > until:
                break
            if movement.id != missed:
                shelf.take(movement)
            if movement.id == twice:
                shelf.take(movement)
        return shelf.counted()


@dataclass(eq=False)
class Item:
    """A SKU of which a listing is made, and how much of it goes into one."""

    sku: str
    per_kit: int
    places: list[Place]


@dataclass(eq=False)
class World:
    """Everything that is so; `facts.py` of the corpus tells the part of it that a run knows."""

    items: list[Item]
    terms: Terms
    span: Span
    feed: Feed
    scale: int
    settle: int
    push_settle: int
    allocated: int = 0
    pushes: list[Push] = field(default_factory=list)
    previous: Capture | None = None
    captures: int = 1
    siblings: list[Sibling] = field(default_factory=list)

    @property
    def places(self) -> list[Place]:
        return [place for item in self.items for place in item.places]

    @property
    def kit(self) -> bool:
        return self.items[0].per_kit > 0

    def sellable(self, sight: Sight = CLEAR, at: int | None = None) -> int:
        until = self.span.capture if at is None else at
        if sight.until is not None:
            until = min(until, sight.until)
        if not self.kit:
            return _pool(self.items[0], sight, until) - sight.drawn
        made = [
            _pool(item, sight, until) // item.per_kit
            for item in self.items
            if item.sku != sight.blind
        ]
        return min(made) - sight.drawn

    def publishable(self, at: int | None = None) -> int:
        return steps(self.sellable(at=at), self.terms)[0]

    def shown(self, sight: Sight = CLEAR) -> int:
        """Channel units; negative where the faults ask for the impossible."""
        number = self._counted(sight) if sight.shows is None else sight.shows
        number -= sight.sold + sight.taken_off
        if sight.packing == "times":
            return number * self.terms.pack_size
        return number // self.terms.pack_size if sight.packing == "by" else number

    def _counted(self, sight: Sight) -> int:
        sellable = self.sellable(sight)
        if sight.packing == "unpacked":
            return before_packing(sellable, self.terms)
        return steps(sellable, self.terms)[0]

    def before_capture(self) -> list[tuple[Place, Movement]]:
        """In the order of time."""
        found = [(p, m) for p in self.places for m in p.movements]
        return sorted(
            ((p, m) for p, m in found if m.occurred_at <= self.span.capture),
            key=lambda pair: pair[1].order,
        )


def _pool(item: Item, sight: Sight, until: int) -> int:
    total = 0
    for place in item.places:
        if place.location == sight.left_out or sight.alone not in ("", place.location):
            continue
        have = place.counted(until, sight.missed, sight.twice)
        units = have.sellable + sum(getattr(have, bucket) for bucket in sight.counts)
        total += units * place.share // 100
    return total

"""Random worlds: what is staged for a cause, and what is there to tempt."""

from dataclasses import dataclass
from random import Random

from bench.corpus.faults import open_orders
from bench.corpus.history import FRONT, HOUR, MINUTE, Diary, Feed, Span
from bench.corpus.policy import random_terms
from bench.corpus.world import Item, Place, World
from trueup.domain.movements import Movement, MovementKind
from trueup.domain.stock import Terms
from trueup.explain.facts import Capture, Push, Sibling

EPOCH = 1_788_220_800_000
"""About when the worlds are; nothing depends on it."""


@dataclass(frozen=True)
class Plan:
    """What a world must have. `plain`: no terms between sellable and publishable but packs."""

    places: int = 1
    components: int = 0
    packs: bool | None = None
    events: tuple[int, int] = (4, 18)
    pushes: bool = True
    terms: Terms | None = None


def make(rng: Random, plan: Plan) -> World:
    """A world in which the channel shows what it should."""
    scale = rng.choice((1, 4, 15, 60))
    span = random_span(rng)
    terms = plan.terms or random_terms(rng, scale, packs=plan.packs)
    feed = Feed()
    diaries = _Diaries(rng, plan, scale, span, feed, terms)
    minute = 60_000
    world = World(
        items=diaries.items(),
        terms=terms,
        span=span,
        feed=feed,
        scale=scale,
        settle=rng.choice((5, 10, 15, 30)) * minute,
        push_settle=rng.choice((5, 10, 15, 30)) * minute,
    )
    tempt(rng, world, pushes=plan.pushes)
    return world


def random_span(rng: Random) -> Span:
    capture = EPOCH + rng.randint(0, 90 * 24 * HOUR)
    hours = rng.choice((1, 2, 8, 24, 72))
    start = capture - hours * HOUR - rng.randint(0, HOUR)
    return Span(start, capture, capture + rng.randint(1, 40) * MINUTE)


@dataclass
class _Diaries:
    """Writes the history of every shelf of a world."""

    rng: Random
    plan: Plan
    scale: int
    span: Span
    feed: Feed
    terms: Terms

    def items(self) -> list[Item]:
        if not self.plan.components:
            return [Item("SKU-1", 0, self._places("SKU-1", self.feed))]
        return [
            Item(sku, self.rng.choice((1, 1, 2, 3)), self._places(sku, None))
            for sku in (f"PART-{n + 1}" for n in range(self.plan.components))
        ]

    def _places(self, sku: str, feed: Feed | None) -> list[Place]:
        return [self._place(sku, f"depot-{n + 1}", feed) for n in range(self.plan.places)]

    def _place(self, sku: str, location: str, feed: Feed | None) -> Place:
        rng = self.rng
        diary = Diary(rng, sku, location, self.scale, self.span, feed)
        diary.pack, diary.backorders = self.terms.pack_size, self.terms.backorder > 0
        diary.write(rng.randint(*self.plan.events), rng.choice((0, 0, 1, 3)))
        share = rng.choice((50, 80)) if rng.random() < 0.1 else 100
        return Place(location, share, diary.opening, diary.movements)


def tempt(rng: Random, world: World, *, pushes: bool) -> None:
    """What surrounds a row and explains nothing of it."""
    if pushes and rng.random() < 0.4:
        world.pushes = seen_pushes(rng, world, rng.randint(1, 3))
    if rng.random() < 0.35:
        world.allocated = open_orders(world) // world.terms.pack_size
    if rng.random() < 0.25:
        add_order(rng, world, rng.randint(world.span.capture + 1, world.span.now))
    for number in range(rng.choice((0, 0, 1, 2))):
        here = rng.randint(0, 20 * world.scale)
        there = here if rng.random() < 0.7 else rng.randint(0, 20 * world.scale)
        world.siblings.append(Sibling(f"shop-{number + 1}", here, there))
    remember(rng, world)


def remember(rng: Random, world: World) -> None:
    """How the row stood at the capture before: not known, matching, or differing already."""
    at = rng.randint(world.span.start, world.span.capture - MINUTE)
    should = world.publishable(at)
    world.captures, world.previous = 1, None
    if rng.random() < 0.25:
        world.captures = rng.randint(2, 5)
        showed = other_than(rng, world, should)
        world.previous = Capture(at, showed, should, matched=False)
    elif rng.random() < 0.6:
        world.previous = Capture(at, should, should, matched=True)


def other_than(rng: Random, world: World, number: int) -> int:
    """A number without a reason."""
    while True:
        most = 2 * world.publishable() + 12 * world.scale
        if (other := rng.randint(0, most)) != number:
            return other


def add_order(rng: Random, world: World, at: int, packs: int = 0) -> Movement:
    """An order that only the channel knows of."""
    pack = world.terms.pack_size
    quantity = (packs or rng.randint(1, 4 * world.scale)) * pack
    sku = "KIT-1" if world.kit else world.items[0].sku
    order = Movement(MovementKind.RESERVE, sku, FRONT, quantity, at, "channel", "", f"ch-new-{at}")
    world.feed.tell(order, at)
    return order


def seen_pushes(rng: Random, world: World, number: int) -> list[Push]:
    """Pushes of what was publishable then, each read back soon."""
    first, last = world.span.start, world.span.capture - 2 * MINUTE
    pushes, before = [], None
    for index, at in enumerate(sorted(rng.sample(range(first, last), number))):
        quantity = world.publishable(at)
        seen = at + rng.randint(1000, MINUTE)
        pushes.append(Push(f"push-{index + 1}", quantity, at, before, seen))
        before = quantity
    return pushes

"""What a run would know of a world: the facts of its row."""

from bench.corpus.shelf import Opening
from bench.corpus.world import Item, Place, World
from trueup.domain.stock import Position
from trueup.explain.facts import Component, Facts, Snapshot, Stock


def facts_of(world: World, shown: int, *, tolerated: bool = False) -> Facts:
    """The row that shows so many channel units."""
    kit = world.kit
    return Facts(
        key="K-1",
        sku="KIT-1" if kit else world.items[0].sku,
        captured_at=world.span.capture,
        now=world.span.now,
        terms=world.terms,
        tolerated=tolerated,
        sellable=world.sellable(),
        publishable=world.publishable(),
        reported=shown,
        allocated=world.allocated,
        stocks=() if kit else _stocks(world.items[0], world),
        components=tuple(_component(item, world) for item in world.items) if kit else (),
        previous=world.previous,
        captures=world.captures,
        pushes=tuple(sorted(world.pushes, key=lambda push: push.accepted_at)),
        push_settle_seconds=world.push_settle // 1000,
        orders=tuple(sorted(world.feed.claims, key=lambda claim: claim.order)),
        order_references=frozenset(world.feed.known),
        siblings=tuple(world.siblings),
    )


def _component(item: Item, world: World) -> Component:
    return Component(item.sku, item.per_kit, _stocks(item, world))


def _stocks(item: Item, world: World) -> tuple[Stock, ...]:
    return tuple(_stock(place, world) for place in item.places)


def _stock(place: Place, world: World) -> Stock:
    if place.snapshots:
        return _stated(place, world)
    opening = place.opening
    return Stock(
        location=place.location,
        share=place.share,
        base=position_of(opening),
        base_at=world.span.start,
        in_transit=sum(opening.inbound.values()),
        nets={("committed", reference): units for reference, units in opening.orders.items()}
        | {("in_transit", reference): units for reference, units in opening.inbound.items()},
        movements=tuple(place.movements),
        settle_seconds=world.settle // 1000,
    )


def _stated(place: Place, world: World) -> Stock:
    """A location that gives snapshots only: the newest up to the capture is what we know."""
    base = max((s for s in place.snapshots if s.at <= world.span.capture), key=lambda s: s.at)
    return Stock(
        location=place.location,
        share=place.share,
        base=base.position,
        base_at=base.at,
        snapshots=place.snapshots,
        snapshots_only=True,
        settle_seconds=world.settle // 1000,
    )


def position_of(opening: Opening) -> Position:
    """Every reference of an opening is open."""
    committed = opening.loose + sum(opening.orders.values())
    return Position(opening.on_hand, committed, opening.damaged, opening.on_hold)


def snapshot(at: int, sellable: int, held: int) -> Snapshot:
    return Snapshot(at, Position(on_hand=sellable + held, on_hold=held))

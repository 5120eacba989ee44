"""Every single fault that this world's evidence allows: what may be injected, and what rivals it.

`sure` faults meet their definition beyond doubt and may be injected. The others are in a grey zone
of it: never injected, but a case whose number one of them gives too is not called clear.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bench.corpus.world import CLEAR, Item, Place, Sight, World
from trueup.domain.movements import Movement, MovementKind
from trueup.explain.facts import Cause

SELLS = (MovementKind.RESERVE, MovementKind.SHIP, MovementKind.BACK_ORDER)


@dataclass(frozen=True)
class Fault:
    """`oldest`: when what the channel does not know yet began, ms; None: it does not pass."""

    cause: Cause
    sight: Sight
    sure: bool = True
    oldest: int | None = None


def possible(world: World) -> list[Fault]:
    """All but those that fit any number (see `wild.py`)."""
    return [fault for kind in _KINDS for fault in kind(world)]


def effects(world: World) -> list[tuple[Movement, int]]:
    """Movements up to the capture, and by how much each changed what its place can sell."""
    found = []
    for place, movement in world.before_capture():
        after = place.counted(movement.occurred_at).sellable
        before = place.counted(movement.occurred_at - 1).sellable
        found.append((movement, after - before))
    return found


def _lag(world: World) -> Iterator[Fault]:
    for movement, effect in effects(world):
        if effect:
            at = movement.occurred_at
            yield Fault(Cause.LAG, Sight(until=at - 1), oldest=at)


def _missed(world: World) -> Iterator[Fault]:
    moved = effects(world)
    for index, (movement, _) in enumerate(moved):
        if not any(effect for _, effect in moved[index + 1 :]):
            continue
        age = world.span.capture - movement.occurred_at
        sight = Sight(missed=movement.id)
        sure = age > world.settle and _later_shows(world, sight, movement)
        yield Fault(Cause.MISSED_EVENT, sight, sure)


def _later_shows(world: World, sight: Sight, movement: Movement) -> bool:
    """Whether what came later changed the number, with the movement missing."""
    now = world.shown(sight)
    lagging = Sight(missed=movement.id, until=movement.occurred_at)
    return world.shown(lagging) != now


def _twice(world: World) -> Iterator[Fault]:
    for _, movement in world.before_capture():
        yield Fault(Cause.DUPLICATE_EVENT, Sight(twice=movement.id))


def _in_transit(world: World) -> Iterator[Fault]:
    if any(place.counted(world.span.capture).in_transit for place in world.places):
        yield Fault(Cause.IN_TRANSIT, Sight(counts=frozenset({"in_transit"})))


def _hold_shown(world: World) -> Iterator[Fault]:
    have = [place.counted(world.span.capture) for place in world.places]
    for counts in (("on_hold",), ("damaged",), ("on_hold", "damaged")):
        if any(getattr(counted, bucket) for counted in have for bucket in counts):
            yield Fault(Cause.HOLD_SHOWN, Sight(counts=frozenset(counts)))


def _pool(world: World) -> Iterator[Fault]:
    locations = sorted({place.location for place in world.places})
    if len(locations) > 1:
        for location in locations:
            yield Fault(Cause.POOL, Sight(left_out=location), sure=not world.kit)
            yield Fault(Cause.POOL, Sight(alone=location), sure=not world.kit)


def _kit(world: World) -> Iterator[Fault]:
    if len(world.items) > 1:
        scarcest = min(world.items, key=lambda item: _pooled(item, world) // item.per_kit)
        yield Fault(Cause.KIT_COMPONENT, Sight(blind=scarcest.sku))


def _packs(world: World) -> Iterator[Fault]:
    if world.terms.pack_size > 1:
        for packing in ("times", "by", "unpacked"):
            rest = packing == "by" and world.publishable() % world.terms.pack_size
            capped = packing == "unpacked" and world.terms.cap is not None
            yield Fault(Cause.PACK_AS_UNITS, Sight(packing=packing), sure=not (rest or capped))


def not_imported(world: World) -> list[Movement]:
    """The channel's orders up to the capture that our ledger has not, each once."""
    orders = {
        claim.reference: claim
        for claim in reversed(world.feed.claims)
        if claim.occurred_at <= world.span.capture and claim.reference not in world.feed.known
    }
    return list(orders.values())


def _orders(world: World) -> Iterator[Fault]:
    missing = not_imported(world)
    if missing:
        oldest = min(claim.occurred_at for claim in missing)
        yield from _sold(world, Cause.ORDERS_NOT_IMPORTED, sum(c.quantity for c in missing), oldest)


def _channel_sold(world: World) -> Iterator[Fault]:
    """The first sale that is dated after the capture, or the first few of them."""
    sales = sorted(
        (movement.order, movement.sku, _fell(place, movement, 100), _fell(place, movement))
        for place in world.places
        for movement in place.movements
        if movement.occurred_at > world.span.capture and movement.kind in SELLS
    )
    units, drawn = 0, Counter[str]()
    for _, sku, fell, of_share in sales:
        units += fell
        drawn[sku] += of_share
        if fell and world.kit:
            yield Fault(Cause.CHANNEL_SOLD, Sight(drawn=_kits_less(world, drawn)), sure=False)
        elif fell:
            yield from _sold(world, Cause.CHANNEL_SOLD, units, world.span.capture, drawn[sku])


def _kits_less(world: World, drawn: Counter[str]) -> int:
    """How many kits fewer there are without these units of components."""
    left = [(_pooled(item, world) - drawn[item.sku]) // item.per_kit for item in world.items]
    return world.sellable() - min(left)


def _pooled(item: Item, world: World) -> int:
    at = world.span.capture
    return sum(place.counted(at).sellable * place.share // 100 for place in item.places)


def _fell(place: Place, movement: Movement, share: int | None = None) -> int:
    share = place.share if share is None else share
    before = place.counted(movement.occurred_at - 1).sellable * share // 100
    return max(0, before - place.counted(movement.occurred_at).sellable * share // 100)


def _sold(
    world: World, cause: Cause, units: int, oldest: int, drawn: int | None = None
) -> Iterator[Fault]:
    """The channel takes what it sells off the number it shows; our terms may say otherwise.

    Where a cap, a floor or a share lies between the two, the definition can be read both ways:
    such a sale is grey. `drawn`: what our sellable falls by, where that is not the same.
    """
    packs, rest = divmod(units, world.terms.pack_size)
    direct, termed = Sight(sold=packs), Sight(drawn=units if drawn is None else drawn)
    sure = rest == 0 and world.shown(direct) == world.shown(termed)
    yield Fault(cause, direct, sure, oldest)
    yield Fault(cause, termed, sure=False)


def open_orders(world: World) -> int:
    """Base units of the channel's own orders that were neither shipped nor cancelled."""
    ours = {claim.reference for claim in world.feed.claims}
    total = 0
    for place in world.places:
        net: dict[str, int] = {}
        for movement in place.movements:
            if movement.reference in ours and movement.occurred_at <= world.span.capture:
                sign = _SIGNS.get(MovementKind(movement.kind), 0)
                net[movement.reference] = net.get(movement.reference, 0) + sign * movement.quantity
        total += sum(units for units in net.values() if units > 0)
    return total


_SIGNS = {MovementKind.RESERVE: 1, MovementKind.RELEASE: -1, MovementKind.SHIP: -1}


def _reserved(world: World) -> Iterator[Fault]:
    pack = world.terms.pack_size
    found = {world.allocated, open_orders(world) // pack} if not world.kit else {world.allocated}
    for packs in sorted(found - {0}):
        direct = Sight(taken_off=packs)
        drawn = Sight(drawn=packs * pack)
        known = world.allocated in {packs, 0}
        sure = known and world.shown(direct) == world.shown(drawn)
        yield Fault(Cause.RESERVATION_TWICE, direct, sure)
        yield Fault(Cause.RESERVATION_TWICE, drawn, sure=False)


def _push(world: World) -> Iterator[Fault]:
    """Grey where nobody read what was shown before it: the push before that one may tell."""
    older = sorted(world.pushes, key=lambda push: push.accepted_at)
    if not older or older[-1].seen_at is not None:
        return
    newest, before = older[-1], older[-1].before
    if before is None and len(older) > 1:
        before = older[-2].quantity
    if before is not None:
        sure = newest.before is not None and newest.quantity == world.publishable()
        yield Fault(Cause.PUSH_NOT_VISIBLE, Sight(shows=before), sure, newest.accepted_at)


def _swapped(world: World) -> Iterator[Fault]:
    ours = world.shown(CLEAR)
    for other in world.siblings:
        if other.reported == ours != other.publishable:
            yield Fault(Cause.SWAPPED_LOCATIONS, Sight(shows=other.publishable))


_KINDS = (
    _push,
    _orders,
    _channel_sold,
    _lag,
    _reserved,
    _missed,
    _twice,
    _in_transit,
    _hold_shown,
    _swapped,
    _packs,
    _kit,
    _pool,
)

"""What must have happened around a row for a cause to be possible: one stage per cause."""

from collections.abc import Callable
from random import Random

from bench.corpus.faults import open_orders
from bench.corpus.history import MINUTE, replace_movement
from bench.corpus.making import Plan, add_order, make, other_than, seen_pushes
from bench.corpus.shelf import Opening
from bench.corpus.telling import snapshot
from bench.corpus.world import CLEAR, World
from trueup.domain.movements import Movement, MovementKind
from trueup.explain.facts import Capture, Cause, Push, Sibling

Stage = Callable[[Random, World], None]


def staged(rng: Random, *causes: Cause, pushes: bool = True) -> World:
    """A world in which all these causes may be found."""
    world = make(rng, plan_for(rng, causes, pushes=pushes))
    for cause in causes:
        STAGES.get(cause, _nothing)(rng, world)
    return world


def plan_for(rng: Random, causes: tuple[Cause, ...], *, pushes: bool = True) -> Plan:
    kits = Cause.KIT_COMPONENT in causes
    alone = {Cause.CHANNEL_SOLD, Cause.RESERVATION_TWICE, Cause.MOVED_BETWEEN_SNAPSHOTS, Cause.POOL}
    may_be_kit = not alone.intersection(causes)
    components = rng.choice((2, 2, 3)) if kits or (may_be_kit and rng.random() < 0.12) else 0
    pooled = Cause.POOL in causes or (not components and rng.random() < 0.15)
    if Cause.MOVED_BETWEEN_SNAPSHOTS in causes:
        return Plan(events=(0, 0), pushes=False)
    return Plan(
        places=rng.choice((2, 2, 3)) if pooled else 1,
        components=components,
        packs=True if Cause.PACK_AS_UNITS in causes else None,
        pushes=pushes,
    )


def _nothing(rng: Random, world: World) -> None:
    """The history has it already."""


def _unimported(rng: Random, world: World) -> None:
    """One to three orders; some were shipped at once, which the feed says too."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = world.span.capture - rng.randint(1000, 2 * world.settle)
        most = world.publishable()
        order = add_order(rng, world, at, rng.randint(1, max(1, min(most, 4 * world.scale))))
        if rng.random() < 0.15:
            shipped = replace_movement(order, kind=MovementKind.SHIP)
            world.feed.tell(shipped, min(at + MINUTE, world.span.capture))


def _sold_late(rng: Random, world: World) -> None:
    """Sold before the capture, dated by our ledger soon after it, before all else."""
    place = rng.choice(world.places)
    later = [m.occurred_at for p in world.places for m in p.movements]
    first = min((at for at in later if at > world.span.capture), default=world.span.now)
    room = range(world.span.capture + 1, first)
    if len(room) < 2:
        return
    for at in rng.sample(room, rng.choice((1, 1, 1, 2))):
        packs = rng.randint(1, max(1, min(world.publishable(), 4 * world.scale)))
        units = packs * world.terms.pack_size
        order = Movement(
            MovementKind.RESERVE,
            "SKU-1",
            place.location,
            units,
            at,
            "wms",
            f"late-{at}",
            f"ch-{at}",
        )
        place.movements.append(order)
        if rng.random() < 0.7:
            world.feed.tell(order, world.span.capture - rng.randint(1000, 2 * MINUTE))
            world.feed.known.add(order.reference)
    place.changed()


def _reserved(rng: Random, world: World) -> None:
    """The channel states what it has reserved, or its feed lets us know, or both."""
    world.allocated = open_orders(world) // world.terms.pack_size
    if world.allocated and rng.random() < 0.3:
        world.feed.claims, world.feed.known = [], set()
    elif rng.random() < 0.3:
        world.allocated = 0


def _hidden_push(rng: Random, world: World) -> None:
    """The newest push sets what is right, and is not seen yet.

    Where nobody read what was shown before it, an older push that was seen may tell.
    """
    last = max((m.occurred_at for _, m in world.before_capture()), default=world.span.start)
    earliest = max(last + 1, world.span.capture - 2 * world.push_settle)
    accepted = rng.randint(earliest, max(earliest, world.span.capture - 1))
    world.pushes = [p for p in world.pushes if p.accepted_at < accepted]
    should = world.publishable()
    before = world.pushes[-1].quantity if world.pushes else should
    read = before == should or rng.random() < 0.6
    before = other_than(rng, world, should) if read else before
    world.pushes.append(Push("push-new", should, accepted, before if read else None, None))


def _swap(rng: Random, world: World) -> None:
    ours = world.shown(CLEAR)
    world.siblings.insert(0, Sibling("shop-9", other_than(rng, world, ours), ours))


def _newest_seen(rng: Random, world: World) -> None:
    """Our newest push arrived and was seen after the capture before."""
    world.pushes = seen_pushes(rng, world, rng.randint(1, 3))
    if world.previous and world.previous.at > world.pushes[-1].accepted_at:
        world.previous = None


def _quiet_since(rng: Random, world: World) -> None:
    """Nothing has happened since a capture that showed the right number."""
    world.pushes, world.captures = [], 1
    happened = [m.occurred_at for _, m in world.before_capture()]
    happened += [c.occurred_at for c in world.feed.claims if c.occurred_at <= world.span.capture]
    last = max(happened, default=world.span.start)
    if last + 1 < world.span.capture:
        at, should = rng.randint(last + 1, world.span.capture - 1), world.publishable()
        known = rng.random() < 0.85
        world.previous = Capture(at, should, should if known else None, matched=known)


def _snapshots(rng: Random, world: World) -> None:
    """Two to four snapshots; the last of them may be after the capture, or not be there yet."""
    place, span, scale = world.places[0], world.span, world.scale
    have, held = rng.randint(0, 40 * scale), rng.choice((0, rng.randint(1, 3 * scale)))
    before = rng.randint(span.start, span.capture)
    older = snapshot(before - rng.randint(1, 6) * 60 * MINUTE, rng.randint(0, 40 * scale), held)
    newer = snapshot(
        rng.randint(span.capture + 1, span.now), max(0, have + rng.randint(-9, 9) * scale), held
    )
    place.opening = Opening(have + held, on_hold=held)
    place.movements = []
    place.changed()
    place.snapshots = (older, snapshot(before, have, held))
    world.feed.claims, world.feed.known = [], set()
    world.captures, world.previous = rng.choice((1, 1, 2, 3)), None
    if world.captures == 1 and rng.random() < 0.3:
        should = world.publishable()
        world.previous = Capture(before + 1, should, should, matched=True)
    if rng.random() < 0.7:
        place.snapshots = (*place.snapshots, newer)


STAGES: dict[Cause, Stage] = {
    Cause.ORDERS_NOT_IMPORTED: _unimported,
    Cause.CHANNEL_SOLD: _sold_late,
    Cause.RESERVATION_TWICE: _reserved,
    Cause.PUSH_NOT_VISIBLE: _hidden_push,
    Cause.SWAPPED_LOCATIONS: _swap,
    Cause.OVERWRITTEN: _newest_seen,
    Cause.HAND_EDIT: _quiet_since,
    Cause.MOVED_BETWEEN_SNAPSHOTS: _snapshots,
}

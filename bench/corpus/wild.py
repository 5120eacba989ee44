"""Causes that any number fits, wherever what surrounds it is so."""

from bench.corpus.faults import effects
from bench.corpus.policy import steps
from bench.corpus.world import Place, World
from trueup.explain.facts import Cause


def wildcards(world: World, shown: int) -> set[Cause]:
    """Causes that fit any number, wherever what surrounds them is so."""
    found = set()
    newest = max(world.pushes, key=lambda push: push.accepted_at, default=None)
    if newest and newest.seen_at is not None and newest.quantity != shown:
        found.add(Cause.OVERWRITTEN)
    if _quiet(world) and world.previous and world.previous.reported != shown:
        found.add(Cause.HAND_EDIT)
    if any(_between(world, place, shown) for place in world.places):
        found.add(Cause.MOVED_BETWEEN_SNAPSHOTS)
    return found


def _quiet(world: World) -> bool:
    """The previous capture showed what this one should, and nothing that counts happened since.

    Movements that change nothing sellable (goods put away, picked, announced) do not count.
    """
    before = world.previous
    if before is None or not (before.matched or before.reported == world.publishable()):
        return False
    happened = [movement.occurred_at for movement, effect in effects(world) if effect]
    happened += [claim.occurred_at for claim in world.feed.claims]
    happened += [push.accepted_at for push in world.pushes]
    return not any(before.at < at <= world.span.capture for at in happened)


def _between(world: World, place: Place, shown: int) -> bool:
    """Whether the number lies between the snapshots about the capture, or the next is missing."""
    if not place.snapshots:
        return False
    later = [s for s in place.snapshots if s.at > world.span.capture]
    if not later:
        return True
    after = steps((later[0].position.sellable or 0) * place.share // 100, world.terms)[0]
    return min(after, world.publishable()) <= shown <= max(after, world.publishable())

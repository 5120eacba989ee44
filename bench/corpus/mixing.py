"""Two faults at once, and numbers without a reason."""

from collections.abc import Iterator
from itertools import combinations
from random import Random

from bench.corpus.cases import Case, Draws, chosen, passing, rivals_of, visible
from bench.corpus.faults import Fault, possible
from bench.corpus.making import Plan, make, other_than
from bench.corpus.policy import steps
from bench.corpus.staging import staged
from bench.corpus.telling import facts_of
from bench.corpus.wild import wildcards
from bench.corpus.world import World
from trueup.domain.outcomes import Outcome
from trueup.explain.facts import Cause

MIXED = (
    Cause.LAG,
    Cause.MISSED_EVENT,
    Cause.DUPLICATE_EVENT,
    Cause.ORDERS_NOT_IMPORTED,
    Cause.CHANNEL_SOLD,
    Cause.RESERVATION_TWICE,
    Cause.IN_TRANSIT,
    Cause.HOLD_SHOWN,
)
PAIRS = tuple(combinations(MIXED, 2))


def mixtures(seed: int, wanted: int, draws: Draws) -> Iterator[Case]:
    """Two faults at once. Ambiguous where one fault, or another two, give the same number."""
    rng, found = Random(f"{seed}/mixtures"), 0
    for attempt in range(wanted * 200):
        case = _mixture(rng, PAIRS[attempt % len(PAIRS)], f"mixture/{seed}/{attempt}")
        draws[case.group if case else "no effect"] += 1
        if case:
            found += case.group == "mixture"
            yield case
        if found == wanted:
            return


def _mixture(rng: Random, pair: tuple[Cause, Cause], name: str) -> Case | None:
    world = staged(rng, *pair, pushes=False)
    faults = possible(world)
    first, second = (
        chosen(rng, world, c, [f for f in faults if f.cause is c and visible(world, f)])
        for c in pair
    )
    if first is None or second is None or not (first.sure and second.sure):
        return None
    both = first.sight.also(second.sight)
    shown = -1 if both is None else world.shown(both)
    alone = {world.shown(first.sight), world.shown(second.sight), world.publishable()}
    if shown < 0 or shown in alone or wildcards(world, shown):
        return None
    rivals = rivals_of(world, faults, shown)
    group = "ambiguous mixture" if rivals or _other_pair(world, faults, shown, pair) else "mixture"
    return _mixed(world, shown, (first, second), name, group, rivals)


def _mixed(
    world: World,
    shown: int,
    faults: tuple[Fault, Fault],
    name: str,
    group: str,
    rivals: frozenset[Cause],
) -> Case:
    pack, first, second = world.terms.pack_size, faults[0], faults[1]
    gap = (world.publishable() - shown) * pack
    one, two = ((world.publishable() - world.shown(f.sight)) * pack for f in faults)
    splits = (
        ((first.cause, one), (second.cause, gap - one)),
        ((first.cause, gap - two), (second.cause, two)),
    )
    facts, policy = facts_of(world, shown), steps(world.sellable(), world.terms)[1]
    about = f"{first.cause} + {second.cause}"
    outcomes = [passing(world, f) for f in faults]
    outcome = outcomes[0] if outcomes[0] == outcomes[1] else None
    if Outcome.EXCEPTION in outcomes:
        outcome = Outcome.EXCEPTION
    return Case(name, group, about, facts, policy, splits[0], rivals, splits, outcome)


def _other_pair(world: World, faults: list[Fault], shown: int, pair: tuple[Cause, ...]) -> bool:
    """Whether two faults of another pair of causes give the number too."""
    distinct = {(fault.cause, fault.sight): fault for fault in faults}.values()
    for one, other in combinations(distinct, 2):
        if {one.cause, other.cause} != set(pair):
            both = one.sight.also(other.sight)
            if both is not None and world.shown(both) == shown:
                return True
    return False


def noise(seed: int, wanted: int, draws: Draws) -> Iterator[Case]:
    """A number without a reason; coincident where one fault or two happen to give it too."""
    rng, found = Random(f"{seed}/noise"), 0
    for attempt in range(wanted * 50):
        world = make(rng, Plan(pushes=False, places=rng.choice((1, 1, 1, 2))))
        shown = other_than(rng, world, world.publishable())
        if wildcards(world, shown):
            draws["no effect"] += 1
            continue
        faults = possible(world)
        rivals = rivals_of(world, faults, shown)
        paired = not rivals and _other_pair(world, faults, shown, ())
        group = "one-cause noise" if rivals else "two-cause noise" if paired else "noise"
        draws[group] += 1
        found += group == "noise"
        name, facts = f"noise/{seed}/{attempt}", facts_of(world, shown)
        policy = steps(world.sellable(), world.terms)[1]
        yield Case(name, group, "noise", facts, policy, (), rivals, (), Outcome.EXCEPTION)
        if found == wanted:
            return

"""Cases: a world, the number its channel shows, and why it shows it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from bench.corpus.faults import Fault, possible
from bench.corpus.making import other_than
from bench.corpus.policy import Truth, steps
from bench.corpus.staging import staged
from bench.corpus.telling import facts_of
from bench.corpus.wild import wildcards
from bench.corpus.world import CLEAR, World
from trueup.domain.outcomes import Outcome
from trueup.explain.facts import Cause, Facts

WILD = (Cause.OVERWRITTEN, Cause.HAND_EDIT, Cause.MOVED_BETWEEN_SNAPSHOTS)
POLICY = (
    Cause.ALLOCATION,
    Cause.BUFFER,
    Cause.BACKORDER,
    Cause.FLOOR_AT_ZERO,
    Cause.PACK_REMAINDER,
    Cause.CAP,
)
STATED = (Cause.ORDERS_NOT_IMPORTED, Cause.RESERVATION_TWICE, Cause.PUSH_NOT_VISIBLE)
"""The evidence itself says how much: there is but one fault of the cause."""
DYNAMIC = tuple(cause for cause in Cause if cause not in POLICY)


@dataclass(frozen=True)
class Case:
    """`truth`: dynamic causes and base units. `group`: how it is scored. `about`: drawn for it.

    `rivals`: other causes that give the same number. `splits`: for two causes, what each changes
    when it comes first. `outcome`: where it is beyond doubt.
    """

    name: str
    group: str
    about: str
    facts: Facts
    policy: Truth
    truth: Truth = ()
    rivals: frozenset[Cause] = frozenset()
    splits: tuple[Truth, ...] = ()
    outcome: Outcome | None = None

    @property
    def gap(self) -> int:
        """Base units."""
        return (self.facts.publishable - self.facts.reported) * self.facts.terms.pack_size


Draws = Counter[str]
"""How often a draw came to what: kept, no effect, ambiguous, contested."""


def singles(seed: int, cause: Cause, wanted: int, draws: Draws) -> Iterator[Case]:
    """Cases of one cause until so many are clear; the ambiguous ones on the way too."""
    rng, found = Random(f"{seed}/{cause}"), 0
    for attempt in range(wanted * 200):
        case = _single(rng, cause, f"{cause}/{seed}/{attempt}")
        draws[case.group if case else "no effect"] += 1
        if case:
            found += case.group == "single"
            yield case
        if found == wanted:
            return


def _single(rng: Random, cause: Cause, name: str) -> Case | None:
    world = staged(rng, cause)
    return _wild(rng, world, cause, name) if cause in WILD else _caused(rng, world, cause, name)


def _caused(rng: Random, world: World, cause: Cause, name: str) -> Case | None:
    faults = possible(world)
    mine = [f for f in faults if f.cause is cause and visible(world, f)]
    if not mine:
        return None
    fault = chosen(rng, world, cause, mine)
    if fault is None:
        return None
    shown = world.shown(fault.sight)
    rivals = rivals_of(world, faults, shown) - {cause}
    group = "contested" if not fault.sure else "ambiguous" if rivals else "single"
    return _case(world, shown, (cause,), name, group, rivals, _agreed(world, mine, shown))


def chosen(rng: Random, world: World, cause: Cause, mine: list[Fault]) -> Fault | None:
    """Any that is sure; of sales all that were staged, wherever the terms leave it open."""
    if cause is Cause.CHANNEL_SOLD:
        late = sum(m.id.startswith("late-") for place in world.places for m in place.movements)
        mine = [fault for fault in mine if not fault.sight.drawn][late - 1 : late] if late else []
        return mine[0] if mine else None
    if cause in STATED:
        mine = [fault for fault in mine if not fault.sight.drawn]
        return mine[0] if mine else None
    sure = [fault for fault in mine if fault.sure]
    return rng.choice(sure) if sure else None


def visible(world: World, fault: Fault) -> bool:
    shown = world.shown(fault.sight)
    return shown >= 0 and shown != world.publishable()


def rivals_of(world: World, faults: list[Fault], shown: int) -> frozenset[Cause]:
    """Causes of which a single fault gives this number."""
    return frozenset(f.cause for f in faults if world.shown(f.sight) == shown)


def _wild(rng: Random, world: World, cause: Cause, name: str) -> Case | None:
    shown = other_than(rng, world, world.publishable())
    found = wildcards(world, shown)
    if cause not in found:
        return None
    rivals = (rivals_of(world, possible(world), shown) | found) - {cause}
    passes = cause is Cause.MOVED_BETWEEN_SNAPSHOTS and world.captures == 1
    outcome = Outcome.EXPLAINED if passes else Outcome.EXCEPTION
    group = "ambiguous" if rivals else "single"
    return _case(world, shown, (cause,), name, group, rivals, outcome)


def _agreed(world: World, mine: list[Fault], shown: int) -> Outcome | None:
    """What the outcome must be; None where faults of the cause that look alike differ in it."""
    outcomes = {passing(world, fault) for fault in mine if world.shown(fault.sight) == shown}
    return outcomes.pop() if len(outcomes) == 1 else None


def passing(world: World, fault: Fault) -> Outcome | None:
    """What the outcome must be; None where it turns on when the age is taken."""
    if fault.cause is Cause.CHANNEL_SOLD:
        return Outcome.EXPLAINED
    if fault.oldest is None:
        return Outcome.EXCEPTION
    limit = world.push_settle if fault.cause is Cause.PUSH_NOT_VISIBLE else world.settle
    young = {at - fault.oldest < limit for at in (world.span.capture, world.span.now)}
    if len(young) > 1:
        return None
    return Outcome.EXPLAINED if young.pop() else Outcome.EXCEPTION


def _case(
    world: World,
    shown: int,
    causes: tuple[Cause, ...],
    name: str,
    group: str,
    rivals: frozenset[Cause],
    outcome: Outcome | None,
) -> Case:
    gap = (world.publishable() - shown) * world.terms.pack_size
    facts, policy = facts_of(world, shown), steps(world.sellable(), world.terms)[1]
    truth = tuple((cause, gap) for cause in causes)
    return Case(name, group, causes[0].value, facts, policy, truth, rivals, (), outcome)


def matches(seed: int, wanted: int) -> Iterator[Case]:
    """Right numbers under all kinds of terms, and every fourth wrong but within tolerance."""
    rng = Random(f"{seed}/matches")
    for attempt in range(wanted):
        world = staged(rng)
        shown, tolerated = world.shown(CLEAR), attempt % 4 == 3
        if tolerated:
            shown = other_than(rng, world, shown)
        facts, policy = (
            facts_of(world, shown, tolerated=tolerated),
            steps(world.sellable(), world.terms)[1],
        )
        about, group = ("within tolerance", "tolerated") if tolerated else ("exact", "match")
        name = f"match/{seed}/{attempt}"
        yield Case(name, group, about, facts, policy, outcome=Outcome.MATCH)


def policies(seed: int, cause: Cause, wanted: int) -> Iterator[Case]:
    """The right number, with this policy at work between it and sellable."""
    rng, found = Random(f"{seed}/{cause}"), 0
    while found < wanted:
        world = staged(rng)
        shown, policy = steps(world.sellable(), world.terms)
        if any(taken is cause for taken, _ in policy):
            name, found = f"{cause}/{seed}/{found}", found + 1
            yield Case(name, "policy", cause, facts_of(world, shown), policy, outcome=Outcome.MATCH)

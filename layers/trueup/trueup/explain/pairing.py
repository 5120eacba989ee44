"""Two causes that together give what the channel shows: a bounded search, and no guesses.

Movements are many and numbers are small, so that some two of them nearly always fit. A pair is
given only where no other causes fit as well, and where few of all the numbers that the channel
might show would have had one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import NamedTuple

from trueup.explain.channels import reserved_twice
from trueup.explain.facts import Cause
from trueup.explain.predicting import Candidate, Row, both
from trueup.explain.replaying import Parts, trail_of
from trueup.explain.standing import held, under_way

MAX_PAIRS = 64
"""Where more than so many could be made of like causes, some fit by chance: none is sought."""

Pair = tuple[Candidate, Candidate]
Causes = tuple[Cause, Cause]

_FACTS = (Cause.PUSH_NOT_VISIBLE, Cause.ORDERS_NOT_IMPORTED)
_STATES: dict[Cause, Callable[[Row, Sequence[Parts]], Iterator[Candidate]]] = {
    Cause.RESERVATION_TWICE: reserved_twice,
    Cause.IN_TRANSIT: under_way,
    Cause.HOLD_SHOWN: held,
}
_SOLD = (Cause.CHANNEL_SOLD,)
_MOVED = (Cause.LAG, Cause.MISSED_EVENT, Cause.DUPLICATE_EVENT)


class Tier(NamedTuple):
    """Causes that are paired, and the share of all numbers that may have such a pair."""

    causes: tuple[Causes, ...]
    most: float


def _tier(ones: Iterable[Cause], others: Iterable[Cause], most: float) -> Tier:
    """Every two of different causes once."""
    pairs = {frozenset(two): two for two in reversed([*product(ones, others)])}
    return Tier(tuple(two for two in reversed([*pairs.values()]) if two[0] != two[1]), most)


TIERS = (
    _tier(_FACTS, _FACTS, 1.0),
    _tier(_FACTS, _STATES, 1.0),
    _tier(_STATES, _STATES, 1.0),
    _tier(_FACTS, _MOVED, 0.5),
    _tier((*_FACTS, *_STATES), _SOLD, 0.5),
    _tier(_STATES, _MOVED, 0.25),
    _tier((*_SOLD, *_MOVED), _MOVED, 0.25),
)
"""The surest first."""


def pair(row: Row, candidates: Mapping[Cause, list[Candidate]]) -> Pair | None:
    """The pair that alone gives exactly what is reported. None: none does, or more than one."""
    if not _can_pair(candidates):
        return None
    some = {
        cause: [one for one in found if effect(row, one) != 0]
        for cause, found in candidates.items()
    }
    for tier in TIERS:
        made = list(islice(_made(row, some, tier.causes), MAX_PAIRS + 1))
        if len(made) > MAX_PAIRS:
            return None
        tried = [(two, _together(row, *two)) for two in made if _compatible(*two)]
        fitting = [two for two, shown in tried if row.facts.reported in shown and _exact(row, *two)]
        if fitting:
            alike = len({(one.cause, other.cause) for one, other in fitting}) == 1
            rare = _share(row, [shown for _, shown in tried]) <= tier.most
            return fitting[0] if rare and alike else None
    return None


def _can_pair(candidates: Mapping[Cause, list[Candidate]]) -> bool:
    """Whether there are two causes at all: for most rows there are not. A lag brings its own."""
    causes = [cause for cause, found in candidates.items() if found]
    return len(causes) > 1 or causes == [Cause.LAG]


def effect(row: Row, candidate: Candidate) -> int:
    """Channel units by which the channel would show more than is publishable."""
    through = row.predicted(candidate) - row.facts.publishable
    return through or -(candidate.taken_off // row.pack)


def _made(
    row: Row, some: Mapping[Cause, list[Candidate]], causes: Iterable[Causes]
) -> Iterator[Pair]:
    for one, other in causes:
        if one in some and one in _STATES and other is Cause.LAG:
            yield from _stood(row, one, some.get(other, ()))
        else:
            yield from product(some.get(one, ()), some.get(other, ()))


def _stood(row: Row, cause: Cause, lags: Iterable[Candidate]) -> Iterator[Pair]:
    """What was there as of each lag: of what came since, the channel knows nothing.

    Its own reservations it knows at the capture: of these only what was open at both.
    """
    reserved = cause is Cause.RESERVATION_TWICE
    own = {one.sold for one in reserved_twice(row)} if reserved else {0}
    if not own:
        return
    for lag in lags:
        for state in _STATES[cause](row, row.parts_along[lag.place or 0]):
            if state.sold in own:
                yield state, lag


def _compatible(one: Candidate, other: Candidate) -> bool:
    """What the channel has not seen yet it can neither have missed nor counted twice."""
    if one.place is None or other.place is None:
        return True
    return other.place < one.place if one.cause is Cause.LAG else one.place != other.place


def _exact(row: Row, one: Candidate, other: Candidate) -> bool:
    """Whether a movement weighs as of the lag what it weighs now: later ones may net it."""
    if one.cause is not Cause.LAG or one.place is None or other.place is None:
        return True
    (step, i), as_of = row.timeline[other.place], _last_seen(row, one.place)
    trail = trail_of(row.trails[i].stock, as_of)
    steps = [] if trail is None else trail.steps
    then = [(s.without, s.twice) for s in steps if s.movement == step.movement]
    return then == [(step.without, step.twice)]


def _last_seen(row: Row, place: int) -> int:
    return row.timeline[place - 1][0].movement.occurred_at


def _together(row: Row, one: Candidate, other: Candidate) -> set[int]:
    """What the channel would show, never less than nothing."""
    changes, sales = both(one.changes, other.changes), both(one.sales, other.sales)
    two = Candidate(one.cause, one.evidence, changes, one.sold + other.sold, sales)
    shown = row.predictions(two)
    if one.shown is not None:
        shown = {one.shown + units - row.facts.publishable for units in shown}
    return {units for units in shown if units >= 0}


def _share(row: Row, shown: list[set[int]]) -> float:
    """Of the numbers up to the largest in question, how many have a pair."""
    numbers = set().union(*shown)
    largest = max(row.facts.reported, row.facts.publishable, *numbers)
    return len(numbers) / (largest + 1)

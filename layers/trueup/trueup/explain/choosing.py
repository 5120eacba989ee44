"""Which of the causes that may have been it is given: see "Dynamic" in docs/causes.md."""

from collections.abc import Callable, Iterator
from itertools import chain

import msgspec

from trueup.explain.channels import not_imported, not_visible, reserved_twice
from trueup.explain.events import doubled, lags, missed, sold_before
from trueup.explain.facts import Cause, Evidence
from trueup.explain.pairing import effect, pair
from trueup.explain.predicting import Candidate, Row
from trueup.explain.standing import held, members, other_components, packs, swapped, under_way
from trueup.explain.unmeasured import between_snapshots, by_somebody, overwritten, written_over

MAX_OTHERS = 5
"""So many other movements that would do as well are named."""

Family = Callable[[Row], Iterator[Candidate]]

_PRECEDENCE: tuple[tuple[Cause, Family, bool], ...] = (
    (Cause.PUSH_NOT_VISIBLE, not_visible, False),
    (Cause.ORDERS_NOT_IMPORTED, not_imported, False),
    (Cause.CHANNEL_SOLD, sold_before, True),
    (Cause.LAG, lags, True),
    (Cause.RESERVATION_TWICE, reserved_twice, False),
    (Cause.MISSED_EVENT, missed, True),
    (Cause.DUPLICATE_EVENT, doubled, True),
    (Cause.IN_TRANSIT, under_way, True),
    (Cause.HOLD_SHOWN, held, True),
    (Cause.SWAPPED_LOCATIONS, swapped, False),
    (Cause.PACK_AS_UNITS, packs, False),
    (Cause.KIT_COMPONENT, other_components, True),
    (Cause.POOL, members, True),
)
"""Whose prediction is exact, in order, and whether it needs the stocks replayed."""

_ONE_MOVEMENT = (Cause.MISSED_EVENT, Cause.DUPLICATE_EVENT)
_DATED = (Cause.LAG, *_ONE_MOVEMENT)
_ALWAYS = tuple((cause, family) for cause, family, replays in _PRECEDENCE if not replays)
_REPLAYED = tuple((cause, family) for cause, family, _ in _PRECEDENCE)
_ORDER = {cause: place for place, (cause, _, _) in enumerate(_PRECEDENCE)}


class Share(msgspec.Struct, frozen=True):
    """A cause that is given, its channel units of the gap, and what more its evidence says."""

    candidate: Candidate
    units: int
    more: Evidence = {}


def choose(row: Row, gap: int) -> list[Share]:
    """The causes of a gap (channel units, not 0); what they do not add up to is unexplained."""
    families = _REPLAYED if row.replayed else _ALWAYS
    candidates = {cause: list(family(row)) for cause, family in families}
    fitting = {
        cause: exact
        for cause, found in candidates.items()
        if found and (exact := [one for one in found if row.fits(one)])
    }
    if fitting:
        return [_first(_likelier_first(row, fitting), gap)]
    vague = _named(chain(by_somebody(row), between_snapshots(row)))
    if vague:
        return [_first(vague, gap)]
    return _paired(row, candidates, gap)


def _likelier_first(
    row: Row, fitting: dict[Cause, list[Candidate]]
) -> dict[Cause, list[Candidate]]:
    """Last what the capture before, which was right, would have shown already.

    Two wrongs may have made it right: what nothing rivals is given all the same.
    """
    before = row.facts.previous
    if len(fitting) <= 1 or before is None or before.reported is None:
        return fitting
    if before.reported != before.publishable:
        return fitting
    known = before.at - row.settle_most_ms
    doubted = {
        cause: found
        for cause, found in fitting.items()
        if cause in _DATED and all(one.since is not None and one.since <= known for one in found)
    }
    return {cause: fitting[cause] for cause in fitting if cause not in doubted} | doubted


def _named(candidates: Iterator[Candidate]) -> dict[Cause, list[Candidate]]:
    return {candidate.cause: [candidate] for candidate in candidates}


def _first(fitting: dict[Cause, list[Candidate]], gap: int) -> Share:
    cause, *also = fitting
    found = fitting[cause]
    more: Evidence = {"also": [other.value for other in also]} if also else {}
    if cause in _ONE_MOVEMENT and len(found) > 1:
        others = [str(one.evidence()["movement"]) for one in found[1 : MAX_OTHERS + 1]]
        more = more | {"others": others}
    return Share(found[0], gap, more)


def _paired(row: Row, candidates: dict[Cause, list[Candidate]], gap: int) -> list[Share]:
    found = pair(row, _since_push(row, candidates))
    if found is not None:
        return _shared(row, found, gap)
    vague = _named(overwritten(row, quiet=False))
    if vague:
        return [_first(vague, gap)]
    return _part(row, candidates, gap)


def _since_push(row: Row, candidates: dict[Cause, list[Candidate]]) -> dict[Cause, list[Candidate]]:
    """Where the channel showed our newest push, only what came since can explain the change."""
    push = written_over(row)
    if push is None:
        return candidates
    since = {
        cause: [one for one in found if one.since is not None and one.since > push.accepted_at]
        for cause, found in candidates.items()
    }
    return {cause: found for cause, found in since.items() if found}


def _shared(row: Row, found: tuple[Candidate, Candidate], gap: int) -> list[Share]:
    """The first of the list alone, and for the second the rest."""
    first, second = sorted(found, key=lambda one: _ORDER[one.cause])
    units = -effect(row, first)
    lagging = first.cause is Cause.LAG and second.place is None
    more: Evidence = {"as_of": first.evidence()["as_of"]} if lagging else {}
    return [Share(first, units), Share(second, gap - units, more)]


def _part(row: Row, candidates: dict[Cause, list[Candidate]], gap: int) -> list[Share]:
    """Orders that we lack are a fact: they are given where they bring the numbers nearer."""
    for orders in candidates[Cause.ORDERS_NOT_IMPORTED]:
        units = -effect(row, orders)
        if abs(gap - units) < abs(gap):
            return [Share(orders, units)]
    return []

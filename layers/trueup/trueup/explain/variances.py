"""Why a source states another position than its location's ledger expects. Pure.

`delta = expected sellable - stated sellable = sum of causes + unexplained`, in base units. What
was expected is what was known when the statement was taken over; what came later is a cause.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from msgspec.structs import replace

from trueup.domain.movements import Movement, MovementKind
from trueup.domain.stock import Position
from trueup.explain.variance_facts import (
    Evidence,
    Explained,
    Share,
    Told,
    VarianceCause,
    agree,
    buckets,
)
from trueup.ledger.fold import OCCURRED
from trueup.ledger.positions import PositionAt

MAX_NEAR = 50
"""Movements on each side of the instant that a cut-off is looked for among."""

MAX_TRIED = 100
"""Single movements that are tried; where more could be it, none is named."""


def explain_variance(told: Told) -> Explained | None:
    """None: one side does not say what is sellable, so there is nothing to compare."""
    now = told.standing.at(told.as_of)
    then = _then(told, now)
    stated = told.stated.sellable
    if then.sellable is None or now.sellable is None or stated is None:
        return None
    delta, left = then.sellable - stated, now.sellable - stated
    shares = list(_late(told, delta - left))
    if agree(now, told.stated):
        return _explained(told, then, now, delta, shares, 0)
    found = next(_whole(told, left), None)
    if found is not None:
        return _explained(told, then, now, delta, [*shares, found], 0)
    moved = _reclassified(now, told.stated)
    shares += moved
    return _explained(told, then, now, delta, shares, left - sum(s.units for s in moved))


def _then(told: Told, now: PositionAt) -> PositionAt:
    known = [m for m in told.standing.movements if m.recorded_at <= told.known_at]
    if len(known) == len(told.standing.movements):
        return now
    return replace(told.standing, movements=tuple(known)).at(told.as_of)


def _late(told: Told, units: int) -> Iterator[Share]:
    late = [
        m
        for m in told.standing.movements
        if m.recorded_at > told.known_at and m.occurred_at <= told.as_of
    ]
    if units:
        yield Share(VarianceCause.LATE, units, {"movements": _names(late), "count": len(late)})


def _explained(
    told: Told,
    then: PositionAt,
    now: PositionAt,
    delta: int,
    shares: Sequence[Share],
    unexplained: int,
) -> Explained:
    primary = _primary(now, told.stated, shares, unexplained)
    if not shares and agree(then, told.stated):
        primary = ""
    return Explained(then, now, told.stated, delta, tuple(shares), unexplained, primary)


def _primary(now: PositionAt, stated: Position, shares: Sequence[Share], unexplained: int) -> str:
    if not unexplained:
        most = max(shares, key=lambda share: abs(share.units), default=None)
        return str(most.cause) if most else ""
    if now.on_hand is None or stated.on_hand is None:
        return VarianceCause.UNEXPLAINED
    return VarianceCause.SHRINKAGE if unexplained > 0 else VarianceCause.SURPLUS


def _reclassified(now: PositionAt, stated: Position) -> list[Share]:
    """What goods of the same number on hand are: committed, damaged, on hold."""
    if now.on_hand is None or stated.on_hand is None:
        return []
    names = ("committed", "damaged", "on_hold")
    moved = {name: getattr(now, name) - getattr(stated, name) for name in names}
    if not any(moved.values()):
        return []
    return [Share(VarianceCause.RECLASSIFIED, -sum(moved.values()), moved)]


# Causes that explain all that is left ------------------------------------------------------------


def _whole(told: Told, left: int) -> Iterator[Share]:
    yield from _transit(told, left)
    yield from _cutoff(told, left)
    yield from _single(told, left)


def _transit(told: Told, left: int) -> Iterator[Share]:
    now = told.standing.at(told.as_of)
    under_way = now.in_transit
    if under_way <= 0:
        return
    if now.on_hand is None:
        fits = left == -under_way
    else:
        fits = agree(replace(now, on_hand=now.on_hand + under_way), told.stated)
    if fits:
        yield Share(VarianceCause.IN_TRANSIT, left, {"in_transit": under_way})


def _cutoff(told: Told, left: int) -> Iterator[Share]:
    """The first movements after the instant, or without the last before it."""
    standing, as_of = told.standing, told.as_of
    moves = standing.movements
    split = bisect_right(moves, as_of, key=OCCURRED)
    after = moves[split : bisect_right(moves, as_of + told.near, key=OCCURRED)]
    for until in _instants(after):
        if agree(standing.at(until), told.stated):
            seen = [m for m in after if m.occurred_at <= until]
            yield _share(VarianceCause.CUTOFF, left, seen, "after")
    before = moves[bisect_left(moves, as_of - told.near, key=OCCURRED) : split]
    for first in _instants(reversed(before)):
        if first > standing.base_at and agree(standing.at(first - 1), told.stated):
            unseen = [m for m in before if m.occurred_at >= first]
            yield _share(VarianceCause.CUTOFF, left, unseen, "before")


def _instants(movements: Iterable[Movement]) -> Iterator[int]:
    """Each once, in the order given."""
    return islice(dict.fromkeys(m.occurred_at for m in movements), MAX_NEAR)


def _single(told: Told, left: int) -> Iterator[Share]:
    """The one movement that the source lacks, or has twice; none where several would do."""
    if not told.whole:
        return
    moves = told.standing.movements
    moves = moves[: bisect_right(moves, told.as_of, key=OCCURRED)]
    sizes = _sizes(told)
    tried = [i for i, m in enumerate(moves) if m.quantity in sizes and m.kind not in _NO_EFFECT]
    if len(tried) > MAX_TRIED:
        return
    ways: tuple[tuple[VarianceCause, Callable[[int], Sequence[Movement]]], ...] = (
        (VarianceCause.MISSED, lambda i: (*moves[:i], *moves[i + 1 :])),
        (VarianceCause.DUPLICATE, lambda i: (*moves[: i + 1], *moves[i:])),
    )
    found = [(cause, moves[i]) for cause, way in ways for i in tried if _fits(told, tuple(way(i)))]
    if len(found) == 1:
        cause, movement = found[0]
        yield _share(cause, left, [movement], "")


_NO_EFFECT = (MovementKind.COUNT, MovementKind.PUTAWAY, MovementKind.PICK)


def _sizes(told: Told) -> set[int]:
    """By how much both sides differ: a movement of another size is not it."""
    now, stated = told.standing.at(told.as_of), told.stated
    if now.on_hand is None or stated.on_hand is None:
        by = {(now.sellable or 0) - (stated.sellable or 0)}
    else:
        pairs = zip(buckets(now), buckets(stated), strict=True)
        by = {(one or 0) - (two or 0) for one, two in pairs}
    return {units for size in by if size for units in (size, -size)}


def _fits(told: Told, movements: tuple[Movement, ...]) -> bool:
    other = replace(told.standing, movements=movements)
    return agree(other.at(told.as_of), told.stated)


def _share(cause: VarianceCause, units: int, movements: Sequence[Movement], side: str) -> Share:
    evidence: Evidence = {"movements": _names(movements), "count": len(movements)}
    return Share(cause, units, evidence | ({"side": side} if side else {}))


def _names(movements: Iterable[Movement]) -> list[str]:
    """A few of them, as ``source:id``."""
    return [f"{m.source}:{m.id}" for m in islice(movements, 5)]

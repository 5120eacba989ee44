"""Causes told by movements: not seen yet, missed, counted twice, or sold before we were told."""

from collections.abc import Iterator
from functools import partial

from trueup.domain.movements import Movement, MovementKind
from trueup.explain.evidence import instant, name, names
from trueup.explain.facts import Cause, Evidence
from trueup.explain.predicting import Candidate, Row
from trueup.explain.replaying import Step

MAX_SALES = 50
"""So many sales after the capture may have come before it."""


def lags(row: Row) -> Iterator[Candidate]:
    """The position as of each earlier instant, the latest first."""
    line, settles = row.timeline, 1 << 62
    changes: dict[int, int] = {}
    known_from = max(trail.known_from for trail in row.trails)
    for place in range(len(line) - 1, -1, -1):
        step, i = line[place]
        at = step.movement.occurred_at
        as_of = line[place - 1][0].movement.occurred_at if place else known_from
        changes[i] = changes.get(i, 0) - step.change
        settles = min(settles, at + row.settles_ms[i])
        if as_of == at and place:
            continue
        if as_of < known_from or at <= known_from:
            return
        evidence = partial(_lagging, row, place, as_of)
        yield Candidate(
            Cause.LAG,
            evidence,
            dict(changes),
            passes=True,
            settles=settles,
            place=place,
            since=at,
        )


def _lagging(row: Row, place: int, as_of: int) -> Evidence:
    unseen = [step.movement for step, _ in row.timeline[place:]]
    return {
        "as_of": instant(as_of),
        "oldest_unseen": instant(unseen[0].occurred_at),
        "unseen": len(unseen),
        "movements": names(unseen),
    }


def sold_before(row: Row) -> Iterator[Candidate]:
    """The first sales dated after the capture, one more at a time."""
    dated = [(m, i, change) for i, trail in enumerate(row.trails) for m, change in trail.sales]
    dated.sort(key=lambda sale: (sale[0].order, sale[1]))
    changes: dict[int, int] = {}
    for count, (_, i, change) in enumerate(dated[:MAX_SALES], 1):
        changes[i] = changes.get(i, 0) + change
        sales = [movement for movement, _, _ in dated[:count]]
        through, sold = (dict(changes), {}) if row.facts.components else ({}, dict(changes))
        evidence = partial(_selling, sales)
        yield Candidate(Cause.CHANNEL_SOLD, evidence, through, sales=sold, passes=True)


def _selling(sales: list[Movement]) -> Evidence:
    orders = sorted({movement.reference for movement in sales if movement.reference})
    return {
        "movements": names(sales),
        "orders": orders,
        "first_dated": instant(sales[0].occurred_at),
    }


def missed(row: Row) -> Iterator[Candidate]:
    """Each movement left out that is older than the settle time and was followed by another."""
    captured, line = row.facts.captured_at, row.timeline
    last = _last_that_shows(line)
    for place in range(last, -1, -1):
        step, i = line[place]
        old = step.movement.occurred_at + row.settles_ms[i] <= captured
        if old and step.without and (place < last or _has_twin(line, place)):
            yield _one(Cause.MISSED_EVENT, step.movement, {i: step.without}, place)


def _last_that_shows(line: list[tuple[Step, int]]) -> int:
    shows = (place for place in range(len(line) - 1, -1, -1) if line[place][0].change)
    return next(shows, -1)


def _has_twin(line: list[tuple[Step, int]], place: int) -> bool:
    """Whether another movement of the same instant shows: neither is later than the other."""
    if not place:
        return False
    step, _ = line[place - 1]
    same = step.movement.occurred_at == line[place][0].movement.occurred_at
    return same and step.change != 0


def doubled(row: Row) -> Iterator[Candidate]:
    """Each movement once more, the latest first."""
    line = row.timeline
    for place in range(len(line) - 1, -1, -1):
        step, i = line[place]
        if step.twice:
            yield _one(Cause.DUPLICATE_EVENT, step.movement, {i: step.twice}, place)


def _one(cause: Cause, movement: Movement, changes: dict[int, int], place: int) -> Candidate:
    told = partial(_told, movement)
    return Candidate(cause, told, changes, place=place, since=movement.occurred_at)


def _told(movement: Movement) -> Evidence:
    return {
        "movement": name(movement),
        "kind": MovementKind(movement.kind).word,
        "occurred_at": instant(movement.occurred_at),
    }

"""One stock replayed up to an instant: what each movement changed, and would change if left out.

The ledger's own state is run, a movement at a time, so that both give the same positions.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import msgspec

from trueup.domain.movements import Bucket, Movement, MovementKind, direct_effect, net_of
from trueup.domain.stock import Position
from trueup.explain.facts import Stock
from trueup.ledger.fold import based
from trueup.ledger.state import COMMITTED, DAMAGED, IN_TRANSIT, INDEX, ON_HAND, ON_HOLD, State

MAX_REFOLDED = 40
"""Where commitments were counted, so many of the newest movements are tried as missed or twice."""

_SALES = (MovementKind.RESERVE, MovementKind.SHIP, MovementKind.BACK_ORDER)
_SIGNS = {Bucket.ON_HAND: 1, Bucket.COMMITTED: -1, Bucket.DAMAGED: -1, Bucket.ON_HOLD: -1}


class Step(NamedTuple):
    """A movement, and base units of sellable: what it changed when it came, and what sellable
    would be now, less what it is, `without` it and with it `twice`. None: not known.
    """

    movement: Movement
    change: int
    without: int | None
    twice: int | None


class Parts(NamedTuple):
    """What of a stock is not sellable. `open`: the net of each reference that is committed."""

    damaged: int
    on_hold: int
    in_transit: int
    open: dict[str, int]


class Trail(NamedTuple):
    """A stock at an instant, and how it came there (`steps`, known from `known_from` on, ms).

    `sales`: movements after the instant that reduce sellable, with what they change.
    """

    stock: Stock
    known_from: int
    sellable: int
    parts: Parts
    steps: list[Step]
    sales: list[tuple[Movement, int]]


def trail_of(stock: Stock, until: int) -> Trail | None:
    """A stock as of an instant (milliseconds, itself included); None: it is not known then."""
    movements = _since_base(stock)
    seen = [movement for movement in movements if movement.occurred_at <= until]
    state = _base_state(stock)
    known_from = stock.base_at if state.known else None
    changes = []
    for movement in seen:
        changes.append(_applied(state, movement))
        if known_from is None and state.known:
            known_from = movement.occurred_at
    if known_from is None:
        return None
    sellable, parts = _sellable(state.values), _parts(state)
    steps = _steps(stock, state, seen, changes)
    return Trail(stock, known_from, sellable, parts, steps, _sales(state, movements[len(seen) :]))


def parts_along(trail: Trail) -> list[Parts]:
    """Before each step, and after the last."""
    state = _base_state(trail.stock)
    found = [_parts(state)]
    for step in trail.steps:
        state.run((step.movement,))
        found.append(_parts(state))
    return found


def in_order(movements: Sequence[Movement]) -> list[Movement]:
    """Each once, in fold order, however they were given."""
    ordered = sorted(movements, key=_order)
    if len({(m.source, m.id) for m in ordered}) == len(ordered):
        return ordered
    # Of two that claim one identity, the same one is taken whichever was given first.
    ordered.sort(key=lambda movement: (_order(movement), msgspec.structs.astuple(movement)))
    firsts: dict[tuple[str, str], Movement] = {}
    for movement in ordered:
        firsts.setdefault((movement.source, movement.id), movement)
    return list(firsts.values())


def _order(movement: Movement) -> tuple[int, str, str]:
    return (movement.occurred_at, movement.source, movement.id)


def _since_base(stock: Stock) -> list[Movement]:
    if stock.base is None:
        return in_order([m for m in stock.movements if not m.claim])
    return in_order([m for m in stock.movements if not m.claim and m.occurred_at > stock.base_at])


def _base_state(stock: Stock) -> State:
    base = stock.base
    return based(
        base or Position(),
        base_known=base is not None,
        in_transit=stock.in_transit,
        nets=stock.nets,
    )


def _sellable(values: list[int]) -> int:
    return values[ON_HAND] - values[COMMITTED] - values[DAMAGED] - values[ON_HOLD]


def _applied(state: State, movement: Movement) -> int:
    before = _sellable(state.values)
    state.run((movement,))
    return _sellable(state.values) - before


def _parts(state: State) -> Parts:
    values = state.values
    opened = {reference: net.now for (i, reference), net in state.nets.items() if i == COMMITTED}
    return Parts(values[DAMAGED], values[ON_HOLD], values[IN_TRANSIT], opened)


def _sales(state: State, later: list[Movement]) -> list[tuple[Movement, int]]:
    changes = [(movement, _applied(state, movement)) for movement in later]
    return [(m, change) for m, change in changes if change < 0 and m.kind in _SALES]


def _steps(stock: Stock, state: State, seen: list[Movement], changes: list[int]) -> list[Step]:
    counted = {variance.bucket for variance in state.variances}
    if Bucket.COMMITTED in counted:  # and orders are netted across the count
        return _refolded(stock, _sellable(state.values), seen, changes)
    if counted:
        return _steps_of_counted(stock, state, seen, changes)
    return [Step(m, change, *_alone(state, m)) for m, change in zip(seen, changes, strict=True)]


def _steps_of_counted(
    stock: Stock, state: State, seen: list[Movement], changes: list[int]
) -> list[Step]:
    """Where a bucket was counted, what came before to it no longer matters."""
    steps, known = [], stock.base is not None and stock.base.sellable is not None
    for movement, change in zip(seen, changes, strict=True):
        if movement.kind != MovementKind.COUNT:
            steps.append(Step(movement, change, *_since_count(state, movement)))
            continue
        index = INDEX[movement.bucket or Bucket.ON_HAND]
        last = state.anchors[index] == movement.order
        without = (-change if known or index != ON_HAND else None) if last else 0
        steps.append(Step(movement, change, without, 0))
        known = known or index == ON_HAND
    return steps


def _since_count(state: State, movement: Movement) -> tuple[int, int]:
    """As `_alone`, without what a later count set anew."""
    without, twice = _alone(state, movement)
    for bucket, units in direct_effect(movement).items():
        anchor = state.anchors[INDEX[bucket]]
        if anchor is not None and movement.order <= anchor:
            without += _SIGNS.get(bucket, 0) * units
            twice -= _SIGNS.get(bucket, 0) * units
    return without, twice


def _alone(state: State, movement: Movement) -> tuple[int, int]:
    """Without and twice, where no count hides what came before it."""
    direct = _direct(movement)
    netted = _COMMITTING.get(movement.kind)
    if netted is None or net_of(movement) is None:
        return -direct, direct
    now, units = state.nets[COMMITTED, movement.reference].now, netted * movement.quantity
    held = max(now, 0)
    return held - max(now - units, 0) - direct, held - max(now + units, 0) + direct


def _direct(movement: Movement) -> int:
    """What a movement adds to sellable by itself."""
    if movement.releases > 0:
        effect = direct_effect(movement)
        return sum(_SIGNS.get(bucket, 0) * units for bucket, units in effect.items())
    return _factor(movement.kind, movement.bucket, movement.disposition) * movement.quantity


@cache
def _factor(kind: int, bucket: str, disposition: str) -> int:
    """As `_direct`, of one unit."""
    one = Movement(kind, "", "", 1, 0, "", "", bucket=bucket, disposition=disposition)
    return sum(_SIGNS.get(bucket, 0) * units for bucket, units in direct_effect(one).items())


def _committing() -> dict[int, int]:
    """What one unit of each kind adds to what is committed to its reference."""
    ones = (Movement(kind, "", "", 1, 0, "", "", reference="any") for kind in MovementKind)
    found = ((one.kind, net_of(one)) for one in ones)
    return {kind: net[1] for kind, net in found if net and net[0] == Bucket.COMMITTED}


_COMMITTING = _committing()


def _refolded(stock: Stock, sellable: int, seen: list[Movement], changes: list[int]) -> list[Step]:
    """Without and twice by folding all again, for the newest."""

    def given(movements: list[Movement]) -> int | None:
        state = _base_state(stock)
        state.run(movements)
        return _sellable(state.values) - sellable if state.known else None

    first = max(0, len(seen) - MAX_REFOLDED)
    steps = [Step(m, c, None, None) for m, c in zip(seen[:first], changes[:first], strict=True)]
    for i, movement in enumerate(seen[first:], first):
        without = given(seen[:i] + seen[i + 1 :])
        twice = given(seen[: i + 1] + seen[i:])
        steps.append(Step(movement, changes[i], without, twice))
    return steps

"""Causes told by what the channel or we did there: pushes, orders, its own reservations."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

from trueup.domain.movements import Movement, MovementKind
from trueup.explain.evidence import MAX_NAMED, instant, reference
from trueup.explain.facts import Cause, Evidence, Push
from trueup.explain.predicting import Candidate, Row
from trueup.explain.replaying import Parts, in_order


def newest_push(row: Row) -> Push | None:
    """The newest that was accepted before the capture."""
    pushes, until = row.facts.pushes, row.facts.captured_at
    if not pushes:  # of nearly all rows
        return None
    return max((push for push in pushes if push.accepted_at <= until), key=_age, default=None)


def _age(push: Push) -> tuple[int, str, int, int, int]:
    """Which of two of one id is taken does not depend on which was given first."""
    before = -1 if push.before is None else push.before
    return push.accepted_at, push.id, push.quantity, push.seen_at or 0, before


def seen(push: Push, captured_at: int) -> bool:
    return push.seen_at is not None and push.seen_at <= captured_at


def not_visible(row: Row) -> Iterator[Candidate]:
    """What the channel showed before our newest push, if that does not show yet."""
    push = newest_push(row)
    if push is None or seen(push, row.facts.captured_at):
        return
    settles = push.accepted_at + row.facts.push_settle_seconds * 1000
    for before in _before(row, push):
        if before != push.quantity:
            yield Candidate(
                Cause.PUSH_NOT_VISIBLE,
                partial(_pushed, push, before),
                shown=before,
                passes=True,
                settles=settles,
            )


def _before(row: Row, push: Push) -> list[int]:
    """As read; else what the newest push before it set, or the previous capture showed."""
    if push.before is not None:
        return [push.before]
    others = [p for p in row.facts.pushes if p.accepted_at < push.accepted_at and p.id != push.id]
    older = max(others, key=_age, default=None)
    found = [] if older is None else [older.quantity]
    previous = row.facts.previous
    if previous is not None and previous.at < push.accepted_at and previous.reported is not None:
        found.append(previous.reported)
    return found


def _pushed(push: Push, before: int) -> Evidence:
    return {
        "push": push.id,
        "quantity": push.quantity,
        "before": before,
        "accepted_at": instant(push.accepted_at),
    }


def not_imported(row: Row) -> Iterator[Candidate]:
    """Less the channel's own orders that our ledger does not have."""
    facts = row.facts
    lacking = [o for o in orders_seen(row) if reference(o) not in facts.order_references]
    if not lacking:
        return
    by_order = quantities(lacking)
    oldest = min(order.occurred_at for order in lacking)
    yield Candidate(
        Cause.ORDERS_NOT_IMPORTED,
        partial(_orders, by_order, oldest),
        sold=sum(by_order.values()),
        passes=True,
        settles=oldest + row.settle_most_ms,
        since=oldest,
    )


def orders_seen(row: Row) -> list[Movement]:
    """The channel's own orders up to the capture, in order."""
    orders = [o for o in row.facts.orders if o.occurred_at <= row.facts.captured_at]
    return in_order(orders) if orders else orders


def quantities(orders: list[Movement]) -> dict[str, int]:
    """Base units by order: what was reserved and then shipped counts once."""
    reserved: dict[str, int] = defaultdict(int)
    shipped: dict[str, int] = defaultdict(int)
    for order in orders:
        into = shipped if order.kind == MovementKind.SHIP else reserved
        into[reference(order)] += order.quantity
    names = dict.fromkeys(reference(order) for order in orders)
    return {name: max(reserved.get(name, 0), shipped.get(name, 0)) for name in names}


def _orders(by_order: dict[str, int], oldest: int) -> Evidence:
    return {
        "orders": list(by_order)[:MAX_NAMED],
        "count": len(by_order),
        "quantity": sum(by_order.values()),
        "oldest": instant(oldest),
    }


def reserved_twice(row: Row, stood: Sequence[Parts] | None = None) -> Iterator[Candidate]:
    """Less what the channel has reserved: as it says itself, or as its orders say.

    `stood`: of each trail what was open, where not as of the capture.
    """
    facts = row.facts
    if facts.allocated > 0:
        yield Candidate(
            Cause.RESERVATION_TWICE,
            partial(_allocated, facts.allocated),
            sold=facts.allocated * row.pack,
        )
    still = _still_open(row, row.parts if stood is None else stood)
    if still:
        yield Candidate(
            Cause.RESERVATION_TWICE, partial(_reserved, still), sold=sum(still.values())
        )


def _allocated(units: int) -> Evidence:
    return {"allocated": units}


def _reserved(still: dict[str, int]) -> Evidence:
    return {"orders": list(still)[:MAX_NAMED], "quantity": sum(still.values())}


def _still_open(row: Row, stood: Sequence[Parts]) -> dict[str, int]:
    """Base units by order of the channel's feed, of those that our position has taken off."""
    found: dict[str, int] = defaultdict(int)
    for parts in stood:
        for ref in row.facts.order_references & parts.open.keys():
            found[ref] += max(parts.open[ref], 0)
    still = {ref: found[ref] for ref in sorted(found) if found[ref] > 0}
    if not (still and row.facts.components):
        return still
    kits = quantities(orders_seen(row))  # what is open are components
    return {ref: kits[ref] for ref in still if kits.get(ref)}

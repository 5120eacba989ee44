"""Causes told by what the channel or we did there: pushes, orders, its own reservations."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial

from trueup.domain.movements import Movement, MovementKind
from trueup.explain.evidence import MAX_NAMED, instant, reference
from trueup.explain.facts import Cause, Evidence, Push
from trueup.explain.predicting import Candidate, Row
from trueup.explain.replaying import in_order


def newest_push(row: Row) -> Push | None:
    """The newest that was accepted before the capture."""
    before = [push for push in row.facts.pushes if push.accepted_at <= row.facts.captured_at]
    return max(before, key=lambda push: (push.accepted_at, push.id, _all_of(push)), default=None)


def _all_of(push: Push) -> tuple[int, int, int]:
    """Which of two of one id is taken does not depend on which was given first."""
    return push.quantity, push.seen_at or 0, -1 if push.before is None else push.before


def seen(push: Push, captured_at: int) -> bool:
    return push.seen_at is not None and push.seen_at <= captured_at


def not_visible(row: Row) -> Iterator[Candidate]:
    """What the channel showed before our newest push, if that does not show yet."""
    push = newest_push(row)
    if push is None or seen(push, row.facts.captured_at):
        return
    before = _before(row, push)
    if before is None or before == push.quantity:
        return
    settles = push.accepted_at + row.facts.push_settle_seconds * 1000
    yield Candidate(
        Cause.PUSH_NOT_VISIBLE,
        partial(_pushed, push, before),
        shown=before,
        passes=True,
        settles=settles,
    )


def _before(row: Row, push: Push) -> int | None:
    previous = row.facts.previous
    if push.before is None and previous is not None and previous.at < push.accepted_at:
        return previous.reported
    return push.before


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
    settles = min(order.occurred_at for order in lacking) + row.settle_most_ms
    yield Candidate(
        Cause.ORDERS_NOT_IMPORTED,
        partial(_orders, by_order, lacking[0].occurred_at),
        sold=sum(by_order.values()),
        passes=True,
        settles=settles,
    )


def orders_seen(row: Row) -> list[Movement]:
    """The channel's own orders up to the capture, in order."""
    orders = [o for o in row.facts.orders if o.occurred_at <= row.facts.captured_at]
    return in_order(orders) if orders else orders


def quantities(orders: list[Movement]) -> dict[str, int]:
    """Base units by order: what was reserved and then shipped counts once."""
    return _by_reference(orders, max)


def _orders(by_order: dict[str, int], oldest: int) -> Evidence:
    return {
        "orders": list(by_order)[:MAX_NAMED],
        "count": len(by_order),
        "quantity": sum(by_order.values()),
        "oldest": instant(oldest),
    }


def reserved_twice(row: Row) -> Iterator[Candidate]:
    """Less what the channel has reserved: as it says itself, or as its orders say."""
    facts = row.facts
    if facts.allocated > 0:
        yield Candidate(
            Cause.RESERVATION_TWICE,
            partial(_allocated, facts.allocated),
            sold=facts.allocated * row.pack,
        )
    still = _still_open(row)
    if still:
        yield Candidate(
            Cause.RESERVATION_TWICE, partial(_reserved, still), sold=sum(still.values())
        )


def _allocated(units: int) -> Evidence:
    return {"allocated": units}


def _reserved(still: dict[str, int]) -> Evidence:
    return {"orders": list(still)[:MAX_NAMED], "quantity": sum(still.values())}


def _still_open(row: Row) -> dict[str, int]:
    """Base units still reserved by order, of the orders that our ledger has too."""
    known = row.facts.order_references
    if not known:
        return {}
    said = _by_reference(orders_seen(row), lambda reserved, shipped: max(reserved - shipped, 0))
    ours = {} if row.facts.components else _committed(row, known)
    units = {ref: ours.get(ref, said.get(ref, 0)) for ref in sorted(known)}
    return {ref: count for ref, count in units.items() if count > 0}


def _committed(row: Row, known: frozenset[str]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for trail in row.trails:
        for ref in known & trail.open.keys():
            found[ref] += max(trail.open[ref], 0)
    return found


def _by_reference(orders: list[Movement], of: Callable[[int, int], int]) -> dict[str, int]:
    reserved: dict[str, int] = defaultdict(int)
    shipped: dict[str, int] = defaultdict(int)
    for order in orders:
        into = shipped if order.kind == MovementKind.SHIP else reserved
        into[reference(order)] += order.quantity
    names = dict.fromkeys(reference(order) for order in orders)
    return {name: of(reserved.get(name, 0), shipped.get(name, 0)) for name in names}

"""Causes that predict no exact number: another writer, a hand, stock between two snapshots."""

from collections.abc import Iterator
from functools import partial
from itertools import chain

from trueup.domain.movements import Movement, MovementKind
from trueup.explain.channels import newest_push, seen
from trueup.explain.evidence import instant
from trueup.explain.facts import Capture, Cause, Evidence, Push, Snapshot, Stock
from trueup.explain.predicting import Candidate, Row

_INSIDE = (MovementKind.PUTAWAY, MovementKind.PICK)


def overwritten(row: Row, *, quiet: bool) -> Iterator[Candidate]:
    """Something else than our newest push set. `quiet`: nothing happened since it."""
    push = written_over(row)
    if push is not None and quiet == (not happened(row, push.accepted_at)):
        yield Candidate(Cause.OVERWRITTEN, partial(_pushed, push), shown=row.facts.reported)


def by_somebody(row: Row) -> Iterator[Candidate]:
    """A hand, if a capture after our newest push was seen was right; else another writer first."""
    push, before = newest_push(row), row.facts.previous
    seen_at = None if push is None else push.seen_at
    known = before is not None and seen_at is not None and before.at >= seen_at
    hands, writers = edited(row), overwritten(row, quiet=True)
    yield from chain(hands, writers) if known else chain(writers, hands)


def written_over(row: Row) -> Push | None:
    """Our newest push, if the channel showed it and shows something else now."""
    push, facts = newest_push(row), row.facts
    shown = push is not None and seen(push, facts.captured_at)
    return push if shown and push is not None and push.quantity != facts.reported else None


def _pushed(push: Push) -> Evidence:
    seen_at = {} if push.seen_at is None else {"seen_at": instant(push.seen_at)}
    told: Evidence = {"push": push.id, "quantity": push.quantity}
    return told | {"accepted_at": instant(push.accepted_at)} | seen_at


def happened(row: Row, since: int) -> bool:
    """Whether stock moved or was ordered after an instant, was told of after it, or may have."""
    until = row.facts.captured_at

    def between(movement: Movement) -> bool:
        told = since < movement.recorded_at <= until and movement.occurred_at <= until
        return told or since < movement.occurred_at <= until

    moves = (m for stock in row.stocks for m in stock.movements)
    if any(between(m) for m in moves if not m.claim and _shows(m)):
        return True
    unknown = any(_may_have_moved(stock, until) for stock in row.stocks if stock.snapshots_only)
    return unknown or any(between(order) for order in row.facts.orders)


def _may_have_moved(stock: Stock, at: int) -> bool:
    """Of snapshots alone it is known only once the next says the same."""
    before, after = _around(stock, at)
    return before is None or after is None or before.position != after.position


def _shows(movement: Movement) -> bool:
    counted = movement.kind == MovementKind.COUNT
    return counted or (movement.quantity != 0 and movement.kind not in _INSIDE)


def edited(row: Row) -> Iterator[Candidate]:
    """Another quantity than at the capture before, though nothing happened since."""
    before, facts = row.facts.previous, row.facts
    if before is None or before.reported is None or before.reported == facts.reported:
        return
    pushed = any(before.at < push.accepted_at <= facts.captured_at for push in facts.pushes)
    if _was_right(before, facts.publishable) and not pushed and not happened(row, before.at):
        evidence = partial(_edit, before.at, before.reported)
        yield Candidate(Cause.HAND_EDIT, evidence, shown=facts.reported)


def _was_right(before: Capture, publishable: int) -> bool:
    unchanged = before.publishable is None or before.publishable == publishable
    return before.reported == publishable or (before.matched and unchanged)


def _edit(at: int, reported: int) -> Evidence:
    return {"previous_capture": instant(at), "reported_then": reported}


def between_snapshots(row: Row) -> Iterator[Candidate]:
    """Between what the snapshots before and after the capture make, if both are there."""
    around = [_around(stock, row.facts.captured_at) for stock in row.stocks if stock.snapshots_only]
    if not row.replayed or not around or any(before is None for before, _ in around):
        return
    complete = all(after is not None for _, after in around)
    if complete and not _within(row):
        return
    evidence = partial(_snapshots, around)
    first = row.facts.captures <= 1
    yield Candidate(Cause.MOVED_BETWEEN_SNAPSHOTS, evidence, shown=row.facts.reported, passes=first)


Around = tuple[Snapshot | None, Snapshot | None]


def _around(stock: Stock, at: int) -> Around:
    """The last snapshot up to an instant, and the first after it."""
    dated = sorted(stock.snapshots, key=lambda snapshot: snapshot.at)
    before = [snapshot for snapshot in dated if snapshot.at <= at]
    after = [snapshot for snapshot in dated if snapshot.at > at]
    return before[-1] if before else None, after[0] if after else None


def _within(row: Row) -> bool:
    """Whether reported is between the least and the most that the snapshots make."""
    lows, highs = {}, {}
    for i, trail in enumerate(row.trails):
        change = _change(trail.stock, row.facts.captured_at, trail.sellable)
        lows[i], highs[i] = min(change, 0), max(change, 0)
    low, high = row.publishable(row.sellable(lows)), row.publishable(row.sellable(highs))
    return low <= row.facts.reported <= high


def _change(stock: Stock, at: int, sellable: int) -> int:
    """What the next snapshot says more than there was at the instant."""
    after = _around(stock, at)[1] if stock.snapshots_only else None
    if after is None:
        return 0
    then = after.position.sellable
    return 0 if then is None else then - sellable


def _snapshots(around: list[Around]) -> Evidence:
    told: Evidence = {
        "snapshot_before": max(instant(before.at) for before, _ in around if before is not None)
    }
    nexts = [instant(after.at) for _, after in around if after is not None]
    return told | ({"snapshot_after": min(nexts)} if len(nexts) == len(around) else {})

"""What becomes of one row by our own position, just before it is sent. Pure.

Instants are milliseconds, quantities channel units.
"""

from dataclasses import dataclass

from trueup.domain.force import PlanKind, Urgency
from trueup.domain.pushlog import PushOutcome, PushRow
from trueup.domain.stock import Terms, publishable
from trueup.usecases.force.judging import Rules, ended

POSITION = "What may be published changed since the plan; plan it again."
UNKNOWN = "Our position of it is not known any more, or too old; nothing was sent."
UNDO_ABOVE = "It showed more than may be published now; an approver has to allow it."
UNCOVERED = (
    "It is an increase, and it is not certain any more that all orders up to the plan's capture "
    "are imported; nothing was sent. State up to when they are, then retry."
)


@dataclass(frozen=True, slots=True)
class Ours:
    """By our ledger now: what may be published, and that less the orders that the ledger lacks."""

    publishable: int
    target: int


def judged(
    row: PushRow, ours: Ours | None, rules: Rules, now: int, covered: int | None = None
) -> PushRow:
    """The row as it is, or ended where our own position is another one now.

    `covered`: increases that rest on a later capture are not sent; None: it does not matter.
    """
    if ours is None:
        return ended(row, PushOutcome.STALE_POSITION, UNKNOWN, now)
    if rules.kind is PlanKind.UNDO:
        return _restored(row, ours, rules, now)
    planned = ours.publishable - row.withheld
    if row.quantity not in (planned, ours.target) or row.quantity > ours.target:
        return ended(row, PushOutcome.STALE_POSITION, POSITION, now)
    increase = row.urgency == Urgency.INCREASE
    if increase and covered is not None and row.captured_at > covered:
        return ended(row, PushOutcome.SKIPPED, UNCOVERED, now)
    return row


def _restored(row: PushRow, ours: Ours, rules: Rules, now: int) -> PushRow:
    """Of an undo: no further above what may be published than the approver saw."""
    if row.quantity <= ours.target:
        return row
    seen = _calculated(row)
    approved = rules.above and seen is not None and row.quantity > seen
    if approved and seen is not None and ours.publishable >= seen:
        return row
    return ended(row, PushOutcome.STALE_POSITION, UNDO_ABOVE, now)


def _calculated(row: PushRow) -> int | None:
    """What might be published when it was planned, by its terms."""
    cap = None if row.cap < 0 else row.cap
    terms = Terms(row.pack_size, row.buffer, row.backorder, cap, row.allocation)
    return publishable(row.sellable, terms)

"""What becomes of one row: before it is sent, by the channel's answer, and once it is read. Pure.

Instants are milliseconds. Quantities are channel units; `sent` and `expected` in the sense that
the channel takes, all others available.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from trueup.channel.contract import BatchState, Observation, PushResult
from trueup.domain.accounts import Capabilities
from trueup.domain.force import PlanKind
from trueup.domain.pushes import UNREAD
from trueup.domain.pushlog import PushOutcome, PushRow

SUBMITTED_SECONDS = 1_800
"""A channel that takes pushes in to apply them later has so long, or its own settle time."""

READING_SECONDS = 300
"""What was sent and could not be read since is given up after this."""

SKEW_MS = 5_000
"""The connector's clock may be so much behind ours."""

SHOWS = "The channel shows {} instead of {}: sold or edited since the plan. Nothing was written."
GONE = "The channel does not show it any more."
NO_QUANTITY = "The channel shows it without a quantity."
LOST = "It was perhaps sent; the channel did not show it in time."
OTHER = "It was sent, and the channel shows {} instead: sold or edited meanwhile, or not taken."
NOT_SEEN = "The channel took it in, and did not show it in time."
SUPERSEDED = "A newer force was admitted at this location; nothing was sent."
_BLIND = "The channel cannot compare and set"
WINDOW = f"{_BLIND}: what was sold in the {{}} ms of the call may be overwritten."


@dataclass(frozen=True, slots=True)
class Shown:
    """One item as the channel shows it. `quantity` None: without one."""

    available: int | None
    allocated: int
    read_only: str = ""

    @classmethod
    def of(cls, row: Observation, channel: Capabilities) -> "Shown":
        if row.quantity is None:
            return cls(None, row.allocated, row.read_only)
        reserved = row.allocated if channel.reports == "on_hand" else 0
        return cls(row.quantity - reserved, row.allocated, row.read_only)

    def in_sense(self, channel: Capabilities) -> int | None:
        """The quantity in the sense that the channel takes."""
        if self.available is None or channel.takes != "on_hand":
            return self.available
        return self.available + self.allocated


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all rows of a part. `above`: somebody approved that an undo sets more than
    may be published.
    """

    kind: PlanKind
    above: bool
    channel: Capabilities

    def patience_ms(self) -> int:
        """How long the channel has until what it took has to show."""
        least = SUBMITTED_SECONDS if self.channel.submits else 0
        return max(self.channel.settle_seconds, least) * 1000


def ended(row: PushRow, outcome: PushOutcome, message: str, now: int) -> PushRow:
    return replace(row, outcome=int(outcome), message=message[:500], done_at=now)


def intended(row: PushRow, now: int) -> PushRow:
    """The row with its intent, for a channel that takes what is available."""
    changes = {"sent": row.quantity, "expected": row.showed, "intent_at": now}
    return replace(row, outcome=int(PushOutcome.SENDING), **changes)


def intended_on_hand(row: PushRow, shown: Shown | None, now: int) -> PushRow:
    """The same for one that takes on hand: what it has allocated is added; or ended."""
    if shown is None:
        return ended(row, PushOutcome.SKIPPED, GONE, now)
    if shown.read_only:
        return ended(row, PushOutcome.SKIPPED, shown.read_only, now)
    if shown.available is None:
        return ended(row, PushOutcome.STALE_CHANNEL, NO_QUANTITY, now)
    if shown.available != row.showed:
        return stale(row, shown.available, now)
    expected = shown.available + shown.allocated
    changes = {"sent": row.quantity + shown.allocated, "expected": expected, "intent_at": now}
    return replace(row, outcome=int(PushOutcome.SENDING), before=shown.available, **changes)


def stale(row: PushRow, before: int | None, now: int) -> PushRow:
    shows = "nothing" if before is None else str(before)
    told = replace(row, before=UNREAD if before is None else before)
    return ended(told, PushOutcome.STALE_CHANNEL, SHOWS.format(shows, row.showed), now)


def answered(row: PushRow, result: PushResult, now: int) -> PushRow:
    """The row by the channel's answer. SENDING: the answer was lost; QUEUED: it was not sent."""
    reserved = row.sent - row.quantity
    before = UNREAD if result.before is None else result.before - reserved
    known = replace(row, before=row.before if before == UNREAD else before)
    match result.outcome:
        case "applied":
            return _applied(known, result.after, reserved, now)
        case "submitted":
            return replace(known, outcome=int(PushOutcome.SUBMITTED), batch=result.batch)
        case "stale":
            return stale(row, None if before == UNREAD else before, now)
        case "rejected":
            return ended(known, PushOutcome.REJECTED, result.reason or "Rejected.", now)
        case "not_sent":
            changes = {"sent": 0, "expected": 0, "intent_at": 0, "before": UNREAD}
            return replace(row, outcome=int(PushOutcome.QUEUED), **changes)
        case "unknown":
            return replace(known, message=result.reason[:500])


def _applied(row: PushRow, after: int | None, reserved: int, now: int) -> PushRow:
    """Seen as set by the connector itself, or still to be read."""
    if after == row.sent:
        told = replace(row, after=after - reserved)
        return ended(told, PushOutcome.APPLIED, "", now)
    return replace(row, outcome=int(PushOutcome.SUBMITTED))


def read(
    row: PushRow, shown: Shown | None, captured_at: int | None, rules: Rules, now: int
) -> PushRow:
    """A row that was sent, or perhaps sent, by what the channel shows since.

    `captured_at` None: it could not be read. What was read before the intent says nothing.
    """
    if PushOutcome(row.outcome) not in (PushOutcome.SENDING, PushOutcome.SUBMITTED):
        return row
    fresh = captured_at is not None and captured_at + SKEW_MS >= row.intent_at
    if fresh and shown is not None and is_set(row, shown, rules.channel):
        told = replace(row, after=row.quantity)
        return ended(told, PushOutcome.APPLIED, "", now)
    patience = rules.patience_ms() if fresh else max(rules.patience_ms(), READING_SECONDS * 1000)
    if now < row.intent_at + patience:
        return replace(row, outcome=int(PushOutcome.SUBMITTED))
    return _unverified(row, shown if fresh else None, now)


def is_set(row: PushRow, shown: Shown, channel: Capabilities) -> bool:
    """Whether the channel shows what was sent."""
    return shown.available is not None and row.sent == shown.in_sense(channel)


def _unverified(row: PushRow, shown: Shown | None, now: int) -> PushRow:
    if shown is None or shown.available is None:
        return ended(row, PushOutcome.UNVERIFIED, NOT_SEEN if row.batch else LOST, now)
    told = replace(row, after=shown.available)
    return ended(told, PushOutcome.UNVERIFIED, OTHER.format(shown.available), now)


def unsure(row: PushRow) -> PushRow:
    """A row that was perhaps sent waits to be read, and is never sent again."""
    if row.outcome != PushOutcome.SENDING:
        return row
    return replace(row, outcome=int(PushOutcome.SUBMITTED), message=LOST)


def superseded(row: PushRow, now: int) -> PushRow:
    """A row of a part that lost its slot: what was not sent is not; what was is only read."""
    if row.outcome == PushOutcome.QUEUED:
        return ended(row, PushOutcome.SUPERSEDED, SUPERSEDED, now)
    return unsure(row)


def confirmed(row: PushRow, state: BatchState, refused: str | None, now: int) -> PushRow:
    """A submitted row by what became of its batch. `refused`: why this very row was, if it was."""
    if state.state == "rejected" or refused is not None:
        return ended(row, PushOutcome.REJECTED, refused or state.reason or "Rejected.", now)
    if state.state == "applied":
        return ended(row, PushOutcome.APPLIED, "", now)
    return row


def windowed(row: PushRow, window_ms: int) -> PushRow:
    """A row that was set without compare-and-set says how long a sale might have been lost."""
    if row.outcome not in (PushOutcome.APPLIED, PushOutcome.UNVERIFIED) or _BLIND in row.message:
        return row
    return replace(row, message=f"{row.message} {WINDOW.format(window_ms)}".strip())

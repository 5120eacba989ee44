"""A row of the push log as people see it: what was pushed, why so much, and what became of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from trueup.domain.accounts import Account, ChannelLocation
from trueup.domain.force import ForcePlan, PlanKind, Stage
from trueup.domain.keys import channel_key_of, sku_of
from trueup.domain.pushes import UNREAD
from trueup.domain.pushlog import PushChunk, PushOutcome, PushRow, PushStatus, push_id, rows_of
from trueup.domain.stock import Terms, publishable
from trueup.domain.time import from_milliseconds
from trueup.usecases.rows.sources import place_of

MESSAGES = {
    PushOutcome.QUEUED: "Waits for its turn.",
    PushOutcome.SENDING: "Is being sent.",
    PushOutcome.SUBMITTED: "The channel took it and has not said yet what became of it.",
    PushOutcome.APPLIED: "The channel shows it as it was set.",
    PushOutcome.STALE_CHANNEL: "The channel showed something else than the plan had seen, such as "
    "after a sale; nothing was written.",
    PushOutcome.STALE_POSITION: "Your own stock changed after the plan was made; nothing was sent.",
    PushOutcome.REJECTED: "The channel refused it.",
    PushOutcome.SKIPPED: "It could not be pushed when its turn came; nothing was sent.",
    PushOutcome.SUPERSEDED: "A newer push of this row took its place.",
    PushOutcome.UNVERIFIED: "It was sent, or perhaps sent, and not seen at the channel in time.",
    PushOutcome.NOT_SENT: "The part ended before its turn; nothing was sent.",
}
"""What is said of a row where nobody had more to say."""

ADVICE = {
    PushOutcome.STALE_CHANNEL: "Retry it: the retry is computed from what the channel shows now.",
    PushOutcome.STALE_POSITION: "Retry it: the retry is computed from your stock as it is now.",
    PushOutcome.REJECTED: "Put right what the message names (the mapping, the item at the channel, "
    "the access), then retry.",
    PushOutcome.SKIPPED: "Put right what the message names, then retry.",
    PushOutcome.SUPERSEDED: "Nothing is to be done: the newer push stands.",
    PushOutcome.UNVERIFIED: "Check the row again or wait for the next run; retry if it differs.",
    PushOutcome.NOT_SENT: "Retry it.",
}
"""What a person can do about an error."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One push. Quantities in channel units, available; None: not known, or not yet.

    `stage` None: its plan no longer names the part.
    """

    id: str
    account: Account
    plan: ForcePlan
    stage: Stage | None
    chunk: PushChunk
    row: PushRow

    @property
    def sku(self) -> str:
        return sku_of(self.row.key)

    @property
    def channel_sku(self) -> str:
        return channel_key_of(self.row.key)

    @property
    def place(self) -> ChannelLocation:
        return place_of(self.account, self.chunk.channel_location)

    @property
    def outcome(self) -> PushOutcome:
        return PushOutcome(self.row.outcome)

    @property
    def status(self) -> PushStatus:
        return self.outcome.status

    @property
    def message(self) -> str:
        return self.row.message or MESSAGES[self.outcome]

    @property
    def advice(self) -> str | None:
        """What to do about an error; None: nothing, or a retry has it."""
        return None if self.row.retried_by else ADVICE.get(self.outcome)

    @property
    def before(self) -> int | None:
        """What the channel showed right before the write."""
        return None if self.row.before == UNREAD else self.row.before

    @property
    def after(self) -> int | None:
        """What was read back behind it."""
        return None if self.row.after == UNREAD else self.row.after

    @property
    def cap(self) -> int | None:
        return None if self.row.cap < 0 else self.row.cap

    @property
    def calculated(self) -> int | None:
        """What the terms come to. `row.withheld` comes off it; an undo sets what was there before
        instead.
        """
        row = self.row
        terms = Terms(row.pack_size, row.buffer, row.backorder, self.cap, row.allocation)
        return publishable(row.sellable, terms)

    @property
    def restores(self) -> bool:
        return self.plan.kind is PlanKind.UNDO

    @property
    def queued_at(self) -> datetime:
        return self.chunk.created_at

    @property
    def sent_at(self) -> datetime | None:
        """When its intent was stored, right before the call."""
        return _instant(self.row.intent_at)

    @property
    def done_at(self) -> datetime | None:
        return _instant(self.row.done_at)


def log_rows(account: Account, plan: ForcePlan, chunk: PushChunk) -> Iterator[LogRow]:
    """All rows of a chunk, in the order of their keys."""
    stage = next((stage for stage in plan.stages if stage.share.value == chunk.share), None)
    for index, row in enumerate(rows_of(chunk)):
        yield LogRow(push_id(chunk, index), account, plan, stage, chunk, row)


def _instant(since: int) -> datetime | None:
    return from_milliseconds(since) if since else None

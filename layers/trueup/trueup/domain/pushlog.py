"""The push log: every row that was to be set at a channel, and what became of it.

Rows are kept in chunks, each one item of the registry: written when it is queued, again when its
intent is stored before the call, again with the results. Quantities are channel units, available.
"""

import zlib
from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import ClassVar

import msgspec

from trueup.domain.accounts import Code, Entity, Slug
from trueup.domain.force import PushCounts
from trueup.domain.time import Instant

KEPT = timedelta(days=400)
MAX_ROWS = 500
"""Of one chunk; a chunk has at most as many rows as the channel takes in one call."""


class PushStatus(StrEnum):
    """As people see it."""

    IN_PROCESS = "In Process"
    SUBMITTED = "Submitted"
    SUCCESS = "Success"
    ERROR = "Error"


class PushOutcome(IntEnum):
    """What became of one row; stored, so a number is never reused."""

    QUEUED = 0
    SENDING = 1
    """Its intent is stored; whether it was sent is not known until it says else."""
    SUBMITTED = 2
    APPLIED = 3
    """Read back as it was set."""
    STALE_CHANNEL = 4
    """The channel showed something else than the plan had seen; nothing was written."""
    STALE_POSITION = 5
    """Our own position changed since the plan; nothing was sent."""
    REJECTED = 6
    SKIPPED = 7
    """Nothing was sent, for a reason that came up after the plan, such as read-only."""
    SUPERSEDED = 8
    """A newer push of the row was admitted; nothing was sent, or what was sent is older."""
    UNVERIFIED = 9
    """Sent, or perhaps sent, and not seen at the channel in time."""
    NOT_SENT = 10
    """The part ended before its turn."""

    @property
    def status(self) -> PushStatus:
        if self in (PushOutcome.QUEUED, PushOutcome.SENDING):
            return PushStatus.IN_PROCESS
        if self is PushOutcome.SUBMITTED:
            return PushStatus.SUBMITTED
        return PushStatus.SUCCESS if self is PushOutcome.APPLIED else PushStatus.ERROR

    @property
    def final(self) -> bool:
        return self.status in (PushStatus.SUCCESS, PushStatus.ERROR)


class PushRow(msgspec.Struct, frozen=True, array_like=True):
    """One row of a chunk. Instants in milliseconds, 0: not yet.

    `showed`: what the channel showed when the plan was made; `quantity`: what it is to show. Their
    difference in base units is `units`. `sent` and `expected`: in the sense that the channel
    takes (its on-hand channels have their allocated added), set with the intent. `before`, `after`:
    what was read around the write (`domain.pushes.UNREAD`: not read), available. `attempts`: 1 for
    the first push of it, and one more for each retry; `retried_by`: the plan that has it anew.
    """

    key: str
    product_id: str
    showed: int
    quantity: int
    urgency: int
    units: int
    sellable: int
    allocation: int
    backorder: int
    buffer: int
    pack_size: int
    cap: int
    """-1: none."""
    outcome: int = PushOutcome.QUEUED
    message: str = ""
    attempts: int = 1
    sent: int = 0
    expected: int = 0
    before: int = -(2**62)
    after: int = -(2**62)
    batch: str = ""
    intent_at: int = 0
    done_at: int = 0
    retried_by: str = ""
    retry_of: str = ""
    withheld: int = 0
    """Channel units that come off what may be published, for orders that our ledger lacks yet."""
    captured_at: int = 0
    """When the channel showed `showed`."""


class PushChunk(Entity):
    """Some rows of one part of a plan at one channel location, sorted by key.

    `number` counts the chunks of the part in the order in which they are pushed. `rows` is packed:
    use `rows_of` and `packed`. `lo` and `hi`: its first and last key.
    """

    record: ClassVar[str] = "push-chunk"
    audited: ClassVar[bool] = False

    account: Slug
    plan: str
    share: str
    number: int
    channel_location: Code
    sequence: int
    created_at: Instant
    changed_at: Instant
    counts: PushCounts
    lo: str
    hi: str
    rows: str
    read_back: bool = False
    """Whether its rows were read from the channel after they were set, and compared again."""
    window_ms: int = 0
    """Of channels without compare-and-set: the longest that a call took which read, compared and
    wrote. What is sold within it may be overwritten."""

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.plan, self.share, f"{self.number:06d}")

    @property
    def forget_at(self) -> datetime:
        return self.created_at + KEPT

    @property
    def name(self) -> str:
        """Begins the ids of its rows."""
        return f"{self.plan}.{self.share}.{self.number}"


_ROWS = msgspec.msgpack.Decoder(list[PushRow])


def packed(rows: list[PushRow]) -> str:
    """As `PushChunk.rows` has them."""
    return b64encode(zlib.compress(msgspec.msgpack.encode(rows), 6)).decode()


def rows_of(chunk: PushChunk) -> list[PushRow]:
    return _ROWS.decode(zlib.decompress(b64decode(chunk.rows)))


def counts_of(rows: list[PushRow]) -> PushCounts:
    found = [PushOutcome(row.outcome).status for row in rows]
    return PushCounts(
        queued=found.count(PushStatus.IN_PROCESS),
        submitted=found.count(PushStatus.SUBMITTED),
        success=found.count(PushStatus.SUCCESS),
        error=found.count(PushStatus.ERROR),
    )


def push_id(chunk: PushChunk, index: int) -> str:
    """The id of a row's push: the idempotency key that the channel gets, too. At most 64."""
    return f"{chunk.name}.{index}"


def parts_of(id_: str) -> tuple[str, str, int, int] | None:
    """Plan, share, chunk and index of a push's id; None: not one of ours."""
    match id_.split("."):
        case [plan, share, chunk, index] if chunk.isdecimal() and index.isdecimal():
            return plan, share, int(chunk), int(index)
    return None

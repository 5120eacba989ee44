"""Force: what is to be made right at a channel, who decided it, and what is in its way.

A **plan** is proposed, and never changes after that. It is confirmed, or approved by a second
person, whole or in two parts: its decreases first, the rest later. Each part claims the **slots**
of all channel locations that it touches, or of none; a slot admits one part at a time, and starts
the cooldown. Quantities are channel units unless they say otherwise.
"""

from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from trueup.domain.accounts import Code, Entity, Percent, Slug, Units
from trueup.domain.cases import Part
from trueup.domain.routing import Money
from trueup.domain.time import Instant

MAX_LOCATIONS = 40
"""Channel locations of one plan: their slots are claimed in one transaction, which is audited."""

CONFIRMABLE = timedelta(minutes=30)
"""A plan is what was true when it was made: nobody can confirm it later than this."""
APPROVABLE = timedelta(hours=24)
"""One that waits for a second person may wait longer; what changed meanwhile is not pushed."""


class PlanKind(StrEnum):
    """Retry: rows whose push failed. Undo: back to what a plan found, where ours still shows."""

    FORCE = "force"
    RETRY = "retry"
    UNDO = "undo"


class PlanState(StrEnum):
    """Planning: being computed. Proposed: waits for a person. Forcing: some part is at work.

    All from FINISHED on are final. Finished says nothing of success: the tallies do.
    """

    PLANNING = "planning"
    PROPOSED = "proposed"
    FORCING = "forcing"
    FINISHED = "finished"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        return self not in (PlanState.PLANNING, PlanState.PROPOSED, PlanState.FORCING)


class Share(StrEnum):
    """Which rows of a plan are decided about."""

    ALL = "all"
    DECREASES = "decreases"
    REST = "rest"


class Urgency(IntEnum):
    """The order in which rows are pushed."""

    OVERSOLD = 0
    """The channel shows more than 0 of what cannot be sold at all."""
    DECREASE = 1
    INCREASE = 2


def in_share(urgency: int, unexplained: int, share: Share) -> bool:
    """Whether a row that is not skipped belongs to a share of its plan.

    The decreases are those of which every unit is explained: the ledger has evidence for each.
    """
    if share is Share.ALL:
        return True
    evident = urgency in (Urgency.OVERSOLD, Urgency.DECREASE) and unexplained == 0
    return evident is (share is Share.DECREASES)


class Skip(IntEnum):
    """Why a row of a plan's scope is not pushed; stored, so a number is never reused."""

    NOT_SKIPPED = 0
    UNKNOWN = 1
    """Our position, or a pool's or kit's member, is not known."""
    STALE = 2
    UNMAPPED = 3
    """Not listed, or the channel does not show it."""
    READ_ONLY = 4
    SETTLING = 5
    ORDERS_NOT_IMPORTED = 6
    """An increase, and it is not known that our ledger has all orders up to the capture."""
    ONE_CAPTURE = 7
    """The account wants two captures that agree."""
    FIRST_LIMIT = 8
    """Beyond the number of SKUs of the account's first live force."""
    ACCEPTED = 9
    """Somebody accepted the difference."""
    CHANGED = 10
    """Undo: the channel shows something else than we set."""
    ABOVE_PUBLISHABLE = 11
    """Undo: it showed more than may be published now; only an approver may have it back."""
    MATCHES = 12
    """It is right, or within its tolerance."""


class Over(StrEnum):
    """Which limit of the account a plan is over, so that a second person has to approve."""

    SHARE = "share"
    TO_ZERO = "to_zero"
    UNITS = "units"
    VALUE = "value"
    VALUE_UNKNOWN = "value_unknown"
    UNEXPLAINED = "unexplained"
    ABOVE_PUBLISHABLE = "above_publishable"


class ForceSettings(Entity):
    """What an account's admins allow. Until set: these.

    Up to the limits a plan needs nobody but the operator who confirms it; None: no such limit.
    `share`: percent of the rows of its locations. `units`: base units, up and down added. `value`:
    at price; a value that is not known counts as over. `unexplained`: rows with units that no
    cause explains. `second_approval` off: never a second person. `first_rows`: rows of the first
    live force of the account. `agreeing_captures`: how many captures in a row must have differed.
    `orders_covered`: whether increases need to know that all orders up to the capture are
    imported. `cooldowns`: seconds by channel location; the account's own stands for the others.
    """

    record: ClassVar[str] = "force-settings"
    audited: ClassVar[bool] = True

    account: Slug
    share: Percent | None = 20
    to_zero: Units | None = 50
    units: Units | None = 1_000
    value: Money | None = None
    unexplained: Units | None = 100
    second_approval: bool = True
    first_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    agreeing_captures: Annotated[int, Field(ge=1, le=2)] = 1
    orders_covered: bool = True
    cooldowns: Annotated[
        dict[Code, Annotated[int, Field(ge=0, le=7 * 86400)]], Field(max_length=500)
    ] = {}

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account,)


class OrdersCovered(Entity):
    """Up to when all orders of an account's channel are in our ledger, as the importer said."""

    record: ClassVar[str] = "orders-covered"
    audited: ClassVar[bool] = True

    account: Slug
    until: Instant
    stated_by: str
    stated_at: Instant

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account,)


class ForceSlot(Entity):
    """Who may push at one channel location of an account, and since when nobody else may.

    `holder`: ``{plan}/{share}`` of the part at work, "" none. `sequence` grows with each claim: a
    push of an older one is never sent after. `sent`: whether the present or last holder has begun
    to send. `cooled_before`: what `cooling_until` was before the last claim, to give it back.
    `busy_until`: a call of the last holder may still be on its way, though its part has ended.
    """

    record: ClassVar[str] = "force-slot"
    audited: ClassVar[bool] = False

    account: Slug
    channel_location: Code
    holder: str = ""
    sequence: int = 0
    sent: bool = False
    claimed_at: Instant | None = None
    cooling_until: Instant | None = None
    cooled_before: Instant | None = None
    busy_until: Instant | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.channel_location)

    @property
    def guard(self) -> str:
        return slot_guard(self.holder, self.sequence)


def slot_guard(holder: str, sequence: int) -> str:
    """What a write that needs the slot is conditional on."""
    return f"{holder}#{sequence}"


class Scope(Part):
    """What a plan is about: SKUs, or the view's filters; neither: all that differs.

    `include_settling`: rows too that are explained and settle by themselves. `above_publishable`:
    of an undo, quantities too that may not be published now, which needs an approver.
    """

    locations: Annotated[tuple[Code, ...], Field(min_length=1, max_length=MAX_LOCATIONS)]
    skus: Annotated[tuple[Code, ...], Field(max_length=10_000)] = ()
    cause: str | None = None
    direction: str | None = None
    outcome: str | None = None
    title: str = ""
    include_settling: bool = False
    above_publishable: bool = False


class Amount(Part):
    """Rows, base units, and money at price by currency; `unvalued`: rows without a price."""

    rows: int = 0
    units: int = 0
    value: dict[str, int] = {}
    unvalued: int = 0


class Change(Part):
    """One row among the largest of a plan."""

    channel_location: str
    key: str
    showed: int
    target: int


class PlanSummary(Part):
    """What a plan would do. `skipped`: rows by the name of their `Skip`.

    `calls`: of the channel. `seconds`: how long they take at its rate, at least; `fixed_times`:
    says when, for channels that take updates at set times.
    """

    considered: int = 0
    up: Amount = Amount()
    down: Amount = Amount()
    to_zero: int = 0
    oversold: int = 0
    unexplained: int = 0
    skipped: dict[str, int] = {}
    largest: tuple[Change, ...] = ()
    calls: int = 0
    seconds: int = 0
    fixed_times: str = ""

    @property
    def rows(self) -> int:
        """Those that would be pushed."""
        return self.up.rows + self.down.rows


class PlanPlace(Part):
    """One channel location of a plan: its rows as a book that never changes.

    `version` of the rows it was made from, captured at `as_of`.
    """

    channel_location: Code
    version: int
    as_of: Instant
    manifest: str
    rows: int
    """In the book, skipped ones too."""
    decreases: int = 0
    """Of those that would be pushed: the rows in the share of that name."""
    rest: int = 0

    def rows_in(self, share: Share) -> int:
        """How many rows of a share would be pushed here."""
        counts = {Share.DECREASES: self.decreases, Share.REST: self.rest}
        return counts.get(share, self.decreases + self.rest)


class PushCounts(Part):
    """Rows by what became of them."""

    queued: int = 0
    submitted: int = 0
    success: int = 0
    error: int = 0

    def __add__(self, other: "PushCounts") -> "PushCounts":
        mine, theirs = self.model_dump(), other.model_dump()
        return PushCounts(**{name: mine[name] + theirs[name] for name in mine})


class StageState(StrEnum):
    RUNNING = "running"
    ENDED = "ended"


class Stage(Part):
    """A part of a plan that was confirmed or approved, and is being pushed.

    `sequences`: of the slots, by channel location. `cause`: why it ended early.
    """

    share: Share
    decided_by: str
    decided_at: Instant
    approved: bool
    note: str = ""
    state: StageState = StageState.RUNNING
    deadline: Instant
    sequences: dict[str, int]
    counts: PushCounts = PushCounts()
    ended_at: Instant | None = None
    cause: str | None = None
    execution: str = ""
    """The execution that works on it where that is not the first."""
    window_ms: int = 0
    """Of channels without compare-and-set: how long a sale might have been overwritten, at most."""


class ForcePlan(Entity):
    """One plan. After PLANNING, what it would do never changes; `hash` is of all of that.

    `of`: the plan that an undo takes back; `undone_by`: the undo that was decided first, which is
    free of the cooldown. `approvals`: why the whole needs a second person.
    """

    record: ClassVar[str] = "force-plan"
    audited: ClassVar[bool] = True

    id: str
    kind: PlanKind = PlanKind.FORCE
    account: Slug
    scope: Scope
    of: str | None = None
    undone_by: str | None = None
    state: PlanState = PlanState.PLANNING
    proposed_by: str
    proposed_at: Instant
    planned_at: Instant | None = None
    expires_at: Instant
    deadline: Instant
    """Until then planning has to have ended."""
    places: tuple[PlanPlace, ...] = ()
    summary: PlanSummary = PlanSummary()
    approvals: tuple[Over, ...] = ()
    first: bool = False
    """The account's first live force."""
    hash: str = ""
    stages: tuple[Stage, ...] = ()
    cause: str | None = None
    closed_by: str | None = None
    note: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.id)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        """Open until final: the sweeper ends what nobody else does."""
        if self.state.final:
            return None
        running = [s.deadline for s in self.stages if s.state is StageState.RUNNING]
        if running:
            return ("open", max(running))
        return ("open", self.deadline if self.state is PlanState.PLANNING else self.expires_at)

    def stage(self, share: Share) -> Stage | None:
        return next((stage for stage in self.stages if stage.share is share), None)

    def rows_in(self, share: Share) -> int:
        """How many rows of a share would be pushed."""
        return sum(place.rows_in(share) for place in self.places)

    @property
    def undecided(self) -> Share | None:
        """What nobody has decided about yet: all, the rest, or nothing any more.

        `closed_by` is who turned down what was left.
        """
        if self.state not in (PlanState.PROPOSED, PlanState.FORCING) or self.closed_by:
            return None
        decided = {stage.share for stage in self.stages}
        if not decided:
            return Share.ALL
        rest = decided == {Share.DECREASES} and self.rows_in(Share.REST)
        return Share.REST if rest else None

    @property
    def standing(self) -> PlanState:
        """The state that its stages come to, once it was proposed."""
        if any(stage.state is StageState.RUNNING for stage in self.stages):
            return PlanState.FORCING
        return PlanState.PROPOSED if self.undecided else PlanState.FINISHED


def holder_of(plan: str, share: Share) -> str:
    """As it is kept in slots, and the name of the execution with a ``-`` for the ``/``."""
    return f"{plan}/{share.value}"

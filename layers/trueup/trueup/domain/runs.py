"""Runs: one comparison of one account, from its opening to a final state."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from trueup.domain.accounts import Code, Entity, Link, Slug
from trueup.domain.groups import CauseGroup
from trueup.domain.heads import Head as Head  # noqa: PLC0414 - known by this name, too
from trueup.domain.heads import Version as Version  # noqa: PLC0414
from trueup.domain.ledger import LedgerPin
from trueup.domain.pins import BookPin as BookPin  # noqa: PLC0414 - known by this name, too
from trueup.domain.time import Instant
from trueup.domain.tolerances import Tolerance


class Trigger(StrEnum):
    BUTTON = "button"
    SCHEDULE = "schedule"


class RunState(StrEnum):
    """Queued and Running are passing; the others are final."""

    QUEUED = "Queued"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    PARTIAL = "Partial"
    FAILED = "Failed"
    SKIPPED = "Skipped"

    @property
    def final(self) -> bool:
        return self not in (RunState.QUEUED, RunState.RUNNING)


class Usage(BaseModel):
    """What a step used; sums with `+`. Write and read units as DynamoDB counts them."""

    model_config = ConfigDict(frozen=True)
    write_units: float = 0
    read_units: float = 0
    items_written: int = 0
    bytes_written: int = 0
    s3_puts: int = 0
    s3_gets: int = 0
    invocations: int = 0
    gb_seconds: float = 0
    transitions: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        mine, theirs = self.model_dump(), other.model_dump()
        return Usage(**{name: mine[name] + theirs[name] for name in mine})


class Tally(BaseModel):
    """Counts of one location's rows. Units over and under are channel units of |gap|.

    Each row is one of matching, differing, explained, stale, unknown, not listed, not on channel.
    Units and value are of differing and of explained rows: what is within the tolerance matches.
    """

    model_config = ConfigDict(frozen=True)
    rows: int = 0
    matching: int = 0
    differing: int = 0
    explained: int = 0
    """Rows that differ for causes that pass by themselves; not among the differing."""
    stale: int = 0
    """Rows of which the channel's report is older than the account allows."""
    unexplained: int = 0
    """Base units, over and under alike, that no cause explains."""
    units_over: int = 0
    """The channel shows more than can be published: oversell risk."""
    units_under: int = 0
    """The channel shows less than can be published: lost sales."""
    oversold_rows: int = 0
    """Rows where nothing can be published and the channel shows some."""
    unknown: int = 0
    not_listed: int = 0
    not_on_channel: int = 0
    value_over: dict[str, int] = {}
    """Minor units at price by currency of `units_over`; rows without a price are in `unvalued`."""
    value_under: dict[str, int] = {}
    unvalued: int = 0
    """Differing rows of which no value is known, for want of a price or a currency."""
    unlisted_skus: int = 0
    """SKUs with stock here that no listing of the account names; they have no rows."""

    def __add__(self, other: "Tally") -> "Tally":
        sums: dict[str, Any] = {n: _sum(getattr(self, n), getattr(other, n)) for n in _TALLY}
        return Tally(**sums)


_TALLY = tuple(Tally.model_fields)


def _sum(one: int | dict[str, int], two: int | dict[str, int]) -> int | dict[str, int]:
    if isinstance(one, int) and isinstance(two, int):
        return one + two
    ones, twos = dict(one), dict(two)  # type: ignore[arg-type]
    return {c: ones.get(c, 0) + twos.get(c, 0) for c in sorted(ones.keys() | twos.keys())}


class LocationResult(BaseModel):
    """How one channel location came out of a run; `cause` is for the seller to read.

    `causes`: why its rows do not match, the groups with the most rows first. A run of very many
    locations keeps fewer samples and groups here; those of `History` are complete.
    """

    model_config = ConfigDict(frozen=True)
    channel_location: Code
    state: RunState
    cause: str | None = None
    tally: Tally = Tally()
    version: int | None = None
    """The snapshot version this run made visible."""
    causes: tuple[CauseGroup, ...] = ()


class LocationTerms(BaseModel):
    """What holds for the stock of a seller location, by the source that owns it.

    `snapshots_only`: nothing tells of movements there. `earlier`: then the baseline before the
    newest. `max_age_minutes`: older positions than this make its rows stale.
    """

    model_config = ConfigDict(frozen=True)
    settle_seconds: int = 900
    snapshots_only: bool = False
    max_age_minutes: int | None = None
    earlier: BookPin | None = None


class Inputs(BaseModel):
    """Everything a run compares, frozen when it opens, so that a replay gives the same."""

    model_config = ConfigDict(frozen=True)
    links: tuple[Link, ...] = ()
    buffers: dict[Code, int] = {}
    """Base units by channel location: link's buffer, else its only location's, else account's."""
    allocation: int = 100
    tolerance: int = 0
    tolerances: tuple[Tolerance, ...] = ()
    """Rules that go before `tolerance`."""
    max_report_age_minutes: int | None = None
    reports_on_hand: bool = False
    """The channel reports on hand with its own reservations, not available."""
    listings: BookPin | None = None
    aliases: BookPin | None = None
    baselines: dict[Slug, BookPin] = {}
    ledgers: dict[Slug, LedgerPin] = {}
    """By seller location; one that is not here has no ledger."""
    places: dict[Slug, LocationTerms] = {}
    feeds: tuple[Slug, ...] = ()
    """Sources that tell of the account's orders."""
    pushes: tuple[int, ...] = ()
    """The last block of each shard of the account's pushes; empty: there are none."""
    settle_seconds: int = 0
    """The channel's own."""

    def oldest(self, now: int) -> int | None:
        """What was captured before this is stale; milliseconds, None: there is no limit."""
        if self.max_report_age_minutes is None:
            return None
        return now - self.max_report_age_minutes * 60_000


class Progress(BaseModel):
    model_config = ConfigDict(frozen=True)
    phase: str = "queued"
    rows_fetched: int = 0
    rows_expected: int | None = None
    ranges: int = 0


class Run(Entity):
    """One comparison of one account."""

    record: ClassVar[str] = "run"
    audited: ClassVar[bool] = True

    id: str
    account: Slug
    channel: Slug
    trigger: Trigger
    requested_by: str
    state: RunState = RunState.QUEUED
    cause: str | None = None
    opened_at: Instant
    deadline: Instant
    started_at: Instant | None = None
    finished_at: Instant | None = None
    fence: int = 0
    execution: str | None = None
    """The execution that works on it where that is not the one named by its id."""
    inputs: Inputs = Inputs()
    progress: Progress = Progress()
    locations: tuple[LocationResult, ...] = ()
    usage: Usage = Usage()

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.id)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return None if self.state.final else ("open", self.deadline)


class Lease(Entity):
    """Whoever holds it may make a version of the account's books visible. `fence` only grows."""

    record: ClassVar[str] = "lease"
    audited: ClassVar[bool] = False

    account: Slug
    holder: str
    fence: Annotated[int, Field(ge=1)]
    expires_at: Instant

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account,)

    @property
    def guard(self) -> str | None:
        return f"{self.holder}#{self.fence}"


class Segment(BaseModel):
    """A sorted object of fetched rows; its index is at its end."""

    model_config = ConfigDict(frozen=True)
    key: str
    size: int
    rows: int


class Fetch(Entity):
    """How far a run's fetch has come; changed by a conditional write a turn."""

    record: ClassVar[str] = "fetch"
    audited: ClassVar[bool] = False

    run: str
    account: Slug
    cursor: str | None = None
    reached: int = 0
    """The position, as the channel counts, that the cursor leads to."""
    done: bool = False
    turns: int = 0
    rows: int = 0
    expected: int | None = None
    attempt: int = 1
    segments: tuple[Segment, ...] = ()
    failed_locations: dict[Code, str] = {}
    usage: Usage = Usage()
    captured_from: Instant | None = None
    captured_to: Instant | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.run)


class History(Entity):
    """What a run found at one location, kept beyond the run's own retention (metrics need it)."""

    record: ClassVar[str] = "history"
    audited: ClassVar[bool] = False

    account: Slug
    channel_location: Code
    run: str
    finished_at: Instant
    state: RunState
    tally: Tally
    causes: tuple[CauseGroup, ...] = ()

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.channel_location, self.run)


class Housekeeping(Entity):
    """When a seller's old versions are next forgotten, and the book that was begun last."""

    record: ClassVar[str] = "housekeeping"
    audited: ClassVar[bool] = False

    due_at: Instant
    after: str = ""
    """A round that ran out of time goes on behind this book."""

    @property
    def identity(self) -> tuple[str, ...]:
        return ("books",)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return ("housekeeping", self.due_at)

"""Runs: one comparison of one account, from its opening to a final state."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from trueup.domain.accounts import Code, Entity, Link, Slug
from trueup.domain.fetches import Fetch as Fetch  # noqa: PLC0414 - known by this name, too
from trueup.domain.fetches import Segment as Segment  # noqa: PLC0414
from trueup.domain.groups import CauseGroup
from trueup.domain.heads import Head as Head  # noqa: PLC0414 - known by this name, too
from trueup.domain.heads import Version as Version  # noqa: PLC0414
from trueup.domain.ledger import LedgerPin
from trueup.domain.pins import BookPin as BookPin  # noqa: PLC0414 - known by this name, too
from trueup.domain.tallies import Tally as Tally  # noqa: PLC0414
from trueup.domain.tallies import Usage as Usage  # noqa: PLC0414
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

"""Replays: a past run again from its stored evidence, as it was or under other terms."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from trueup.domain.accounts import Code, Entity, Percent, Slug, Units
from trueup.domain.errors import Fault
from trueup.domain.outcomes import Reason
from trueup.domain.runs import Inputs, LocationTerms
from trueup.domain.sources import MAX_SETTLE_SECONDS
from trueup.domain.time import Instant
from trueup.domain.tolerances import NO_LIMIT, Limit, Tolerance

MAX_RULES = 300
MAX_PLACES = 500
Seconds = Annotated[int, Field(ge=0, le=MAX_SETTLE_SECONDS)]
Age = Annotated[int, Field(ge=0, le=90 * 24 * 60)]
"""Minutes; 0: no limit."""


class ReplayKind(StrEnum):
    """Replay: the same again, to be identical. What if: under other terms, to see what changes."""

    REPLAY = "replay"
    WHAT_IF = "what_if"


class ReplayState(StrEnum):
    """Pending: waits for its execution. The last two are final."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"

    @property
    def final(self) -> bool:
        return self in (ReplayState.SUCCEEDED, ReplayState.FAILED)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RuleChange(_Part):
    """A tolerance in the place of the run's own of the same scope; null: for all."""

    channel_location: Code | None = None
    sku: Code | None = None
    over: Limit = NO_LIMIT
    under: Limit = NO_LIMIT


class PlaceChange(_Part):
    """Other terms of one of the seller's locations. `max_age_minutes`: 0 is no limit."""

    settle_seconds: Seconds | None = None
    max_age_minutes: Age | None = None


class Change(_Part):
    """Other terms than a run had; what is not given stays as it was.

    `tolerance` and `allocation`: the account's. `tolerances` go before the run's own of the same
    scope. `buffers` (base units) by channel location; a listing's own buffer still goes before
    them. `settle_seconds`: the channel's. `max_report_age_minutes`: 0 is no limit. `locations`: by
    location of the seller.
    """

    tolerance: Units | None = None
    tolerances: Annotated[tuple[RuleChange, ...], Field(max_length=MAX_RULES)] = ()
    buffers: Annotated[dict[Code, Units], Field(max_length=MAX_PLACES)] = {}
    allocation: Percent | None = None
    settle_seconds: Seconds | None = None
    max_report_age_minutes: Age | None = None
    locations: Annotated[dict[Slug, PlaceChange], Field(max_length=MAX_PLACES)] = {}

    def __bool__(self) -> bool:
        return self != NO_CHANGE

    def faults(self, inputs: Inputs) -> Iterator[Fault]:
        """What the run does not know, or is given twice, as JSON pointers into the wish."""
        linked = {link.channel_location for link in inputs.links}
        for number, rule in enumerate(self.tolerances):
            if rule.channel_location not in (None, *linked):
                where = f"/change/tolerances/{number}/channel_location"
                yield Fault(where, "was no channel location of the run")
        yield from self._repeated()
        for place in sorted(self.buffers.keys() - linked):
            yield Fault(f"/change/buffers/{_escaped(place)}", "was no channel location of the run")
        feeding = {member.location for link in inputs.links for member in link.members}
        for code in sorted(self.locations.keys() - feeding):
            yield Fault(f"/change/locations/{code}", "did not feed the run")

    def _repeated(self) -> Iterator[Fault]:
        """Rules of a scope that has one already: it could not be told which is meant."""
        first: dict[tuple[str | None, str | None], int] = {}
        for number, rule in enumerate(self.tolerances):
            before = first.setdefault((rule.channel_location, rule.sku), number)
            if before != number:
                where = f"/change/tolerances/{number}"
                yield Fault(where, f"is of the same scope as tolerances/{before}")

    def applied(self, inputs: Inputs, account: str) -> Inputs:
        """The inputs of a run with these terms in them."""
        changes: dict[str, Any] = {
            "tolerances": self._rules(inputs, account),
            "buffers": inputs.buffers | self.buffers,
            "places": inputs.places | {c: _terms(inputs, c, t) for c, t in self.locations.items()},
        }
        for name in ("tolerance", "allocation", "settle_seconds"):
            if getattr(self, name) is not None:
                changes[name] = getattr(self, name)
        if self.max_report_age_minutes is not None:
            changes["max_report_age_minutes"] = self.max_report_age_minutes or None
        return inputs.model_copy(update=changes)

    def _rules(self, inputs: Inputs, account: str) -> tuple[Tolerance, ...]:
        rules = {rule.identity: rule for rule in inputs.tolerances}
        for other in self.tolerances:
            rule = Tolerance(account=account, **other.model_dump())
            rules[rule.identity] = rule
        return tuple(rules.values())


NO_CHANGE = Change()


class Turn(BaseModel):
    """So many rows had one reason and would have another."""

    model_config = ConfigDict(frozen=True)
    before: Reason
    after: Reason
    rows: int


class FirstDifference(BaseModel):
    """Where a replay first found something else than the run had stored.

    `what`: evidence (it is not what was stored then), rows, causes, or figures. The range is the
    keys from `lo` to before `hi`, null for no bound. `key`: the first row, if it is one.
    """

    model_config = ConfigDict(frozen=True)
    channel_location: str
    lo: str | None = None
    hi: str | None = None
    what: str
    key: str | None = None
    detail: str


class ReplayResult(BaseModel):
    """What came out. `identical`: null for a what-if. `unmade`: ranges that the run never made.

    `changed`: rows that would have another reason; `turns` counts them.
    """

    model_config = ConfigDict(frozen=True)
    identical: bool | None = None
    ranges: int = 0
    unmade: int = 0
    rows: int = 0
    first: FirstDifference | None = None
    changed: int = 0
    turns: tuple[Turn, ...] = ()


class Replay(Entity):
    """A run that is done again. Nothing of it becomes visible as rows."""

    record: ClassVar[str] = "replay"
    audited: ClassVar[bool] = False

    id: str
    account: Slug
    run: str
    kind: ReplayKind
    change: Change = NO_CHANGE
    requested_by: str
    state: ReplayState = ReplayState.PENDING
    cause: str | None = None
    opened_at: Instant
    deadline: Instant
    started_at: Instant | None = None
    finished_at: Instant | None = None
    ranges: int = 0
    """Planned; 0 until then."""
    result: ReplayResult | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.id,)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return None if self.state.final else ("open", self.deadline)


def _terms(inputs: Inputs, code: str, change: PlaceChange) -> LocationTerms:
    terms = inputs.places.get(code, LocationTerms())
    changes: dict[str, Any] = {}
    if change.settle_seconds is not None:
        changes["settle_seconds"] = change.settle_seconds
    if change.max_age_minutes is not None:
        changes["max_age_minutes"] = change.max_age_minutes or None
    return terms.model_copy(update=changes)


def _escaped(text: str) -> str:
    """As a part of a JSON pointer."""
    return text.replace("~", "~0").replace("/", "~1")

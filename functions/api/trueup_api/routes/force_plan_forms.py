"""What routes of plans to force a channel take."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from trueup.domain.force import PlanKind, PlanState, Skip, Urgency
from trueup.domain.outcomes import Outcome
from trueup.usecases.force.plan_reading import PlanFilters, RowFilters
from trueup.usecases.force.proposing import Proposal
from trueup.usecases.rows.filters import Direction, Filters
from trueup.usecases.rows.why import CauseName
from trueup_api.fields import CodeText, Cursor, Limit, Slug
from trueup_api.routing import Strict

SkipName = Literal[
    "not_skipped",
    "unknown",
    "stale",
    "unmapped",
    "read_only",
    "settling",
    "orders_not_imported",
    "one_capture",
    "first_limit",
    "accepted",
    "changed",
    "above_publishable",
    "matches",
]
UrgencyName = Literal["oversold", "decrease", "increase"]
_MANY = 20_000


class ForcePlanBody(Strict):
    """What is to be made right: of these channel locations (their ids, at most 40) these SKUs, or
    what the filters of the view mean; without either all that differs.

    `include_settling`: rows too that are explained and settle by themselves.
    """

    account: Slug
    locations: Annotated[list[CodeText], Field(max_length=_MANY)]
    skus: Annotated[list[CodeText], Field(max_length=_MANY)] = []
    cause: CauseName | None = None
    direction: Literal["over", "under"] | None = None
    outcome: Literal["match", "explained", "exception"] | None = None
    title: Annotated[str, StringConstraints(max_length=200)] = ""
    include_settling: bool = False

    def proposal(self, by: str) -> Proposal:
        filters = Filters(
            cause=self.cause,
            direction=Direction(self.direction) if self.direction else None,
            outcome=Outcome(self.outcome) if self.outcome else None,
            title=self.title,
        )
        same = {name: getattr(self, name) for name in ("account", "locations", "skus")}
        return Proposal(**same, by=by, filters=filters, include_settling=self.include_settling)


class ForcePlansQuery(Strict):
    account: Slug | None = None
    state: PlanState | None = None
    kind: PlanKind | None = None
    limit: Limit = 50
    cursor: Cursor | None = None

    @property
    def filters(self) -> PlanFilters:
        return PlanFilters(self.account, self.state, self.kind)


class PlannedRowsQuery(Strict):
    """`skip` not_skipped: those that would be pushed. `direction` over: the channel shows more."""

    location: CodeText | None = None
    skip: SkipName | None = None
    urgency: UrgencyName | None = None
    direction: Literal["over", "under"] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=4_000)] | None = None

    @property
    def filters(self) -> RowFilters:
        return RowFilters(
            location=self.location,
            skip=Skip[self.skip.upper()] if self.skip else None,
            urgency=Urgency[self.urgency.upper()] if self.urgency else None,
            direction=Direction(self.direction) if self.direction else None,
        )

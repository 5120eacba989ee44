"""What routes of the push log take and answer."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from trueup.domain.force import PlanKind, Share
from trueup.domain.pushlog import PushStatus
from trueup.usecases.force import log, log_cursor
from trueup.usecases.force.log_filters import Action, LogFilters
from trueup.usecases.force.log_rows import LogRow
from trueup_api.fields import CodeText, Moment, Slug
from trueup_api.routing import Strict

StatusName = Literal["In Process", "Submitted", "Success", "Error"]
OutcomeName = Literal[
    "QUEUED",
    "SENDING",
    "SUBMITTED",
    "APPLIED",
    "STALE_CHANNEL",
    "STALE_POSITION",
    "REJECTED",
    "SKIPPED",
    "SUPERSEDED",
    "UNVERIFIED",
    "NOT_SENT",
]
PlanId = Annotated[str, StringConstraints(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]
PushId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class PushesFilters(Strict):
    """`account`, `location` and `status` may be repeated. `since` <= queued < `until`.

    `action` normal: In Process and Submitted; archival: Success and Error. `retried`: also rows
    in Error that a retry has anew.
    """

    account: Annotated[tuple[Slug, ...], Field(max_length=log.MAX_ACCOUNTS)] = ()
    channel: Slug | None = None
    location: Annotated[tuple[CodeText, ...], Field(max_length=50)] = ()
    status: Annotated[tuple[StatusName, ...], Field(max_length=4)] = ()
    action: Action | None = None
    since: Moment | None = None
    until: Moment | None = None
    sku: CodeText | None = None
    channel_sku: CodeText | None = None
    plan: PlanId | None = None
    retried: bool = False

    @property
    def filters(self) -> LogFilters:
        return LogFilters(
            accounts=tuple(sorted(set(self.account))),
            channel=self.channel,
            locations=tuple(sorted(set(self.location))),
            statuses=tuple(sorted(map(PushStatus, set(self.status)))),
            action=self.action,
            since=self.since,
            until=self.until,
            sku=self.sku,
            channel_sku=self.channel_sku,
            plan=self.plan,
            retried=self.retried,
        )


class PushesQuery(PushesFilters):
    """A page of what fits."""

    cursor: (
        Annotated[str, StringConstraints(min_length=1, max_length=log_cursor.MAX_LENGTH)] | None
    ) = None
    limit: Annotated[int, Field(ge=1, le=log.MAX_ROWS)] = 50


class PushFormula(Strict):
    """How the quantity was calculated; docs/force.md explains each term.

    `calculated = clamp(floor((sellable x allocation% + backorder - buffer) / pack_size), 0, cap)`;
    sellable, back-order limit and buffer in base units, cap in channel units (null: none).
    `withheld`: channel units that come off `calculated`, for orders that were not imported yet.
    """

    sellable: int
    allocation: int
    backorder: int
    buffer: int
    pack_size: int
    cap: int | None
    calculated: int | None
    withheld: int


class PushView(Strict):
    """One push. Quantities in channel units, available; null: not read.

    `showed`: at the time of the plan; `before` and `after`: around the write. `attempts`: 1 for the
    first push of it, and one more for each retry; `retry_of`: the push that it has anew,
    `retried_by`: the plan that has this one anew.
    """

    id: str
    client: str | None
    channel: str
    account: str
    account_name: str
    location_id: str
    location_code: str
    location_name: str
    sku: str
    channel_sku: str
    channel_product_id: str
    quantity: int
    formula: PushFormula
    showed: int
    before: int | None
    after: int | None
    status: StatusName
    outcome: OutcomeName
    message: str
    advice: str | None
    queued_at: datetime
    sent_at: datetime | None
    done_at: datetime | None
    attempts: int
    retry_of: str | None
    retried_by: str | None
    plan: str
    kind: PlanKind
    share: Share
    proposed_by: str
    decided_by: str | None
    approved: bool | None


class PushesView(Strict):
    """Pushes, the latest plan first. There may be fewer than asked for, even none, while there is
    a cursor: go on with it until it is null. `clients`: whether the seller has clients at all.
    """

    pushes: list[PushView]
    clients: bool
    cursor: str | None


def formula_view(found: LogRow) -> PushFormula:
    row = found.row
    return PushFormula(
        sellable=row.sellable,
        allocation=row.allocation,
        backorder=row.backorder,
        buffer=row.buffer,
        pack_size=row.pack_size,
        cap=found.cap,
        calculated=found.calculated,
        withheld=row.withheld,
    )


def push_view(found: LogRow) -> PushView:
    account, place, row, stage = found.account, found.place, found.row, found.stage
    return PushView.model_construct(
        id=found.id,
        client=account.client,
        channel=account.channel,
        account=account.id,
        account_name=account.name,
        location_id=place.id,
        location_code=place.code,
        location_name=place.name,
        sku=found.sku,
        channel_sku=found.channel_sku,
        channel_product_id=row.product_id,
        quantity=row.quantity,
        formula=formula_view(found),
        showed=row.showed,
        before=found.before,
        after=found.after,
        status=found.status.value,
        outcome=found.outcome.name,
        message=found.message,
        advice=found.advice,
        queued_at=found.queued_at,
        sent_at=found.sent_at,
        done_at=found.done_at,
        attempts=row.attempts,
        retry_of=row.retry_of or None,
        retried_by=row.retried_by or None,
        plan=found.plan.id,
        kind=found.plan.kind,
        share=Share(found.chunk.share),
        proposed_by=found.plan.proposed_by,
        decided_by=stage.decided_by if stage else None,
        approved=stage.approved if stage else None,
    )

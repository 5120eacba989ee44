"""What routes of retries, undos and support bundles take and answer."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, model_validator

from trueup.domain.accounts import Mode
from trueup.domain.force import ForcePlan, Over, PlanKind, PlanState, PushCounts, Stage, StageState
from trueup.domain.pushes import UNREAD
from trueup.domain.time import from_milliseconds
from trueup.explain.facts import Push
from trueup.usecases.force.retrying_pushes import Again
from trueup.usecases.force.support import Bundle
from trueup_api.fields import CodeText, Moment, Slug
from trueup_api.routes.push_forms import PlanId, PushId, PushView, push_view
from trueup_api.routing import Strict

MAX_PUSHES = 1_000
"""By their ids, of one request."""


class FailedBody(Strict):
    """All pushes in Error that fit and were not retried yet; of each row the latest."""

    plan: PlanId | None = None
    locations: Annotated[list[CodeText], Field(max_length=40)] = []
    since: Moment | None = None
    until: Moment | None = None


class RetryBody(Strict):
    """Either `pushes` by their ids, or all `errors` that fit; of one account."""

    account: Slug
    pushes: Annotated[list[PushId], Field(max_length=MAX_PUSHES)] = []
    errors: FailedBody | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "RetryBody":
        if bool(self.pushes) is (self.errors is not None):
            raise ValueError("give pushes or errors, one of both")
        return self

    def again(self, by: str) -> Again:
        errors = self.errors or FailedBody()
        return Again(
            account=self.account,
            by=by,
            pushes=self.pushes,
            locations=tuple(sorted(set(errors.locations))),
            plan=errors.plan,
            since=errors.since,
            until=errors.until,
        )


class UndoBody(Strict):
    """`above_publishable`: also quantities that may not be published now. An approver has to
    approve those; else they are left as they are.
    """

    above_publishable: bool = False


class BegunPlanView(Strict):
    """A plan that is being made. What it would do is with the plan, once it is proposed."""

    id: str
    account: str
    kind: PlanKind
    of: str | None
    state: PlanState
    locations: list[str]
    proposed_by: str
    proposed_at: datetime
    deadline: datetime


class SupportPartView(Strict):
    """Who decided about the part, and how it went. `window_ms`: of channels that cannot compare
    and set, how long a sale might have been overwritten, at most.
    """

    decided_by: str
    decided_at: datetime
    approved: bool
    note: str
    state: StageState
    counts: PushCounts
    deadline: datetime
    ended_at: datetime | None
    cause: str | None
    window_ms: int


class SupportPlanView(Strict):
    id: str
    kind: PlanKind
    of: str | None
    state: PlanState
    hash: str
    approvals: list[Over]
    proposed_by: str
    proposed_at: datetime
    planned_at: datetime | None
    cause: str | None
    part: SupportPartView | None


class WireView(Strict):
    """What went to the channel: in the sense that it takes, on hand where it does so."""

    sent: int
    expected: int
    batch: str
    chunk: int
    slot_sequence: int


class SetView(Strict):
    """A quantity that was set for the row lately, by us or by a tool."""

    id: str
    quantity: int
    accepted_at: datetime
    before: int | None
    seen_at: datetime | None


class OriginView(Strict):
    """What the plan was made from. `run` null: no longer kept."""

    version: int
    captured_at: datetime
    run: str | None


class CapabilitiesView(Strict):
    """What the channel said that it can do. null: never read."""

    reports: str
    takes: str | None
    compare_and_set: bool
    idempotent: bool
    submits: bool
    push_batch: int
    calls_per_minute: int | None
    settle_seconds: int
    minimum_cooldown_seconds: int
    documentation: str


class SupportView(Strict):
    """Evidence to send to whoever helps; `summary` is the same as text.

    Nothing of the account's configuration or secret is in it. `attempts`: all pushes of the chain
    of retries, the first one first.
    """

    summary: str
    generated_at: datetime
    push: PushView
    wire: WireView
    attempts: list[PushView]
    plan: SupportPlanView
    mode: Mode
    capabilities: CapabilitiesView | None
    origin: OriginView | None
    set_lately: list[SetView]


def begun_view(plan: ForcePlan) -> BegunPlanView:
    same = ("id", "account", "kind", "of", "state", "proposed_by", "proposed_at", "deadline")
    fields = {name: getattr(plan, name) for name in same}
    return BegunPlanView(**fields, locations=list(plan.scope.locations))


def support_view(bundle: Bundle) -> SupportView:
    push, place = bundle.push, bundle.place
    able = push.account.capabilities
    told = set(CapabilitiesView.model_fields)
    capabilities = CapabilitiesView(**able.model_dump(include=told)) if able else None
    origin = (
        OriginView(version=place.version, captured_at=place.as_of, run=bundle.run)
        if place
        else None
    )
    return SupportView(
        summary=bundle.summary,
        generated_at=bundle.generated_at,
        push=push_view(push),
        wire=_wire(bundle),
        attempts=list(map(push_view, bundle.attempts)),
        plan=_plan_view(push.plan, push.stage),
        mode=push.account.mode,
        capabilities=capabilities,
        origin=origin,
        set_lately=list(map(_set_view, bundle.set_lately)),
    )


def _wire(bundle: Bundle) -> WireView:
    row, chunk = bundle.push.row, bundle.push.chunk
    return WireView(
        sent=row.sent,
        expected=row.expected,
        batch=row.batch,
        chunk=chunk.number,
        slot_sequence=chunk.sequence,
    )


def _plan_view(plan: ForcePlan, stage: Stage | None) -> SupportPlanView:
    names = set(SupportPlanView.model_fields) - {"part", "approvals"}
    fields = {name: getattr(plan, name) for name in names}
    part = _part_view(stage) if stage else None
    return SupportPlanView(**fields, approvals=list(plan.approvals), part=part)


def _part_view(stage: Stage) -> SupportPartView:
    return SupportPartView(**{name: getattr(stage, name) for name in SupportPartView.model_fields})


def _set_view(push: Push) -> SetView:
    return SetView(
        id=push.id,
        quantity=push.quantity,
        accepted_at=from_milliseconds(push.accepted_at),
        before=None if push.before in (None, UNREAD) else push.before,
        seen_at=from_milliseconds(push.seen_at) if push.seen_at else None,
    )

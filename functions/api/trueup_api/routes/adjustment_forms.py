"""What requests about adjustments say, and how adjustments are shown."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from trueup.domain.adjustments import (
    AdjustableBucket,
    Adjustment,
    AdjustmentState,
    Approval,
    ApprovalLimits,
    Change,
    ReasonCode,
    ToPush,
)
from trueup.domain.cases import Person
from trueup_api.fields import CodeText, Cursor, Limit, Prose, Slug
from trueup_api.routes.case_forms import RowName, row_name
from trueup_api.routing import Strict

Ulid = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{26}$")]


class NewAdjustment(Strict):
    """Base units to add to a bucket, or to take off it: anything but 0."""

    location: Slug
    sku: CodeText
    bucket: AdjustableBucket = "on_hand"
    quantity: Change
    reason: ReasonCode
    note: Prose = ""
    case: Ulid | None = None


class DecisionBody(Strict):
    note: Prose = ""


class DecisionView(Strict):
    by: str
    at: datetime
    note: str


class MoneyView(Strict):
    currency: str
    amount: int


class AdjustmentView(Strict):
    """`approval` says why a second person is needed, or why not. `value`: |quantity| at cost in
    minor units, as of the proposal; null: not known, or no limit of value is set.
    """

    id: str
    location: str
    sku: str
    bucket: str
    quantity: int
    reason: ReasonCode
    note: str
    case: str | None
    state: AdjustmentState
    approval: Approval
    value: MoneyView | None
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    decision: DecisionView | None
    applied_at: datetime | None


class AdjustmentsQuery(Strict):
    state: AdjustmentState | None = None
    location: Slug | None = None
    proposed_by: Person | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class AdjustmentsView(Strict):
    """The newest first. There may be fewer than asked for, even none, while there is a cursor."""

    adjustments: list[AdjustmentView]
    cursor: str | None


class MoneyBody(Strict):
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    amount: Annotated[int, Field(ge=0, le=2**53 - 1)]


class LimitsBody(Strict):
    """The fields to set; what is absent stays. `value` null: units alone count."""

    units: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    value: MoneyBody | None = None
    second_approval: bool = True


class LimitsView(Strict):
    """Up to these no second person is needed. `second_approval` false: never."""

    units: int
    value: MoneyView | None
    second_approval: bool


class ToPushQuery(Strict):
    account: Slug | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class ToPushView(Strict):
    """A listing whose quantity at a channel location is out of date by a correction."""

    account: str
    location: str
    row: RowName
    adjustment: str
    at: datetime


class ToPushesView(Strict):
    to_push: list[ToPushView]
    cursor: str | None


_PLAIN = tuple(n for n in AdjustmentView.model_fields if n not in ("value", "decision"))


def adjustment_view(adjustment: Adjustment) -> AdjustmentView:
    value, decision = adjustment.value, adjustment.decision
    return AdjustmentView(
        **{name: getattr(adjustment, name) for name in _PLAIN},
        value=MoneyView(**value.model_dump()) if value else None,
        decision=DecisionView(**decision.model_dump()) if decision else None,
    )


def limits_view(limits: ApprovalLimits) -> LimitsView:
    return LimitsView(
        units=limits.units,
        value=MoneyView(**limits.value.model_dump()) if limits.value else None,
        second_approval=limits.second_approval,
    )


def to_push_view(marked: ToPush) -> ToPushView:
    return ToPushView(
        account=marked.account,
        location=marked.channel_location,
        row=row_name(marked.key),
        adjustment=marked.adjustment,
        at=marked.at,
    )

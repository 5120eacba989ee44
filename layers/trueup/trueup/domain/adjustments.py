"""Adjustments: the one path by which people correct a position. Base units throughout."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from trueup.domain.accounts import Code, Entity, Slug, Units
from trueup.domain.cases import Part, Text
from trueup.domain.movements import Movement, MovementKind
from trueup.domain.routing import Money
from trueup.domain.stock import MAX_QUANTITY
from trueup.domain.time import Instant, milliseconds

SOURCE = "trueup"
"""The source of the movements that adjustments write."""

DECIDABLE = timedelta(days=14)
"""A proposal that nobody decides about expires after this."""


class AdjustmentState(StrEnum):
    """Approved is passing: its movement is about to be written. Applied, rejected and expired are
    final.
    """

    PROPOSED = "proposed"
    APPROVED = "approved"
    APPLIED = "applied"
    REJECTED = "rejected"
    EXPIRED = "expired"


class ReasonCode(StrEnum):
    COUNTED = "counted"
    FOUND = "found"
    LOST = "lost"
    STOLEN = "stolen"
    DAMAGED = "damaged"
    EXPIRED = "expired"
    RETURNED = "returned"
    MISPICKED = "mispicked"
    SUPPLIER = "supplier_short_or_over"
    DATA = "data_error"
    OTHER = "other"


AdjustableBucket = Literal["on_hand", "damaged", "on_hold", "in_transit"]
Change = Annotated[int, Field(ge=-MAX_QUANTITY, le=MAX_QUANTITY)]


class ApprovalLimits(Entity):
    """Up to these an adjustment needs no second person; above either it does.

    `units`: of |quantity|. `value`: at cost; None: units alone count. A value that is not known
    counts as above. `second_approval` off: never, for sellers who are one person.
    """

    record: ClassVar[str] = "approval-limits"
    audited: ClassVar[bool] = True

    units: Units = 0
    value: Money | None = None
    second_approval: bool = True

    @property
    def identity(self) -> tuple[str, ...]:
        return ("limits",)


class Approval(StrEnum):
    """Why an adjustment needs a second person, or why not."""

    OVER_UNITS = "over_units"
    OVER_VALUE = "over_value"
    VALUE_UNKNOWN = "value_unknown"
    BELOW_LIMITS = "below_limits"
    SWITCHED_OFF = "switched_off"

    @property
    def needed(self) -> bool:
        return self not in (Approval.BELOW_LIMITS, Approval.SWITCHED_OFF)


def approval_of(quantity: int, value: Money | None, limits: ApprovalLimits) -> Approval:
    """Whether a second person has to approve. `value`: at cost, in the limit's currency."""
    if not limits.second_approval:
        return Approval.SWITCHED_OFF
    if abs(quantity) > limits.units:
        return Approval.OVER_UNITS
    if limits.value is None:
        return Approval.BELOW_LIMITS
    if value is None or value.currency != limits.value.currency:
        return Approval.VALUE_UNKNOWN
    over = value.amount > limits.value.amount
    return Approval.OVER_VALUE if over else Approval.BELOW_LIMITS


class Decision(Part):
    by: str
    at: Instant
    note: Text = ""


class Adjustment(Entity):
    """A correction of one bucket of one SKU at one of the seller's locations.

    `value`: |quantity| at cost, None where that is unknown. Its movement has its id and is dated
    when it was approved, so that applying it again changes nothing.
    """

    record: ClassVar[str] = "adjustment"
    audited: ClassVar[bool] = True

    id: str
    location: Slug
    sku: Code
    bucket: AdjustableBucket = "on_hand"
    quantity: Change
    reason: ReasonCode
    note: Text = ""
    case: str | None = None
    state: AdjustmentState = AdjustmentState.PROPOSED
    approval: Approval
    value: Money | None = None
    proposed_by: Annotated[str, StringConstraints(min_length=1)]
    proposed_at: Instant
    decision: Decision | None = None
    applied_at: Instant | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.id,)

    @property
    def expires_at(self) -> datetime:
        return self.proposed_at + DECIDABLE

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        """Proposals expire; what was approved is applied even if its approver's request died."""
        if self.state is AdjustmentState.PROPOSED:
            return ("adjustments", self.expires_at)
        if self.state is AdjustmentState.APPROVED and self.decision:
            return ("adjustments", self.decision.at)
        return None

    def movement(self) -> Movement:
        """The movement that an approved adjustment writes; each time the same."""
        if self.decision is None:
            raise ValueError("an adjustment that nobody decided about writes no movement")
        return Movement(
            kind=MovementKind.ADJUSTMENT,
            sku=self.sku,
            location=self.location,
            quantity=self.quantity,
            occurred_at=milliseconds(self.decision.at),
            source=SOURCE,
            id=self.id,
            reference=self.case or "",
            actor=self.proposed_by,
            reason=self.reason.value,
            bucket="" if self.bucket == "on_hand" else self.bucket,
        )


class ToPush(Entity):
    """A listing at a channel location whose quantity there is out of date by a correction."""

    record: ClassVar[str] = "topush"
    audited: ClassVar[bool] = False

    account: Slug
    channel_location: Code
    key: str
    adjustment: str
    """The last one that made it so."""
    at: Instant

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.channel_location, self.key)


class ProposalKey(Entity):
    """Which adjustment a request with an idempotency key made: a repeat makes no second one.

    `digest` is of what it proposed.
    """

    record: ClassVar[str] = "proposal-key"
    audited: ClassVar[bool] = False

    key: str
    digest: str
    adjustment: str
    at: Instant

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.key,)

    @property
    def forget_at(self) -> datetime:
        return self.at + timedelta(days=7)

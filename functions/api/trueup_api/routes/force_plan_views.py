"""Plans to force a channel, and their rows, as people see them."""

from datetime import datetime
from typing import Any

from trueup.domain.force import Amount, ForcePlan, Over, PlanKind, PlanState, Skip, Urgency
from trueup.domain.force import Share as Part
from trueup.domain.keys import channel_key_of, is_unlisted, sku_of
from trueup.domain.pushes import UNREAD
from trueup.domain.time import from_milliseconds
from trueup.usecases.force.plan_reading import direction_of
from trueup.usecases.force.planned_rows import Row
from trueup.usecases.force.slots import Cooling
from trueup.usecases.rows.filters import Direction
from trueup_api.routes.force_decisions import DecidedPartView, part_view
from trueup_api.routes.force_plan_forms import SkipName, UrgencyName
from trueup_api.routing import Strict


class PlanScopeView(Strict):
    locations: list[str]
    skus: list[str]
    cause: str | None
    direction: str | None
    outcome: str | None
    title: str
    include_settling: bool
    above_publishable: bool


class LargestView(Strict):
    """One of the largest changes, channel units."""

    location: str
    seller_identifier: str | None
    channel_identifier: str
    showed: int
    target: int


class PlanSummaryView(Strict):
    """What a plan would do. `rows` would be pushed, of those `considered`; the others are
    `skipped`, by reason. `up`, `down`: rows, base units, money at price by currency.

    `calls` of the channel, which take at least so many `seconds`; `fixed_times`: when the channel
    takes updates, where that is at set times only.
    """

    rows: int
    considered: int
    up: Amount
    down: Amount
    to_zero: int
    oversold: int
    unexplained: int
    skipped: dict[str, int]
    largest: list[LargestView]
    calls: int
    seconds: int
    fixed_times: str


class PlanPlaceView(Strict):
    """One location: the version of its rows that the plan was made from, and rows by part.

    `left`: seconds until its cooldown is over, and `busy_with` the plan that is at work there;
    both as of now, null in lists of plans.
    """

    location: str
    version: int
    captured_at: datetime
    rows: int
    decreases: int
    rest: int
    left: int | None = None
    busy_with: str | None = None


class ForcePlanView(Strict):
    """A plan. While `planning` its figures are empty; once `proposed`, they never change, and
    `hash` names them. `approvals`: the limits that it is over, for which an approver is needed.

    `first`: the account's first live force, which is limited. `undecided`: what is left to be
    decided about, until `expires_at`. `of`: the plan that an undo takes back.
    """

    id: str
    kind: PlanKind
    account: str
    scope: PlanScopeView
    of: str | None
    undone_by: str | None
    state: PlanState
    cause: str | None
    proposed_by: str
    proposed_at: datetime
    planned_at: datetime | None
    expires_at: datetime
    summary: PlanSummaryView
    approvals: list[Over]
    first: bool
    hash: str
    locations: list[PlanPlaceView]
    undecided: Part | None
    parts: list[DecidedPartView]
    closed_by: str | None
    note: str


class ForcePlansView(Strict):
    force_plans: list[ForcePlanView]
    cursor: str | None


class PlannedRowView(Strict):
    """One row: what the channel showed and when, and what it is to show; channel units.

    `showed`, `target` null: not known. `skip`: why it is not pushed; `not_skipped`: it would be.
    `units` (base units) of the change, `value` of it at price; null: without a price. `sellable`,
    `allocation`, `backorder`, `buffer`, `pack_size`, `cap`: what `publishable` is made of.
    """

    location: str
    seller_identifier: str | None
    channel_identifier: str
    channel_product_id: str
    showed: int | None
    target: int | None
    publishable: int
    captured_at: datetime
    urgency: UrgencyName | None
    direction: Direction | None
    skip: SkipName
    units: int
    value: int | None
    currency: str
    unexplained: int
    cause: str
    sellable: int
    allocation: int
    backorder: int
    buffer: int
    pack_size: int
    cap: int | None
    attempts: int
    retry_of: str | None
    note: str


class PlannedRowsView(Strict):
    """There may be fewer rows than asked for, even none, while there is a cursor."""

    rows: list[PlannedRowView]
    cursor: str | None


_OWN = ("scope", "summary", "approvals", "locations", "parts")
_PLAIN = tuple(name for name in ForcePlanView.model_fields if name not in _OWN)
_SUMMARY = tuple(name for name in PlanSummaryView.model_fields if name != "largest")
_ROW = ("publishable", "units", "currency", "unexplained", "cause", "sellable", "allocation")
_SAME = (*_ROW, "backorder", "buffer", "pack_size", "attempts", "note", "channel_product_id")


def plan_view(plan: ForcePlan, coolings: tuple[Cooling, ...] = ()) -> ForcePlanView:
    same: dict[str, Any] = {name: getattr(plan, name) for name in _PLAIN}
    return ForcePlanView(
        **same,
        scope=PlanScopeView.model_validate(
            plan.scope.model_dump(include=set(PlanScopeView.model_fields))
        ),
        summary=_summary_view(plan),
        approvals=list(plan.approvals),
        locations=_place_views(plan, coolings),
        parts=list(map(part_view, plan.stages)),
    )


def _summary_view(plan: ForcePlan) -> PlanSummaryView:
    summary = plan.summary
    same: dict[str, Any] = {name: getattr(summary, name) for name in _SUMMARY}
    largest = [
        LargestView(
            location=change.channel_location,
            **_names(change.key),
            showed=change.showed,
            target=change.target,
        )
        for change in summary.largest
    ]
    return PlanSummaryView(**same, largest=largest)


def _place_views(plan: ForcePlan, coolings: tuple[Cooling, ...]) -> list[PlanPlaceView]:
    now = {cooling.place.id: cooling for cooling in coolings}
    views = []
    for place in plan.places:
        cooling = now.get(place.channel_location)
        views.append(
            PlanPlaceView(
                location=place.channel_location,
                version=place.version,
                captured_at=place.as_of,
                rows=place.rows,
                decreases=place.decreases,
                rest=place.rest,
                left=cooling.left if cooling else None,
                busy_with=cooling.slot.holder.partition("/")[0] or None if cooling else None,
            )
        )
    return views


def planned_view(location: str, row: Row) -> PlannedRowView:
    urgency, valued = row["urgency"], row["valued"]
    same = {name: row[name] for name in _SAME}
    return PlannedRowView.model_construct(
        **same,
        **_names(row["key"]),
        location=location,
        showed=None if row["showed"] == UNREAD else row["showed"],
        target=None if row["target"] == UNREAD else row["target"],
        captured_at=from_milliseconds(row["captured_at"]),
        urgency=Urgency(urgency).name.lower() if urgency >= 0 else None,
        direction=direction_of(urgency),
        skip=Skip(row["skip"]).name.lower(),
        value=row["value"] if valued else None,
        cap=None if row["cap"] < 0 else row["cap"],
        retry_of=row["retry_of"] or None,
    )


def _names(key: str) -> dict[str, Any]:
    unlisted = is_unlisted(key)
    return {
        "seller_identifier": None if unlisted else sku_of(key),
        "channel_identifier": channel_key_of(key),
    }

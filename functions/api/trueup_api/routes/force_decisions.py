"""Deciding about force plans: confirm, approve, reject, cancel."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from trueup.domain.force import ForcePlan, PlanState, PushCounts, Share, Stage, StageState
from trueup.usecases.auth import Role
from trueup.usecases.force import deciding
from trueup.usecases.force.checks import Wish
from trueup.usecases.force.deciding import Counter
from trueup_api.fields import Prose
from trueup_api.routing import Answer, Call, NoQuery, Route, Strict, accepted, ok
from trueup_api.world import Shop

Hash = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class ConfirmBody(Strict):
    """`hash`: of the plan as it was looked at.

    `decreases` first, those of which every unit is explained, and the `rest` later; or `all`.
    """

    hash: Hash
    share: Share = Share.ALL
    note: Prose = ""


class ApproveBody(Strict):
    """`hash`: of the plan as it was looked at. `rest`: where its decreases were confirmed."""

    hash: Hash
    share: Literal[Share.ALL, Share.REST] = Share.ALL
    note: Prose = ""


class ClosingBody(Strict):
    note: Prose = ""


class DecidedPartView(Strict):
    """`counts`: its rows by what became of them. `cause`: why it ended early."""

    share: Share
    decided_by: str
    decided_at: datetime
    approved: bool
    note: str
    locations: list[str]
    deadline: datetime
    state: StageState
    counts: PushCounts
    ended_at: datetime | None
    cause: str | None


class DecidedPlanView(Strict):
    """A plan as it stands by what was decided. `undecided`: what is left to be decided about."""

    id: str
    account: str
    state: PlanState
    undecided: Share | None
    parts: list[DecidedPartView]
    closed_by: str | None
    note: str


def part_view(stage: Stage) -> DecidedPartView:
    same = ("share", "decided_by", "decided_at", "approved", "note", "deadline", "state")
    more = ("counts", "ended_at", "cause")
    fields: dict[str, Any] = {name: getattr(stage, name) for name in (*same, *more)}
    return DecidedPartView(**fields, locations=sorted(stage.sequences))


def decided_view(plan: ForcePlan) -> DecidedPlanView:
    return DecidedPlanView(
        id=plan.id,
        account=plan.account,
        state=plan.state,
        undecided=plan.undecided,
        parts=list(map(part_view, plan.stages)),
        closed_by=plan.closed_by,
        note=plan.note,
    )


def counter_of(shop: Shop) -> Counter:
    world = shop.world
    return Counter(shop.registry, world.machines, world.clock, world.head_tries)


def confirm_force_plan(call: Call[NoQuery, ConfirmBody]) -> Answer:
    return _decided(call, approving=False)


def approve_force_plan(call: Call[NoQuery, ApproveBody]) -> Answer:
    return _decided(call, approving=True)


def _decided(call: Call[NoQuery, Any], *, approving: bool) -> Answer:
    wish = Wish(call.shop.caller.user, **call.body.model_dump(), approving=approving)
    plan = deciding.decide(counter_of(call.shop), call.path["account"], call.path["plan"], wish)
    return accepted(decided_view(plan), f"/v1/accounts/{plan.account}/force-plans/{plan.id}")


def reject_force_plan(call: Call[NoQuery, ClosingBody]) -> Answer:
    return _closed(call, deciding.reject)


def cancel_force_plan(call: Call[NoQuery, ClosingBody]) -> Answer:
    return _closed(call, deciding.cancel)


def _closed(call: Call[NoQuery, ClosingBody], close: Any) -> Answer:
    shop, path = call.shop, call.path
    by, note = shop.caller.user, call.body.note
    return ok(decided_view(close(counter_of(shop), path["account"], path["plan"], by, note)))


EXAMPLE_HASH = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
_PLAN = "/v1/accounts/<account>/force-plans/<plan>"
_DECIDES = (HTTPStatus.CONFLICT,)
ROUTES = (
    Route(
        "POST",
        f"{_PLAN}/confirm",
        Role.OPERATOR,
        confirm_force_plan,
        (HTTPStatus.ACCEPTED, DecidedPlanView),
        "Have a plan pushed that is within the limits, or the decreases of any plan",
        body=ConfirmBody,
        problems=_DECIDES,
        repeatable=True,
        example={"hash": EXAMPLE_HASH, "share": "all"},
    ),
    Route(
        "POST",
        f"{_PLAN}/approve",
        Role.APPROVER,
        approve_force_plan,
        (HTTPStatus.ACCEPTED, DecidedPlanView),
        "Have a plan pushed that somebody else proposed, or the rest of it",
        body=ApproveBody,
        problems=_DECIDES,
        repeatable=True,
        example={"hash": EXAMPLE_HASH, "share": "all", "note": "Counted this morning."},
    ),
    Route(
        "POST",
        f"{_PLAN}/reject",
        Role.APPROVER,
        reject_force_plan,
        (HTTPStatus.OK, DecidedPlanView),
        "Turn down what is left of a plan",
        body=ClosingBody,
        problems=_DECIDES,
        example={"note": "Count these first."},
    ),
    Route(
        "POST",
        f"{_PLAN}/cancel",
        Role.OPERATOR,
        cancel_force_plan,
        (HTTPStatus.OK, DecidedPlanView),
        "Take back what is left of one's own plan",
        body=ClosingBody,
        problems=_DECIDES,
        example={"note": "The wrong location."},
    ),
)

"""Adjustments: the one path by which people correct positions; and what is to be pushed then."""

from http import HTTPStatus

from trueup.domain.adjustments import ToPush
from trueup.usecases.auth import Role
from trueup.usecases.exceptions import adjusting, limits
from trueup.usecases.exceptions.adjusting import Bureau
from trueup.usecases.exceptions.finding import WantedAdjustments, find_adjustments
from trueup.usecases.exceptions.posting import poster
from trueup.usecases.runs import require_account
from trueup_api.routes.adjustment_forms import (
    AdjustmentsQuery,
    AdjustmentsView,
    AdjustmentView,
    DecisionBody,
    LimitsBody,
    LimitsView,
    NewAdjustment,
    ToPushesView,
    ToPushQuery,
    adjustment_view,
    limits_view,
    to_push_view,
)
from trueup_api.routes.cases import cabinet_of
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, created, ok
from trueup_api.world import Shop


def bureau_of(shop: Shop) -> Bureau:
    post = poster(shop.registry, shop.ledger, shop.world.clock)
    return Bureau(cabinet_of(shop), post, shop.ledger)


def propose_adjustment(call: Call[NoQuery, NewAdjustment]) -> Answer:
    made = adjusting.propose(bureau_of(call.shop), call.body.model_dump(), call.key)
    return created(adjustment_view(made), f"/v1/adjustments/{made.id}")


def list_adjustments(call: Call[AdjustmentsQuery, NoBody]) -> Answer:
    query = call.query
    wanted = WantedAdjustments(query.state, query.location, query.proposed_by)
    found, cursor = find_adjustments(
        call.shop.registry, wanted, cursor=query.cursor, limit=query.limit
    )
    views = [adjustment_view(stored.value) for stored in found]
    return ok(AdjustmentsView(adjustments=views, cursor=cursor))


def get_adjustment(call: Call[NoQuery, NoBody]) -> Answer:
    stored = adjusting.require_adjustment(call.shop.registry, call.path["adjustment"])
    return ok(adjustment_view(stored.value))


def approve_adjustment(call: Call[NoQuery, DecisionBody]) -> Answer:
    bureau, id_ = bureau_of(call.shop), call.path["adjustment"]
    return ok(adjustment_view(adjusting.approve(bureau, id_, call.body.note)))


def reject_adjustment(call: Call[NoQuery, DecisionBody]) -> Answer:
    """Its proposer may take it back, whatever their role."""
    may_decide = call.shop.caller.may(Role.APPROVER)
    rejected = adjusting.reject(
        bureau_of(call.shop), call.path["adjustment"], call.body.note, may_decide=may_decide
    )
    return ok(adjustment_view(rejected))


def get_limits(call: Call[NoQuery, NoBody]) -> Answer:
    return ok(limits_view(limits.limits_of(call.shop.registry)))


def set_limits(call: Call[NoQuery, LimitsBody]) -> Answer:
    fields = call.body.model_dump(exclude_unset=True)
    return ok(limits_view(limits.set_limits(call.shop.registry, fields)))


def list_to_push(call: Call[ToPushQuery, NoBody]) -> Answer:
    query, under = call.query, []
    if query.account is not None:
        under = [require_account(call.shop.registry, query.account).value.id]
    found = call.shop.registry.list(ToPush, *under, cursor=query.cursor, limit=query.limit)
    views = [to_push_view(stored.value) for stored in found.items]
    return ok(ToPushesView(to_push=views, cursor=found.cursor))


_ONE = "/v1/adjustments/<adjustment>"
_LIMITS = "/v1/approval-limits"
_DECIDES = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
ROUTES = (
    Route(
        "POST",
        "/v1/adjustments",
        Role.OPERATOR,
        propose_adjustment,
        (HTTPStatus.CREATED, AdjustmentView),
        "Propose a correction of a position; up to the limits it is applied at once",
        body=NewAdjustment,
        problems=(HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
        repeatable=True,
        example={
            "location": "berlin",
            "sku": "SKU-0001",
            "quantity": -2,
            "reason": "damaged",
            "note": "Dropped in aisle 4.",
        },
    ),
    Route(
        "GET",
        "/v1/adjustments",
        Role.VIEWER,
        list_adjustments,
        (HTTPStatus.OK, AdjustmentsView),
        "Adjustments, the newest first",
        query=AdjustmentsQuery,
        problems=(HTTPStatus.UNPROCESSABLE_ENTITY,),
    ),
    Route(
        "GET",
        _ONE,
        Role.VIEWER,
        get_adjustment,
        (HTTPStatus.OK, AdjustmentView),
        "One adjustment",
    ),
    Route(
        "POST",
        f"{_ONE}/approve",
        Role.APPROVER,
        approve_adjustment,
        (HTTPStatus.OK, AdjustmentView),
        "Approve an adjustment that somebody else proposed, and apply it",
        body=DecisionBody,
        problems=_DECIDES,
        example={"note": "Seen."},
    ),
    Route(
        "POST",
        f"{_ONE}/reject",
        Role.OPERATOR,
        reject_adjustment,
        (HTTPStatus.OK, AdjustmentView),
        "Turn an adjustment down, or take back one's own",
        body=DecisionBody,
        problems=_DECIDES,
        example={"note": "Count again first."},
    ),
    Route(
        "GET",
        _LIMITS,
        Role.VIEWER,
        get_limits,
        (HTTPStatus.OK, LimitsView),
        "Up to what adjustments need no second person",
    ),
    Route(
        "PATCH",
        _LIMITS,
        Role.ADMIN,
        set_limits,
        (HTTPStatus.OK, LimitsView),
        "Set up to what adjustments need no second person, or that they never do",
        body=LimitsBody,
        problems=(HTTPStatus.CONFLICT,),
        example={"units": 10, "value": {"currency": "EUR", "amount": 50000}},
    ),
    Route(
        "GET",
        "/v1/to-push",
        Role.VIEWER,
        list_to_push,
        (HTTPStatus.OK, ToPushesView),
        "Listings whose quantity at a channel is out of date by corrections",
        query=ToPushQuery,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    ),
)

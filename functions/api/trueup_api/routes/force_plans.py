"""Plans to make a channel right: what would be set, what is left alone and why."""

from http import HTTPStatus
from typing import Any

from trueup.usecases.auth import Role
from trueup.usecases.force.deciding import require_plan
from trueup.usecases.force.plan_reading import list_planned, list_plans
from trueup.usecases.force.proposing import propose_plan
from trueup.usecases.force.slots import coolings
from trueup_api.routes.force_plan_forms import ForcePlanBody, ForcePlansQuery, PlannedRowsQuery
from trueup_api.routes.force_plan_views import (
    ForcePlansView,
    ForcePlanView,
    PlannedRowsView,
    plan_view,
    planned_view,
)
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, accepted, ok


def propose_force_plan(call: Call[NoQuery, ForcePlanBody]) -> Answer:
    shop, world = call.shop, call.shop.world
    asked = call.body.proposal(shop.caller.user)
    plan = propose_plan(shop.work, world.machines, world.new_id, asked)
    return accepted(plan_view(plan), f"/v1/accounts/{plan.account}/force-plans/{plan.id}")


def list_force_plans(call: Call[ForcePlansQuery, NoBody]) -> Answer:
    query = call.query
    found = list_plans(call.shop.registry, query.filters, query.cursor, query.limit)
    views = list(map(plan_view, found.plans))
    return ok(ForcePlansView(force_plans=views, cursor=found.cursor))


def get_force_plan(call: Call[NoQuery, NoBody]) -> Answer:
    shop, account = call.shop, call.path["account"]
    plan = require_plan(shop.registry, account, call.path["plan"]).value
    now = coolings(shop.registry, shop.world.clock, account)
    return ok(plan_view(plan, tuple(now)))


def list_planned_rows(call: Call[PlannedRowsQuery, NoBody]) -> Answer:
    shop, query = call.shop, call.query
    plan = require_plan(shop.registry, call.path["account"], call.path["plan"]).value
    found = list_planned(
        shop.pages, shop.registry.seller, plan, query.filters, query.cursor, query.limit
    )
    rows = [planned_view(*pair) for pair in found.rows]
    return ok(PlannedRowsView.model_construct(rows=rows, cursor=found.cursor))


EXAMPLE: dict[str, Any] = {"account": "sandbox", "locations": ["1"], "direction": "over"}
_PLAN = "/v1/accounts/<account>/force-plans/<plan>"
_UNFIT = (HTTPStatus.UNPROCESSABLE_ENTITY,)
ROUTES = (
    Route(
        "POST",
        "/v1/force-plans",
        Role.OPERATOR,
        propose_force_plan,
        (HTTPStatus.ACCEPTED, ForcePlanView),
        "Plan what would be set at a channel; nothing is sent before somebody decides",
        body=ForcePlanBody,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
        repeatable=True,
        example=EXAMPLE,
    ),
    Route(
        "GET",
        "/v1/force-plans",
        Role.VIEWER,
        list_force_plans,
        (HTTPStatus.OK, ForcePlansView),
        "Plans, the newest first",
        query=ForcePlansQuery,
        problems=(HTTPStatus.NOT_FOUND, *_UNFIT),
    ),
    Route(
        "GET",
        _PLAN,
        Role.VIEWER,
        get_force_plan,
        (HTTPStatus.OK, ForcePlanView),
        "One plan: what it would do, what it needs, and how its cooldowns stand",
    ),
    Route(
        "GET",
        f"{_PLAN}/rows",
        Role.VIEWER,
        list_planned_rows,
        (HTTPStatus.OK, PlannedRowsView),
        "The rows of a plan, also those that are left alone, by location and key",
        query=PlannedRowsQuery,
        problems=_UNFIT,
    ),
)

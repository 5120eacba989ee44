"""The push log: what was set at channels and what became of it; retries, undos, support."""

from http import HTTPStatus

from trueup.usecases.auth import Role
from trueup.usecases.force.log import read_log, require_push
from trueup.usecases.force.retrying_pushes import retry_pushes
from trueup.usecases.force.support import support_bundle
from trueup.usecases.force.undoing import Undoing, undo_plan
from trueup_api.routes.again_forms import (
    BegunPlanView,
    RetryBody,
    SupportView,
    UndoBody,
    begun_view,
    support_view,
)
from trueup_api.routes.push_forms import PushesQuery, PushesView, PushView, push_view
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, accepted, ok


def list_pushes(call: Call[PushesQuery, NoBody]) -> Answer:
    query = call.query
    page = read_log(call.shop.registry, query.filters, cursor=query.cursor, limit=query.limit)
    views = [push_view(row) for row in page.rows]
    return ok(PushesView(pushes=views, clients=page.clients, cursor=page.cursor))


def get_push(call: Call[NoQuery, NoBody]) -> Answer:
    return ok(push_view(require_push(call.shop.registry, call.path["push"])))


def get_push_support(call: Call[NoQuery, NoBody]) -> Answer:
    shop = call.shop
    bundle = support_bundle(shop.registry, shop.ledger, shop.world.clock, call.path["push"])
    return ok(support_view(bundle))


def retry_failed(call: Call[NoQuery, RetryBody]) -> Answer:
    shop, world = call.shop, call.shop.world
    again = call.body.again(shop.caller.user)
    plan = retry_pushes(shop.work, world.machines, world.new_id, again)
    return accepted(begun_view(plan), f"/v1/accounts/{plan.account}/force-plans/{plan.id}")


def undo_force_plan(call: Call[NoQuery, UndoBody]) -> Answer:
    shop, world, path = call.shop, call.shop.world, call.path
    above = call.body.above_publishable
    undoing = Undoing(path["account"], path["plan"], shop.caller.user, above)
    plan = undo_plan(shop.work, world.machines, world.new_id, undoing)
    return accepted(begun_view(plan), f"/v1/accounts/{plan.account}/force-plans/{plan.id}")


_BEGINS = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
EXAMPLE_PUSH = "01KJMMBX30NZJ2PJG9ZBYS3D4E.all.0.17"
ROUTES = (
    Route(
        "GET",
        "/v1/pushes",
        Role.VIEWER,
        list_pushes,
        (HTTPStatus.OK, PushesView),
        "The push log: every quantity that was to be set at a channel, and what became of it",
        query=PushesQuery,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    ),
    Route(
        "GET",
        "/v1/pushes/<push>",
        Role.VIEWER,
        get_push,
        (HTTPStatus.OK, PushView),
        "One push",
    ),
    Route(
        "GET",
        "/v1/pushes/<push>/support",
        Role.VIEWER,
        get_push_support,
        (HTTPStatus.OK, SupportView),
        "Evidence about a push, to send to whoever helps with it",
    ),
    Route(
        "POST",
        "/v1/pushes/retry",
        Role.OPERATOR,
        retry_failed,
        (HTTPStatus.ACCEPTED, BegunPlanView),
        "Make a plan that tries pushes in Error again, computed anew",
        body=RetryBody,
        problems=_BEGINS,
        repeatable=True,
        example={"account": "vendure-eu", "pushes": [EXAMPLE_PUSH]},
    ),
    Route(
        "POST",
        "/v1/accounts/<account>/force-plans/<plan>/undo",
        Role.OPERATOR,
        undo_force_plan,
        (HTTPStatus.ACCEPTED, BegunPlanView),
        "Make a plan that restores what the channel showed before a plan, where ours still shows",
        body=UndoBody,
        problems=_BEGINS,
        repeatable=True,
        example={"above_publishable": False},
    ),
)

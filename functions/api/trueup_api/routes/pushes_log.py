"""The push log: what was set at channels, and what became of it."""

from http import HTTPStatus

from trueup.usecases.auth import Role
from trueup.usecases.force.log import read_log, require_push
from trueup_api.routes.push_forms import PushesQuery, PushesView, PushView, push_view
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, ok


def list_pushes(call: Call[PushesQuery, NoBody]) -> Answer:
    query = call.query
    page = read_log(call.shop.registry, query.filters, cursor=query.cursor, limit=query.limit)
    views = [push_view(row) for row in page.rows]
    return ok(PushesView(pushes=views, clients=page.clients, cursor=page.cursor))


def get_push(call: Call[NoQuery, NoBody]) -> Answer:
    return ok(push_view(require_push(call.shop.registry, call.path["push"])))


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
)

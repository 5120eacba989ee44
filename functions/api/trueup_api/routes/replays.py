"""Replays: a past run again, to be identical, or under other terms, to see what would change."""

from http import HTTPStatus
from typing import Any

from trueup.domain.replays import Replay
from trueup.usecases.auth import Role
from trueup.usecases.replays.reading import changed_rows, require_replay
from trueup.usecases.replays.starting import Wish, start_replay
from trueup_api.routes.replay_forms import (
    ChangedRowsView,
    ListQuery,
    ReplayBody,
    ReplaysView,
    ReplayView,
    replay_view,
    row_view,
)
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, accepted, ok


def replay_run(call: Call[NoQuery, ReplayBody]) -> Answer:
    shop, world = call.shop, call.shop.world
    wish = Wish(
        account=call.path["account"],
        run=call.path["run"],
        kind=call.body.kind,
        requested_by=shop.caller.user,
        change=call.body.change,
    )
    replay = start_replay(shop.work, world.machines, world.new_id, wish)
    return accepted(replay_view(replay), f"/v1/replays/{replay.id}")


def list_replays(call: Call[ListQuery, NoBody]) -> Answer:
    query = call.query
    found = call.shop.registry.list(
        Replay, cursor=query.cursor, limit=query.limit, newest_first=True
    )
    views = [replay_view(stored.value) for stored in found.items]
    return ok(ReplaysView(replays=views, cursor=found.cursor))


def get_replay(call: Call[NoQuery, NoBody]) -> Answer:
    return ok(replay_view(require_replay(call.shop.registry, call.path["replay"])))


def list_changed_rows(call: Call[ListQuery, NoBody]) -> Answer:
    shop, query = call.shop, call.query
    evidence, id_ = shop.world.evidence, call.path["replay"]
    found = changed_rows(shop.registry, evidence, id_, query.cursor, query.limit)
    return ok(ChangedRowsView(rows=list(map(row_view, found.rows)), cursor=found.cursor))


EXAMPLE: dict[str, Any] = {
    "kind": "what_if",
    "change": {
        "tolerance": 1,
        "tolerances": [{"sku": "SKU-0001", "under": {"absolute": 2, "percent": 5}}],
        "settle_seconds": 1800,
    },
}
_CONFLICTS = (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
ROUTES = (
    Route(
        "POST",
        "/v1/accounts/<account>/runs/<run>/replays",
        Role.OPERATOR,
        replay_run,
        (HTTPStatus.ACCEPTED, ReplayView),
        "Do a past run again from its evidence, as it was or under other terms",
        body=ReplayBody,
        problems=_CONFLICTS,
        repeatable=True,
        example=EXAMPLE,
    ),
    Route(
        "GET",
        "/v1/replays",
        Role.VIEWER,
        list_replays,
        (HTTPStatus.OK, ReplaysView),
        "Replays, the newest first",
        query=ListQuery,
        problems=(HTTPStatus.UNPROCESSABLE_ENTITY,),
    ),
    Route(
        "GET",
        "/v1/replays/<replay>",
        Role.VIEWER,
        get_replay,
        (HTTPStatus.OK, ReplayView),
        "One replay: how far it is, and what came out",
    ),
    Route(
        "GET",
        "/v1/replays/<replay>/rows",
        Role.VIEWER,
        list_changed_rows,
        (HTTPStatus.OK, ChangedRowsView),
        "The rows that would have another reason, by location and SKU",
        query=ListQuery,
        problems=_CONFLICTS,
    ),
)

"""Replays: a past run again, to be identical, or under other terms, to see what would change."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from trueup.domain.keys import channel_key_of, sku_of
from trueup.domain.outcomes import Outcome, Reason, Status, outcome_of, status_of
from trueup.domain.replays import (
    NO_CHANGE,
    Change,
    FirstDifference,
    Replay,
    ReplayKind,
    ReplayResult,
    ReplayState,
)
from trueup.usecases.auth import Role
from trueup.usecases.replays.reading import ChangedRow, Standing, changed_rows, require_replay
from trueup.usecases.replays.starting import Wish, start_replay
from trueup.usecases.rows.view import ReasonName
from trueup_api.fields import Cursor, Limit
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, Strict, accepted, ok


class ReplayBody(Strict):
    """`replay`: the same again. `what_if`: under the terms of `change`, the others as they were."""

    kind: ReplayKind
    change: Change = NO_CHANGE


class StandingView(Strict):
    """How a row stands. `publishable` in channel units, null: not known."""

    status: Status
    outcome: Outcome
    reason: ReasonName
    publishable: int | None


class TurnView(Strict):
    """So many rows that had one reason would have another."""

    before: ReasonName
    after: ReasonName
    rows: int


class ReplayResultView(Strict):
    """`identical`: of a replay, whether everything came out as the run had stored it.

    `first`: where it did not first. `ranges` were done again, `unmade` the run itself never made;
    `rows`: of all these ranges. `changed` and `turns`: rows of a what-if.
    """

    identical: bool | None
    ranges: int
    unmade: int
    rows: int
    first: FirstDifference | None
    changed: int
    turns: list[TurnView]


class ReplayView(Strict):
    """A replay. States that end it: Succeeded (it has a result), Failed (`cause` says why)."""

    id: str
    account: str
    run: str
    kind: ReplayKind
    change: Change
    requested_by: str
    state: ReplayState
    cause: str | None
    opened_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    deadline: datetime
    ranges: int
    result: ReplayResultView | None


class ListQuery(Strict):
    limit: Limit = 50
    cursor: Cursor | None = None


class ReplaysView(Strict):
    replays: list[ReplayView]
    cursor: str | None


class ChangedRowView(Strict):
    """A row of the run that would have another reason. `reported` in channel units."""

    channel_location: str
    sku: str
    channel_key: str
    reported: int | None
    before: StandingView
    after: StandingView


class ChangedRowsView(Strict):
    rows: list[ChangedRowView]
    cursor: str | None


_OWN = ("result",)
_PLAIN = tuple(name for name in ReplayView.model_fields if name not in _OWN)
_PLAIN_RESULT = tuple(name for name in ReplayResultView.model_fields if name != "turns")


def replay_view(replay: Replay) -> ReplayView:
    return ReplayView(
        **{name: getattr(replay, name) for name in _PLAIN},
        result=_result_view(replay.result) if replay.result else None,
    )


def _result_view(result: ReplayResult) -> ReplayResultView:
    return ReplayResultView(
        **{name: getattr(result, name) for name in _PLAIN_RESULT},
        turns=[
            TurnView.model_construct(before=turn.before.name, after=turn.after.name, rows=turn.rows)
            for turn in result.turns
        ],
    )


def row_view(row: ChangedRow) -> ChangedRowView:
    return ChangedRowView(
        channel_location=row.location,
        sku=sku_of(row.key),
        channel_key=channel_key_of(row.key),
        reported=row.reported,
        before=_standing_view(row.before),
        after=_standing_view(row.after),
    )


def _standing_view(standing: Standing) -> StandingView:
    reason = Reason(standing.reason)
    return StandingView.model_construct(
        status=status_of(reason),
        outcome=outcome_of(reason),
        reason=reason.name,
        publishable=standing.publishable,
    )


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

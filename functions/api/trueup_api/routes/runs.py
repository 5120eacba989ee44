"""Runs: one comparison of one account."""

from datetime import datetime
from http import HTTPStatus

from trueup.domain.errors import NotFoundError
from trueup.domain.groups import CauseGroup
from trueup.domain.prices import AS_OF, SOURCE, cost_of
from trueup.domain.runs import Progress, Run, RunState, Tally, Trigger
from trueup.ports import Registry
from trueup.usecases import runs
from trueup.usecases.auth import Role
from trueup_api.fields import Cursor, Limit
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, Strict, accepted, ok

AT_ONCE = 10
ENOUGH_BYTES = 1_500_000
"""An answer ends after this much: with ten more runs it stays below Lambda's 6 MB."""


class RunsQuery(Strict):
    limit: Limit = 50
    cursor: Cursor | None = None


class LocationResultView(Strict):
    """How a channel location came out. `cause` says why it could not be compared.

    `causes`: why its rows do not match.
    """

    channel_location: str
    state: RunState
    cause: str | None
    tally: Tally
    version: int | None
    causes: list[CauseGroup]


class Cost(Strict):
    """Dollars by list price of what the run used, as a decimal."""

    usd: str
    prices: str
    as_of: str


class RunView(Strict):
    """A run. States that end it: Succeeded, Partial (some locations), Failed, Skipped."""

    id: str
    account: str
    channel: str
    trigger: Trigger
    requested_by: str
    state: RunState
    cause: str | None
    opened_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    deadline: datetime
    progress: Progress
    locations: list[LocationResultView]
    totals: Tally
    cost: Cost


class RunsView(Strict):
    """There may be fewer runs than asked for, as they are long, while there is a cursor."""

    runs: list[RunView]
    cursor: str | None


_OWN = ("locations", "totals", "cost")
_PLAIN = tuple(name for name in RunView.model_fields if name not in _OWN)


_SHOWN = set(LocationResultView.model_fields)


def run_view(run: Run) -> RunView:
    return RunView(
        **{name: getattr(run, name) for name in _PLAIN},
        locations=[LocationResultView(**r.model_dump(include=_SHOWN)) for r in run.locations],
        totals=sum((result.tally for result in run.locations), start=Tally()),
        cost=Cost(usd=str(cost_of(run.usage)), prices=SOURCE, as_of=AS_OF),
    )


def generate(call: Call[NoQuery, NoBody]) -> Answer:
    world = call.shop.world
    started = runs.start_run(
        call.shop.registry,
        world.machines,
        world.clock,
        world.new_id,
        account=call.path["account"],
        trigger=Trigger.BUTTON,
        requested_by=call.shop.caller.user,
    )
    run = started.run
    return accepted(run_view(run), f"/v1/accounts/{run.account}/runs/{run.id}")


def list_runs(call: Call[RunsQuery, NoBody]) -> Answer:
    account = runs.require_account(call.shop.registry, call.path["account"]).value
    return ok(_some(call.shop.registry, account.id, call.query))


def _some(registry: Registry, account: str, query: RunsQuery) -> RunsView:
    views: list[RunView] = []
    size, cursor = 0, query.cursor
    while len(views) < query.limit and size < ENOUGH_BYTES:
        limit = min(AT_ONCE, query.limit - len(views))
        found = registry.list(Run, account, cursor=cursor, limit=limit, newest_first=True)
        views += [run_view(stored.value) for stored in found.items]
        size += sum(len(view.model_dump_json()) for view in views[-limit:])
        cursor = found.cursor
        if cursor is None:
            break
    return RunsView(runs=views, cursor=cursor)


def get_run(call: Call[NoQuery, NoBody]) -> Answer:
    stored = call.shop.registry.get(Run, call.path["account"], call.path["run"])
    if stored is None:
        raise NotFoundError("There is no such run.")
    return ok(run_view(stored.value))


_RUNS = "/v1/accounts/<account>/runs"
ROUTES = (
    Route(
        "POST",
        _RUNS,
        Role.OPERATOR,
        generate,
        (HTTPStatus.ACCEPTED, RunView),
        "Generate: compare the account now, or join the run that is active",
        problems=(HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
        repeatable=True,
    ),
    Route(
        "GET",
        _RUNS,
        Role.VIEWER,
        list_runs,
        (HTTPStatus.OK, RunsView),
        "Runs of an account, the newest first",
        query=RunsQuery,
        problems=(HTTPStatus.UNPROCESSABLE_ENTITY,),
    ),
    Route(
        "GET",
        f"{_RUNS}/<run>",
        Role.VIEWER,
        get_run,
        (HTTPStatus.OK, RunView),
        "One run: progress while it runs, results by location, cause, cost",
    ),
)

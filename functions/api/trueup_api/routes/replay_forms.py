"""What routes of replays take and answer."""

from datetime import datetime

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
from trueup.usecases.replays.reading import ChangedRow, Standing
from trueup.usecases.rows.view import ReasonName
from trueup_api.fields import Cursor, Limit
from trueup_api.routing import Strict


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

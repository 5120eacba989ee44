"""Starting a replay, or refusing it with what is in its way."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from trueup.domain.errors import ConflictError, NotFoundError, RejectedError
from trueup.domain.replays import NO_CHANGE, Change, Replay, ReplayKind
from trueup.domain.runs import Run, RunState
from trueup.domain.time import NewId
from trueup.ports import Create, Machines, Registry
from trueup.usecases.reconcile.job import Job
from trueup.usecases.reconcile.parts import plan_key
from trueup.usecases.retention import KEPT_DAYS
from trueup.usecases.work import Work

DEADLINE = timedelta(hours=2)
"""No replay is left unfinished longer than this."""

REPLAYED_DAYS = KEPT_DAYS - 1
"""A day less than its evidence is kept, so that none goes while a replay reads it."""

MAX_OPEN = 5
"""Replays of a seller at a time."""

_LOOKED_AT = 50
_GONE = "The evidence of this run is no longer kept: a run can be replayed for {days} days."


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to see again."""

    account: str
    run: str
    kind: ReplayKind
    requested_by: str
    change: Change = NO_CHANGE


def start_replay(
    work: Work,
    machines: Machines,
    new_id: NewId,
    wish: Wish,
) -> Replay:
    """Replay a run that has ended with rows.

    NotFoundError: no such run; ConflictError: it has not ended, its evidence is gone, or too many
    replays are at work; RejectedError: it has no rows, or the change does not fit.
    """
    _check_change(wish, _replayable(work, wish.account, wish.run))
    _check_room(work.registry)
    now = work.clock()
    replay = Replay(
        id=new_id(),
        account=wish.account,
        run=wish.run,
        kind=wish.kind,
        change=wish.change,
        requested_by=wish.requested_by,
        opened_at=now,
        deadline=now + DEADLINE,
    )
    work.registry.write(Create(replay))
    machines.start("replay", replay.id, payload(work.seller, replay))
    return replay


def payload(seller: str, replay: Replay) -> dict[str, Any]:
    """The input of an execution: the same for every start of the same replay."""
    return {"schema": 1, "seller": seller, "replay": replay.id}


def check_kept(work: Work, run: Run) -> None:
    """ConflictError: the run's evidence is gone, or about to go."""
    gone = ConflictError(_GONE.format(days=REPLAYED_DAYS))
    if run.opened_at < work.clock() - timedelta(days=REPLAYED_DAYS):
        raise gone
    given = {"seller": work.seller, "account": run.account, "run": run.id}
    try:
        work.evidence.size(plan_key(work, Job.model_validate(given)))
    except NotFoundError as error:
        raise gone from error


def _replayable(work: Work, account: str, id_: str) -> Run:
    stored = work.registry.get(Run, account, id_)
    if stored is None:
        raise NotFoundError("There is no such run.")
    run = stored.value
    if not run.state.final:
        raise ConflictError("This run has not ended yet.")
    if run.state not in (RunState.SUCCEEDED, RunState.PARTIAL):
        raise RejectedError("This run made no rows that could be replayed.")
    check_kept(work, run)
    return run


def _check_change(wish: Wish, run: Run) -> None:
    if wish.kind is ReplayKind.REPLAY and wish.change:
        raise RejectedError("Only a what_if takes other terms.")
    if wish.kind is ReplayKind.WHAT_IF and not wish.change:
        raise RejectedError("A what_if needs other terms than the run had.")
    faults = tuple(wish.change.faults(run.inputs))
    if faults:
        raise RejectedError("These terms do not fit the run.", faults)


def _check_room(registry: Registry) -> None:
    """All that are open are among the latest, since they end within hours."""
    latest = registry.list(Replay, limit=_LOOKED_AT, newest_first=True).items
    if sum(not stored.value.state.final for stored in latest) >= MAX_OPEN:
        raise ConflictError(f"{MAX_OPEN} replays are at work already; wait for one to end.")

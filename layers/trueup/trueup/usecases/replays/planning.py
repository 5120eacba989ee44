"""The first step of a replay: is everything still there, and what is to be done again."""

from dataclasses import dataclass

from trueup.domain.replays import (
    FirstDifference,
    Replay,
    ReplayKind,
    ReplayResult,
    ReplayState,
)
from trueup.domain.runs import Run
from trueup.ports import Replace, Stored
from trueup.usecases.reconcile.parts import PlanItem, load_plan
from trueup.usecases.replays.evidence import unsealed, unsound_segments
from trueup.usecases.replays.job import (
    ReplayItem,
    ReplayJob,
    plan_key,
    replay_of,
    replayed_run,
    run_job,
    save_items,
)
from trueup.usecases.replays.starting import check_kept
from trueup.usecases.work import Work


@dataclass(frozen=True, slots=True)
class Planned:
    """`proceed`, or `ended` where nothing is left to do; where the Map reads its items."""

    state: str
    plan_key: str
    ranges: int


def plan_replay(work: Work, job: ReplayJob) -> Planned:
    """Take over the run's plan. Repeating it changes nothing.

    ConflictError: the run's evidence is gone. Evidence that was altered ends a replay here.
    """
    stored = replay_of(work, job.replay)
    key = plan_key(work.seller, job.replay)
    if stored.value.state.final:
        return Planned("ended", key, 0)
    run = replayed_run(work, stored.value)
    check_kept(work, run)
    plan = load_plan(work, run_job(stored.value, work.seller))
    wrong = _wrong(work, stored.value, run, plan)
    if wrong is not None:
        _end(work, stored, wrong)
        return Planned("ended", key, 0)
    items = [ReplayItem(seller=work.seller, replay=job.replay, item=item) for item in plan]
    save_items(work, job.replay, items)
    _begin(work, stored, len(items))
    return Planned("proceed", key, len(items))


def _wrong(work: Work, replay: Replay, run: Run, plan: list[PlanItem]) -> FirstDifference | None:
    if replay.kind is not ReplayKind.REPLAY:
        return None
    job = run_job(replay, work.seller)
    detail = unsound_segments(work, job, run)
    if detail:
        place = run.inputs.links[0].channel_location
        return FirstDifference(channel_location=place, what="evidence", detail=detail)
    result = unsealed(work, job, run, plan)
    if result is None:
        return None
    return FirstDifference(
        channel_location=result.channel_location,
        what="evidence",
        detail="The rows that became visible are not those that the run's ranges made.",
    )


def _begin(work: Work, stored: Stored[Replay], ranges: int) -> None:
    replay = stored.value
    changes = {
        "state": ReplayState.RUNNING,
        "started_at": replay.started_at or work.clock(),
        "ranges": ranges,
    }
    work.registry.write(Replace(replay.model_copy(update=changes), stored.version))


def _end(work: Work, stored: Stored[Replay], first: FirstDifference) -> None:
    now = work.clock()
    changes = {
        "state": ReplayState.SUCCEEDED,
        "started_at": stored.value.started_at or now,
        "finished_at": now,
        "result": ReplayResult(identical=False, first=first),
    }
    work.registry.write(Replace(stored.value.model_copy(update=changes), stored.version))

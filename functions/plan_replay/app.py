"""Lambda: checks that a run can be replayed, and plans it."""

from dataclasses import asdict
from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import PlanReplaySettings
from trueup.entry.wiring import Wiring
from trueup.usecases.replays.job import ReplayJob
from trueup.usecases.replays.planning import plan_replay


@worker(PlanReplaySettings)
def handler(wired: Wiring, event: Event, _context: Context) -> Any:
    job = ReplayJob.model_validate(event)
    return asdict(plan_replay(wired.work(job.seller), job))

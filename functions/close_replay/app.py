"""Lambda: sums up a replay, and ends it."""

from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import CloseReplaySettings
from trueup.entry.wiring import Wiring
from trueup.usecases.replays.closing import close_replay
from trueup.usecases.replays.job import ReplayJob


@worker(CloseReplaySettings)
def handler(wired: Wiring, event: Event, _context: Context) -> Any:
    job = ReplayJob.model_validate(event)
    ended = close_replay(wired.work(job.seller), job)
    return {"state": ended.state, "cause": ended.cause}

"""Lambda: makes a run's rows visible, and ends it."""

from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import CloseRunSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.reconcile.closing import close_and_announce
from trueup.usecases.reconcile.job import Job


@worker(CloseRunSettings)
def handler(wired: Wiring, event: Event, _context: Context) -> Any:
    job = Job.model_validate(event)
    ended = close_and_announce(wired.work(job.seller), wired.events, job)
    return {"state": ended.state, "cause": ended.cause}

"""Lambda: reads what the channel shows, for one turn."""

from dataclasses import asdict
from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import FetchSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.reconcile.fetching import fetch_turn
from trueup.usecases.reconcile.job import Job


@worker(FetchSettings)
def handler(wired: Wiring, event: Event, context: Context) -> Any:
    job = Job.model_validate(event)
    work = wired.work(job.seller)
    return asdict(fetch_turn(work, job, context.get_remaining_time_in_millis))

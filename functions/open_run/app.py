"""Lambda: opens a run: pins what is to be compared."""

from dataclasses import asdict
from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import OpenRunSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.reconcile.job import Job
from trueup.usecases.reconcile.opening import open_run


@worker(OpenRunSettings)
def handler(wired: Wiring, event: Event, _context: Context) -> Any:
    job = Job.model_validate(event)
    return asdict(open_run(wired.work(job.seller), job))

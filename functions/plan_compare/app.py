"""Lambda: cuts a run's comparison into key ranges."""

from dataclasses import asdict
from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import PlanCompareSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.reconcile.job import Job
from trueup.usecases.reconcile.planning import plan_compare


@worker(PlanCompareSettings)
def handler(wired: Wiring, event: Event, _context: Context) -> Any:
    job = Job.model_validate(event)
    return asdict(plan_compare(wired.work(job.seller), job))

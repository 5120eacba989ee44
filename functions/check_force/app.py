"""Lambda: asks after pushed rows and reads them back, for one turn."""

from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import CheckForceSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.force.checking import check_force
from trueup.usecases.force.job import ForceJob


@worker(CheckForceSettings)
def handler(wired: Wiring, event: Event, context: Context) -> Any:
    job = ForceJob.model_validate(event)
    work = wired.work(job.seller)
    return check_force(work, job, context.get_remaining_time_in_millis)

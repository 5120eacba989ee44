"""Lambda: queues the rows of a part of a force plan."""

from dataclasses import asdict
from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import OpenForceSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.force.job import ForceJob
from trueup.usecases.force.opening import open_force


@worker(OpenForceSettings)
def handler(wired: Wiring, event: Event, _context: Context) -> Any:
    job = ForceJob.model_validate(event)
    return asdict(open_force(wired.work(job.seller), job))

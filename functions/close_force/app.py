"""Lambda: ends a part of a force plan."""

from dataclasses import asdict
from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import CloseForceSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.force.closing import close_force
from trueup.usecases.force.job import ForceJob


@worker(CloseForceSettings)
def handler(wired: Wiring, event: Event, _context: Context) -> Any:
    job = ForceJob.model_validate(event)
    return asdict(close_force(wired.closing_force(job.seller), job))

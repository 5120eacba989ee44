"""Lambda: sets rows at a channel, for one turn."""

from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import PushForceSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.force.job import ForceJob
from trueup.usecases.force.pushing import push_force


@worker(PushForceSettings)
def handler(wired: Wiring, event: Event, context: Context) -> Any:
    job = ForceJob.model_validate(event)
    work = wired.work(job.seller)
    return push_force(work, job, context.get_remaining_time_in_millis)

"""Lambda: makes a plan to force a channel, as far as its time allows."""

from dataclasses import asdict
from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import PlanForceSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.force.planning import plan_force
from trueup.usecases.force.planning_job import PlanJob


@worker(PlanForceSettings)
def handler(wired: Wiring, event: Event, context: Context) -> Any:
    job = PlanJob.model_validate(event)
    return asdict(plan_force(wired.work(job.seller), job, context.get_remaining_time_in_millis))

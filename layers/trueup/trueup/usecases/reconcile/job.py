"""What the steps of a reconcile execution hand to each other; it stays far below 64 KB."""

from trueup.domain.errors import DefectError, LeaseLostError
from trueup.domain.runs import Fetch, Run
from trueup.ports import Stored
from trueup.usecases import leases
from trueup.usecases.step_input import StepInput
from trueup.usecases.work import Work


class Job(StepInput):
    """The input of every step."""

    account: str
    run: str


def run_of(work: Work, job: Job) -> Stored[Run]:
    """The job's run. DefectError: it was never created."""
    run = work.registry.get(Run, job.account, job.run)
    if run is None:
        raise DefectError(f"Run {job.run} does not exist.")
    return run


def begin_step(work: Work, job: Job) -> Stored[Run]:
    """The run, its lease renewed. LeaseLostError: it has ended, or another run took over."""
    run = run_of(work, job)
    if run.value.state.final:
        raise LeaseLostError(f"This run has already ended: {run.value.cause or run.value.state}.")
    leases.renew(work.registry, job.account, job.run, work.clock())
    return run


def fetch_of(work: Work, job: Job) -> Stored[Fetch]:
    fetch = work.registry.get(Fetch, job.account, job.run)
    if fetch is None:
        raise DefectError(f"Run {job.run} was never opened.")
    return fetch


def prefix_of(work: Work, job: Job) -> str:
    """Where the run's evidence is in the evidence bucket."""
    return f"runs/{work.seller}/{job.account}/{job.run}"

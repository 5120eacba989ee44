"""Making visible what a run found, so many locations at a time as one transaction takes."""

from collections.abc import Iterator
from dataclasses import dataclass

from trueup.domain.errors import ConflictError
from trueup.domain.runs import Head, History, LocationResult, Run, Version
from trueup.ports import Create, Registry, Replace, Stored, Write
from trueup.usecases import leases
from trueup.usecases.alerts.checking import check_of
from trueup.usecases.exceptions.tending import tending_of
from trueup.usecases.reconcile.grouping import fitted, size_of
from trueup.usecases.reconcile.job import Job
from trueup.usecases.work import Work

LOCATIONS_A_TRANSACTION = 30
"""Head, version and history of each: within DynamoDB's 100 items a transaction."""

TRANSACTION_BYTES = 2_500_000
"""Of what locations found: with the run's own record within DynamoDB's 4 MB a transaction."""

HISTORY_BYTES = 350_000
"""Of what one location found: with keys and names within DynamoDB's 400 kB an item."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the parts of one location come to."""

    result: LocationResult
    head: Head | None


def commit(work: Work, job: Job, run: Stored[Run], ended: Run, findings: list[Finding]) -> None:
    """End the run, and show what it found; what an earlier try has shown is left as it is.

    LeaseLostError: another run took over.
    """
    batches = list(batched(findings)) or [[]]
    for number, batch in enumerate(batches):
        lease = leases.held(work.registry, job.account, job.run)
        writes = [write for finding in batch for write in _visible(work, job, ended, finding)]
        if number == len(batches) - 1:
            writes += [Replace(ended, run.version), leases.releasing(lease, work.clock())]
            writes += [Create(tending) for tending in tending_of(ended)]
            writes += [Create(check) for check in check_of(work.registry, ended)]
        else:
            renewed = lease.value.model_copy(update={"expires_at": work.clock() + leases.LEASE})
            writes.append(Replace(renewed, lease.version))
        work.registry.write(*writes)


def batched(findings: list[Finding]) -> Iterator[list[Finding]]:
    """In their order, as many at a time as a transaction takes."""
    batch: list[Finding] = []
    room = TRANSACTION_BYTES
    for finding in findings:
        size = min(HISTORY_BYTES, size_of([finding.result]))
        if batch and (len(batch) == LOCATIONS_A_TRANSACTION or size > room):
            yield batch
            batch, room = [], TRANSACTION_BYTES
        batch.append(finding)
        room -= size
    if batch:
        yield batch


def _visible(work: Work, job: Job, ended: Run, finding: Finding) -> list[Write]:
    """The writes that make one location's version visible and remember its figures.

    None where an earlier try of this step has written them.
    """
    result = finding.result
    writes = _history(work.registry, ended, result)
    head = finding.head
    if head is None:
        return writes
    before = work.registry.get(Head, head.book)
    if before is not None and before.value.made_by == job.run:
        return writes
    if before is not None and before.value.version + 1 != head.version:
        raise ConflictError("The rows of this location moved on while the run was closing.")
    version = Version(**head.model_dump())
    move = Create(head) if before is None else Replace(head, before.version)
    return [*writes, move, Create(version)]


def _history(registry: Registry, ended: Run, result: LocationResult) -> list[Write]:
    if registry.get(History, ended.account, result.channel_location, ended.id) is not None:
        return []
    return [
        Create(
            History(
                account=ended.account,
                channel_location=result.channel_location,
                run=ended.id,
                finished_at=ended.finished_at or ended.opened_at,
                state=result.state,
                tally=result.tally,
                causes=fitted([result], HISTORY_BYTES)[0].causes,
            )
        )
    ]

"""The last step: make a run's rows visible, together with their differences, or not at all."""

from dataclasses import dataclass
from datetime import datetime

from trueup.books.manifest import Frame, Manifest, load_manifest, save_manifest
from trueup.domain.groups import merged
from trueup.domain.runs import (
    Fetch,
    Head,
    LocationResult,
    Run,
    RunState,
    Tally,
    Usage,
)
from trueup.ports import Events, Stored
from trueup.usecases import books, leases
from trueup.usecases.alerts.checking import Bell, ring
from trueup.usecases.costs import transitions_of
from trueup.usecases.overlays import fold
from trueup.usecases.reconcile.grouping import LEAST_BYTES, RUN_BYTES, fitted
from trueup.usecases.reconcile.job import Job, fetch_of, run_of
from trueup.usecases.reconcile.parts import Part, PlanItem, load_part, load_plan
from trueup.usecases.reconcile.showing import Finding, commit
from trueup.usecases.retention import arrange
from trueup.usecases.work import Work


@dataclass(frozen=True, slots=True)
class Closed:
    """The run as it ended; `fresh` where this call ended it."""

    run: Run
    fresh: bool


def close_run(work: Work, job: Job) -> Closed:
    """Move the heads of all locations that were compared, and end the run, fenced by the lease.

    Locations beyond 30, or with much to tell, take several transactions, each whole in itself; a
    repeat goes on with those that are missing. LeaseLostError: another run took over, and nothing
    becomes visible.
    """
    run = run_of(work, job)
    if run.value.state.final:
        return Closed(run.value, fresh=False)
    leases.renew(work.registry, job.account, job.run, work.clock())
    fetch = fetch_of(work, job).value
    plan = load_plan(work, job)
    parts = [(item, load_part(work, job, item.part)) for item in plan]
    findings = [
        _finding(work, job, link.channel_location, fetch, parts) for link in run.value.inputs.links
    ]
    usage = _usage(work, fetch, parts)
    ended = _ended(run.value, [finding.result for finding in findings], usage, work.clock())
    commit(work, job, run, ended, findings)
    return Closed(ended, fresh=True)


def close_and_announce(work: Work, events: Events, job: Job) -> Run:
    """Close the run and tell the outside; a repeat may tell it again, never not at all."""
    ended = close_run(work, job).run
    _fold_overlays(work, job, ended)
    arrange(work.registry, work.clock())
    events.run_completed(work.seller, ended)
    ring(Bell(work.registry, events, work.clock), ended.account)
    return ended


def _fold_overlays(work: Work, job: Job, ended: Run) -> None:
    """Rows compared between runs give way to those of a run that captured later."""
    captured_from = fetch_of(work, job).value.captured_from
    for result in ended.locations:
        if result.version is not None and captured_from is not None:
            fold(work.registry, ended.account, result.channel_location, captured_from)


def _finding(
    work: Work,
    job: Job,
    location: str,
    fetch: Fetch,
    parts: list[tuple[PlanItem, Part | None]],
) -> Finding:
    cause = fetch.failed_locations.get(location)
    mine = [part for item, part in parts if item.location == location]
    causes = [cause] if cause else [_cause(part) for part in mine if _cause(part)]
    if causes or not mine:
        return _failed(location, causes[0] if causes else "Nothing was compared.")
    whole = [part for part in mine if part is not None]
    tally = sum((part.tallied() for part in whole), Tally())
    groups = merged(group for part in whole for group in part.grouped())
    head = _head(work, job, location, fetch, [frame for part in whole for frame in part.frames])
    result = LocationResult(
        channel_location=location,
        state=RunState.SUCCEEDED,
        tally=tally,
        version=head.version,
        causes=groups,
    )
    return Finding(result, head)


def _cause(part: Part | None) -> str:
    if part is None:
        return "A part of the comparison did not finish; the next run compares it again."
    return part.cause


def _failed(location: str, cause: str) -> Finding:
    result = LocationResult(channel_location=location, state=RunState.FAILED, cause=cause)
    return Finding(result, None)


def _head(work: Work, job: Job, location: str, fetch: Fetch, frames: list[Frame]) -> Head:
    book = books.rows_book(job.account, location)
    manifest = Manifest.of("rows", frames)
    before = work.registry.get(Head, book)
    previous = load_manifest(work.pages, book, before.value.manifest) if before else None
    now = work.clock()
    return Head(
        book=book,
        version=_next_version(before, job.run),
        manifest=save_manifest(work.pages, book, manifest, previous),
        rows=manifest.rows,
        as_of=fetch.captured_from or now,
        made_by=job.run,
        at=now,
    )


def _next_version(before: Stored[Head] | None, run: str) -> int:
    if before is None:
        return 1
    return before.value.version + int(before.value.made_by != run)


def _usage(work: Work, fetch: Fetch, parts: list[tuple[PlanItem, Part | None]]) -> Usage:
    compared = sum((part.used() for _, part in parts if part is not None), Usage())
    transitions = Usage(transitions=transitions_of(fetch.turns, len(parts)))
    return fetch.usage + compared + work.meter.usage + transitions


def _ended(run: Run, results: list[LocationResult], usage: Usage, now: datetime) -> Run:
    failed = [result for result in results if result.state is RunState.FAILED]
    state = RunState.PARTIAL if failed else RunState.SUCCEEDED
    if len(failed) == len(results):
        state = RunState.FAILED
    inputs = len(run.inputs.model_dump_json().encode())
    changes = {
        "state": state,
        "cause": failed[0].cause if failed else None,
        "finished_at": now,
        "locations": fitted(results, max(LEAST_BYTES, RUN_BYTES - inputs)),
        "usage": usage,
        "progress": run.progress.model_copy(update={"phase": "closed"}),
    }
    return run.model_copy(update=changes)

"""The last step of a force: ends the part, and carries on what follows from what was pushed."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from trueup.domain.adjustments import ToPush
from trueup.domain.cases import Docket, SubjectKind
from trueup.domain.errors import ConflictError, NotFoundError, RejectedError
from trueup.domain.force import ForcePlan, Share, Stage
from trueup.domain.outcomes import GAPS, Outcome, Reason, outcome_of
from trueup.domain.overlays import Overlay
from trueup.domain.pushlog import PushOutcome, push_id, rows_of
from trueup.domain.runs import Trigger
from trueup.domain.tending import Found
from trueup.domain.time import NewId, from_milliseconds
from trueup.ports import Events, Machines, Registry, Remove
from trueup.usecases.alerts.checking import Bell, deliver
from trueup.usecases.exceptions.filing import Cabinet
from trueup.usecases.exceptions.stepping import take_step
from trueup.usecases.force.checking import last_look
from trueup.usecases.force.ending import end_stage, force_cause
from trueup.usecases.force.job import ForceJob, chunks_of, force_of, plan_of
from trueup.usecases.overlays import overlays_of
from trueup.usecases.recheck import MAX_OVERLAYS
from trueup.usecases.runs import start_run
from trueup.usecases.whole import all_of
from trueup.usecases.work import Work


@dataclass(frozen=True)
class Closing:
    """`ruled`: the seller's records as the rule that ends forces changes them."""

    work: Work
    ruled: Registry
    cabinet: Cabinet
    machines: Machines
    events: Events
    new_id: NewId


@dataclass(frozen=True, slots=True)
class Closed:
    """`Failed` where it ended early; a part of which rows failed has not."""

    state: str
    cause: str | None


def close_force(closing: Closing, job: ForceJob) -> Closed:
    """End the part, with a cause where it ended early. All of it may be repeated."""
    work = closing.work
    cause = force_cause(job.error) if job.error else job.turn.cause or None
    force = force_of(work, job)
    if force is not None and cause:
        for chunk in chunks_of(work.registry, job.account, job.plan, job.share):
            last_look(force, chunk)
    end_stage(closing.ruled, work.clock, job.account, job.plan, job.share, cause)
    plan = plan_of(work.registry, job.account, job.plan).value
    stage = plan.stage(job.share)
    if stage is None:
        return Closed("Failed", cause)
    _follow(closing, plan, stage)
    deliver(Bell(work.registry, closing.events, work.clock))
    return Closed("Failed" if stage.cause else "Ended", stage.cause)


Applied = dict[str, tuple[str, int]]
"""Row keys that were pushed and seen: the push's id, and when its intent was stored."""


def _follow(closing: Closing, plan: ForcePlan, stage: Stage) -> None:
    registry = closing.work.registry
    wanted = {
        place.channel_location: _wanted(closing, plan.account, place.channel_location)
        if place.rows_in(stage.share) > MAX_OVERLAYS
        else None
        for place in plan.places
    }
    runs = False
    for location, rows in _applied(registry, plan, stage.share, wanted).items():
        _unmark(registry, plan.account, location, rows)
        _attend(closing, plan.account, location, rows)
        many = wanted[location] is not None
        runs = runs or many or _lacks(registry, plan.account, location, rows)
    if runs:
        _start_run(closing, plan, stage)


def _wanted(closing: Closing, account: str, place: str) -> set[str]:
    """Of very many rows those that somebody waits for."""
    registry = closing.work.registry
    dockets = all_of(registry, Docket, SubjectKind.ROW, account, place)
    marked = {stored.value.key for stored in all_of(registry, ToPush, account, place)}
    return marked | {stored.value.subject.what for stored in dockets}


def _applied(
    registry: Registry, plan: ForcePlan, share: Share, wanted: Mapping[str, set[str] | None]
) -> dict[str, Applied]:
    """By location, those `wanted` there; None: all. Each chunk is read once."""
    found: dict[str, Applied] = {location: {} for location in wanted}
    for stored in chunks_of(registry, plan.account, plan.id, share):
        chunk = stored.value
        if not chunk.counts.success:
            continue
        chosen = wanted[chunk.channel_location]
        for i, row in enumerate(rows_of(chunk)):
            if row.outcome == PushOutcome.APPLIED and (chosen is None or row.key in chosen):
                found[chunk.channel_location][row.key] = (push_id(chunk, i), row.intent_at)
    return found


def _unmark(registry: Registry, account: str, place: str, rows: Applied) -> None:
    """Corrections that were waiting to be pushed have been, unless they came after it."""
    for stored in list(all_of(registry, ToPush, account, place)):
        pushed = rows.get(stored.value.key)
        if pushed and stored.value.at < from_milliseconds(pushed[1]):
            with suppress(ConflictError):  # another correction marked it anew
                registry.write(Remove(stored.value, stored.version))


def _attend(closing: Closing, account: str, place: str, rows: Applied) -> None:
    """Close the cases of rows that match again, with the push as the evidence."""
    cabinet = closing.cabinet
    for docket in list(all_of(cabinet.registry, Docket, SubjectKind.ROW, account, place)):
        key = docket.value.subject.what
        laid = cabinet.registry.get(Overlay, account, place, key) if key in rows else None
        if laid is not None:
            found = _found(laid.value, rows[key][0])
            with suppress(ConflictError):  # a person changed it just now: the next run looks again
                take_step(cabinet, None, docket, found, ())


def _found(overlay: Overlay, push: str) -> Found:
    values, reason = overlay.values, Reason(overlay.values["reason"])
    gap = values["publishable"] - values["reported"] if reason in GAPS else None
    outcome = outcome_of(reason)
    return Found(
        overlay.captured_at,
        waiting=int(outcome is not Outcome.MATCH),
        gap=gap,
        cause=overlay.texts.get("cause", ""),
        passing=outcome is Outcome.EXPLAINED,
        push=push,
    )


def _lacks(registry: Registry, account: str, place: str, rows: Applied) -> bool:
    """Whether some were not compared again, as the channel could not be read or they are many."""
    return bool(rows.keys() - overlays_of(registry, account, place).keys())


def _start_run(closing: Closing, plan: ForcePlan, stage: Stage) -> None:
    """A run compares what has no overlay, as if somebody had asked for one."""
    with suppress(RejectedError, NotFoundError, ConflictError):
        start_run(
            closing.work.registry,
            closing.machines,
            closing.work.clock,
            closing.new_id,
            account=plan.account,
            trigger=Trigger.BUTTON,
            requested_by=stage.decided_by,
        )

"""Who is due: starts a run for every account whose time has come, or says why not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trueup.domain import schedule
from trueup.domain.accounts import Account
from trueup.domain.errors import ConflictError, DefectError, RejectedError, RetryLaterError
from trueup.domain.runs import Lease, Run, RunState, Trigger
from trueup.ports import Appointment, Create, Registry, Replace, Stored
from trueup.usecases import leases, runs
from trueup.usecases.work import Plant

BATCH = 100
"""Runs started by one turn: their payloads stay far below 64 KB."""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """Payloads of executions to start, and how many accounts were passed over.

    `broken`: accounts that cannot be read, by seller and id.
    """

    executions: tuple[dict[str, Any], ...]
    skipped: int
    count: int
    more: bool
    """A whole batch was found, so that more may be due."""
    broken: tuple[str, ...] = ()


def dispatch(plant: Plant) -> Dispatched:
    """Look at every account that is due; each is moved on to its next time in the same write.

    One that is broken does not keep the others waiting, which may be other sellers'.
    """
    executions: list[dict[str, Any]] = []
    broken: list[str] = []
    skipped = 0
    for appointment in plant.registries.due("due", plant.clock(), BATCH):
        registry = plant.registries.of(appointment.seller)
        try:
            run = _attend(plant, registry, appointment)
        except DefectError:
            broken.append("/".join((appointment.seller, *appointment.identity)))
            continue
        if run is None:
            skipped += 1
        else:
            executions.append(runs.payload(registry.seller, run))
    count = len(executions)
    more = count + skipped + len(broken) >= BATCH and count > 0
    return Dispatched(tuple(executions), skipped, count, more, tuple(broken))


def _attend(plant: Plant, registry: Registry, appointment: Appointment) -> Run | None:
    """The run that was started; None if the account was not due after all, or skipped."""
    account = registry.get(Account, *appointment.identity)
    now = plant.clock()
    if account is None or not _is_due(account.value, now):
        return None
    try:
        return _start(plant, registry, account)
    except (ConflictError, RetryLaterError):
        return None  # somebody edited the account meanwhile: the next turn sees it again


def _is_due(account: Account, now: datetime) -> bool:
    return account.enabled and account.next_due_at is not None and account.next_due_at <= now


def _start(plant: Plant, registry: Registry, account: Stored[Account]) -> Run | None:
    now = plant.clock()
    busy = _active(registry, account.value, now)
    if busy is not None:
        _skip(plant, registry, account, busy)
        return None
    try:
        runs.check_startable(registry, account.value)
    except RejectedError as error:
        note = " ".join(fault.reason for fault in error.faults)
        registry.write(_moved_on(account, now, f"Not reconciled: {note}."))
        return None
    run = runs.new_run(account.value, plant.new_id(), Trigger.SCHEDULE, "schedule", now)
    started = runs.claim(registry, run, plant.clock, _moved_on(account, now, None))
    return started.run if started.created else None


def _active(registry: Registry, account: Account, now: datetime) -> Run | None:
    lease = registry.get(Lease, account.id)
    if lease is None or not leases.is_held(lease, now):
        return None
    run = registry.get(Run, account.id, lease.value.holder)
    return None if run is None or run.value.state.final else run.value


def _skip(plant: Plant, registry: Registry, account: Stored[Account], busy: Run) -> None:
    """Record the skipped run with its reason, and move the account on."""
    now = plant.clock()
    cause = (
        f"Skipped: the run opened at {busy.opened_at:%H:%M} UTC was still {busy.progress.phase}. "
        "If this repeats, the cadence is shorter than the channel takes to answer."
    )
    run = runs.new_run(account.value, plant.new_id(), Trigger.SCHEDULE, "schedule", now)
    skipped = run.model_copy(update={"state": RunState.SKIPPED, "cause": cause, "finished_at": now})
    registry.write(Create(skipped), _moved_on(account, now, cause))


def _moved_on(account: Stored[Account], now: datetime, note: str | None) -> Replace:
    due = account.value.next_due_at or now
    later = schedule.next_due(account.value.cadence, due, now)
    changes = {"next_due_at": later, "note": note}
    return Replace(account.value.model_copy(update=changes), account.version)

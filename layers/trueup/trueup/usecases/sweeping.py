"""What nobody else ends or throws away: open things whose execution is gone, old versions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from trueup.domain.errors import ConflictError, DefectError, RetryLaterError
from trueup.domain.exports import Export
from trueup.domain.force import ForcePlan
from trueup.domain.imports import Import, ImportState
from trueup.domain.replays import Replay, ReplayState
from trueup.domain.runs import Run, RunState
from trueup.ports import Appointment, MachineName, Registry
from trueup.usecases.exports.ending import fail_export
from trueup.usecases.exports.job import payload as export_payload
from trueup.usecases.force.attending import attend_plan
from trueup.usecases.imports import confirmed_execution, fail_import
from trueup.usecases.ingest.steps import order
from trueup.usecases.reconcile.finalising import end_and_announce
from trueup.usecases.replays.closing import fail_replay
from trueup.usecases.replays.starting import payload as replay_payload
from trueup.usecases.runs import payload
from trueup.usecases.work import Plant

NEVER_STARTED = timedelta(minutes=2)
"""A queued run whose execution is not there after this is started again."""

FAR = timedelta(days=400)

LEAST_MS = 180_000
"""Nothing more is looked at unless the Lambda may run for so long: alerts and old versions wait."""

TOO_LATE = "It had not finished by its deadline and was ended."
VANISHED = "It stopped before it had finished; nothing of it became visible."


@dataclass(frozen=True, slots=True)
class Swept:
    """How many open things were looked at, ended, started again, and are unreadable."""

    open: int
    ended: int
    restarted: int
    broken: int

    def require_sound(self) -> None:
        """DefectError where something was broken: an alarm is to tell of it."""
        if self.broken:
            raise DefectError(f"{self.broken} open runs or imports could not be looked at.")


def sweep_open(plant: Plant, remaining_ms: Callable[[], int] = lambda: LEAST_MS) -> Swept:
    """Look at everything that is not final: end what is overdue or has no execution any more.

    What is due first comes first, as far as the time allows. One that is broken does not keep the
    others waiting, which may be other sellers'.
    """
    due = plant.registries.due("open", plant.clock() + FAR, None)
    in_time = takewhile(lambda _: remaining_ms() >= LEAST_MS, due)
    verdicts = [_attend(plant, appointment) for appointment in in_time]
    return Swept(len(verdicts), *map(verdicts.count, ("ended", "restarted", "broken")))


def _attend(plant: Plant, appointment: Appointment) -> str:
    registry, how = plant.registries.of(appointment.seller), _HOW.get(appointment.kind)
    if how is None:
        return "open"  # of a version that came after this one
    try:
        return how(plant, registry, appointment)
    except (ConflictError, RetryLaterError):
        return "open"  # it moved meanwhile, so it lives; the next sweep looks again
    except DefectError:
        return "broken"


def _attend_run(plant: Plant, registry: Registry, appointment: Appointment) -> str:
    account, id_ = appointment.identity
    stored = registry.get(Run, account, id_)
    if stored is None or stored.value.state.final:
        return "open"
    run = stored.value
    if plant.clock() >= run.deadline:
        return _ended(end_and_announce(plant, registry, account, id_, TOO_LATE))
    status = plant.machines.status("reconcile", run.execution or id_)
    if status == "absent" and run.state is RunState.QUEUED:
        return _started_again(plant, run.opened_at, "reconcile", id_, payload(registry.seller, run))
    if status == "ended":
        return _ended(end_and_announce(plant, registry, account, id_, VANISHED))
    return "open"


def _attend_replay(plant: Plant, registry: Registry, appointment: Appointment) -> str:
    (id_,) = appointment.identity
    stored = registry.get(Replay, id_)
    if stored is None or stored.value.state.final:
        return "open"
    replay = stored.value
    if plant.clock() >= replay.deadline:
        return _ended(fail_replay(registry, plant.clock, id_, TOO_LATE))
    status = plant.machines.status("replay", id_)
    if status == "absent" and replay.state is ReplayState.PENDING:
        event = replay_payload(registry.seller, replay)
        return _started_again(plant, replay.opened_at, "replay", id_, event)
    if status == "ended":
        return _ended(fail_replay(registry, plant.clock, id_, VANISHED))
    return "open"


def _attend_export(plant: Plant, registry: Registry, appointment: Appointment) -> str:
    (id_,) = appointment.identity
    stored = registry.get(Export, id_)
    if stored is None or stored.value.state.final:
        return "open"
    export = stored.value
    if plant.clock() >= export.deadline:
        return _ended(fail_export(registry, plant.clock, id_, export.tries, TOO_LATE))
    status = plant.machines.status("export", export.execution)
    if status == "absent":
        event = export_payload(registry.seller, export)
        return _started_again(plant, export.opened_at, "export", export.execution, event)
    if status == "ended":
        return _ended(fail_export(registry, plant.clock, id_, export.tries, VANISHED))
    return "open"


def _started_again(
    plant: Plant, since: datetime, machine: MachineName, name: str, event: dict[str, Any]
) -> str:
    if plant.clock() - since < NEVER_STARTED:
        return "open"
    plant.machines.start(machine, name, event)
    return "restarted"


def _attend_import(plant: Plant, registry: Registry, appointment: Appointment) -> str:
    (id_,) = appointment.identity
    stored = registry.get(Import, id_)
    if stored is None or stored.value.state.final:
        return "open"
    if plant.clock() >= stored.value.deadline:
        return _ended(fail_import(registry, plant.clock, id_, TOO_LATE))
    if stored.value.state not in (ImportState.VALIDATING, ImportState.APPLYING):
        return "open"  # it waits for a person
    name = _worker(stored.value)
    status = plant.machines.status("ingest", name)
    if status == "absent":
        plant.machines.start("ingest", name, order(registry.seller, id_))
        return "restarted"
    if status == "ended":
        return _ended(fail_import(registry, plant.clock, id_, VANISHED))
    return "open"


def _worker(item: Import) -> str:
    """The execution that has to finish it: another one once a person has confirmed its drop."""
    confirmed = item.state is ImportState.APPLYING and item.drop is not None
    return confirmed_execution(item.id) if confirmed else item.id


def _ended(did: object) -> str:
    return "ended" if did else "open"


def _attend_plan(plant: Plant, registry: Registry, appointment: Appointment) -> str:
    return attend_plan(plant, registry, *appointment.identity)


_HOW: dict[str, Callable[[Plant, Registry, Appointment], str]] = {
    Run.record: _attend_run,
    Replay.record: _attend_replay,
    Export.record: _attend_export,
    Import.record: _attend_import,
    ForcePlan.record: _attend_plan,
}

"""Ending a run that could not end itself: failed, aborted, timed out, or never started."""

from datetime import datetime
from typing import Any

import msgspec

from trueup.domain import errors
from trueup.domain.runs import Lease, Run, RunState
from trueup.domain.time import Clock
from trueup.ports import Registry, Replace, Stored, Write
from trueup.usecases import leases
from trueup.usecases.work import Plant

OUR_FAULT = (
    "Something failed on our side. Nothing of it became visible: what was there before still "
    "stands, and it can be started anew."
)
"""Of runs and imports alike."""
_READABLE = {
    name
    for name in vars(errors)
    if isinstance(vars(errors)[name], type)
    and issubclass(vars(errors)[name], errors.TrueupError)
    and name != "DefectError"
}


def end_run(registry: Registry, clock: Clock, account: str, run: str, cause: str) -> bool:
    """End a run as Failed and free its lease, unless it has ended; whether this call did it."""
    stored = registry.get(Run, account, run)
    if stored is None or stored.value.state.final:
        return False
    registry.write(*_ending(registry, stored, cause, clock()))
    return True


def end_and_announce(plant: Plant, registry: Registry, account: str, run: str, cause: str) -> bool:
    """As `end_run`, and tell the outside if this call ended it."""
    if not end_run(registry, plant.clock, account, run, cause):
        return False
    ended = registry.get(Run, account, run)
    if ended is not None:
        plant.events.run_completed(registry.seller, ended.value)
    return True


def _ending(registry: Registry, run: Stored[Run], cause: str, now: datetime) -> list[Write]:
    changes = {"state": RunState.FAILED, "cause": cause, "finished_at": now}
    writes: list[Write] = [Replace(run.value.model_copy(update=changes), run.version)]
    lease = registry.get(Lease, run.value.account)
    if lease is not None and lease.value.holder == run.value.id:
        writes.append(leases.releasing(lease, now))
    return writes


def cause_of(error: dict[str, Any]) -> str:
    """What a seller reads, from what Step Functions caught: `{"Error": ..., "Cause": ...}`.

    Our own errors speak for themselves; anything else is our fault and stays in the logs.
    """
    name, text = _unwrapped(error)
    return text if name in _READABLE and text else OUR_FAULT


def _unwrapped(error: dict[str, Any]) -> tuple[str, str]:
    name, cause = str(error.get("Error", "")), str(error.get("Cause", ""))
    try:
        detail = msgspec.json.decode(cause, type=dict[str, Any])
    except msgspec.DecodeError:
        return name, cause
    return str(detail.get("errorType", name)), str(detail.get("errorMessage", ""))

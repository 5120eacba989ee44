"""One idempotent finaliser for runs, imports, replays, exports and plans, whoever calls it.

Three callers: a state machine's Catch, the status-change event of an execution that ended badly,
and the sweeper.
"""

from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from trueup.domain.force import Share
from trueup.ports import Registry
from trueup.usecases.audit.keeping import AuditedRegistry, By
from trueup.usecases.exports.ending import fail_export
from trueup.usecases.force.ending import end_stage, force_cause
from trueup.usecases.force.proposed import fail_plan
from trueup.usecases.imports import fail_import
from trueup.usecases.reconcile.finalising import cause_of, end_and_announce
from trueup.usecases.replays.closing import fail_replay
from trueup.usecases.work import Plant


class Ending(BaseModel):
    """What is to be ended, and what was caught."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    schema_version: int = Field(1, alias="schema", ge=1, le=1)
    seller: str
    account: str = ""
    run: str = ""
    import_: str = Field("", alias="import")
    replay: str = ""
    export: str = ""
    plan: str = ""
    share: Share | None = None
    tries: int = 0
    error: dict[str, Any] = {}


class Finalised(BaseModel):
    """Whether this call ended it; False where it had ended already."""

    ended: bool
    cause: str


ACTOR = "rule:finaliser"
"""Who ends what is audited."""

STOPPED = {
    "ABORTED": "It was stopped before it had finished.",
    "TIMED_OUT": "It took longer than it may and was stopped.",
}


def ending_of(event: dict[str, Any]) -> Ending:
    """Reads a Catch's payload or a status-change event (whose `input` is the execution's)."""
    detail = event.get("detail")
    if not isinstance(detail, dict):
        return Ending.model_validate(event)
    payload = msgspec.json.decode(str(detail.get("input") or "{}"), type=dict[str, Any])
    status = str(detail.get("status", ""))
    error = {"Error": "ConflictError", "Cause": STOPPED.get(status, "")}
    return Ending.model_validate(payload | {"error": error})


def finalise(plant: Plant, ending: Ending) -> Finalised:
    """End it as Failed with a cause the seller understands, unless it has ended."""
    registry = plant.registries.of(ending.seller)
    cause = cause_of(ending.error)
    if ending.import_:
        return Finalised(
            ended=fail_import(registry, plant.clock, ending.import_, cause), cause=cause
        )
    if ending.replay:
        ended = fail_replay(registry, plant.clock, ending.replay, cause)
        return Finalised(ended=ended, cause=cause)
    if ending.export:
        ended = fail_export(registry, plant.clock, ending.export, ending.tries, cause)
        return Finalised(ended=ended, cause=cause)
    if ending.plan and not ending.share:
        ruled = AuditedRegistry(registry, By(ACTOR), plant.clock)
        ended = fail_plan(ruled, plant.clock, ending.account, ending.plan, cause)
        return Finalised(ended=ended, cause=cause)
    if ending.plan and ending.share:
        return _finalise_force(plant, registry, ending, ending.share)
    ended = end_and_announce(plant, registry, ending.account, ending.run, cause)
    return Finalised(ended=ended, cause=cause)


def _finalise_force(plant: Plant, registry: Registry, ending: Ending, share: Share) -> Finalised:
    cause, ruled = force_cause(ending.error), AuditedRegistry(registry, By(ACTOR), plant.clock)
    ended = end_stage(ruled, plant.clock, ending.account, ending.plan, share, cause)
    return Finalised(ended=ended, cause=cause)

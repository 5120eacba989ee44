"""The end of making a plan: proposed, with its figures and its hash, or failed."""

import hashlib
import json

from trueup.domain.accounts import Account
from trueup.domain.force import (
    APPROVABLE,
    CONFIRMABLE,
    ForcePlan,
    ForceSettings,
    PlanState,
    PlanSummary,
)
from trueup.domain.time import Clock
from trueup.ports import Registry, Remove, Replace, Stored
from trueup.usecases.force.estimating import calls_of, seconds_of
from trueup.usecases.force.plan_counting import overs
from trueup.usecases.force.planning_job import Planning
from trueup.usecases.runs import require_account
from trueup.usecases.work import Work


def propose(work: Work, plan: Stored[ForcePlan], planning: Stored[Planning]) -> None:
    """From here on nothing of what it would do changes. ConflictError: somebody else ended it."""
    proposed = _proposed(work, plan.value, planning.value)
    work.registry.write(Replace(proposed, plan.version), Remove(planning.value, planning.version))


def _proposed(work: Work, plan: ForcePlan, planning: Planning) -> ForcePlan:
    account, now = require_account(work.registry, plan.account).value, work.clock()
    summary = _summary(work, account, planning)
    approvals = tuple(overs(summary, planning.settings, planning.rows, planning.above))
    changes = {
        "state": PlanState.PROPOSED,
        "planned_at": now,
        "expires_at": now + (APPROVABLE if approvals else CONFIRMABLE),
        "places": planning.places,
        "summary": summary,
        "approvals": approvals,
        "first": planning.first,
    }
    proposed = plan.model_copy(update=changes)
    return proposed.model_copy(update={"hash": hash_of(proposed, planning.settings)})


def _summary(work: Work, account: Account, planning: Planning) -> PlanSummary:
    able = account.capabilities
    calls = calls_of(able, planning.places) if able else 0
    changes = {
        "calls": calls,
        "seconds": seconds_of(work.registry, account, calls, work.clock()),
        "fixed_times": able.fixed_times if able else "",
    }
    return planning.summary.model_copy(update=changes)


def hash_of(plan: ForcePlan, settings: ForceSettings) -> str:
    """Of all that a plan would do, and by which limits: what an approval names."""
    parts = ("kind", "account", "scope", "of", "places", "summary", "approvals", "first")
    told = plan.model_dump(mode="json", include=set(parts))
    whole = {**told, "settings": settings.model_dump(mode="json")}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def fail_plan(registry: Registry, clock: Clock, account: str, id_: str, cause: str) -> bool:
    """End a plan that is still being made as failed; whether this call did it."""
    stored = registry.get(ForcePlan, account, id_)
    if stored is None or stored.value.state is not PlanState.PLANNING:
        return False
    changes = {"state": PlanState.FAILED, "cause": cause, "planned_at": clock()}
    planning = registry.get(Planning, account, id_)
    also = [Remove(planning.value, planning.version)] if planning else []
    registry.write(Replace(stored.value.model_copy(update=changes), stored.version), *also)
    return True

"""Deciding about a plan: confirming it, approving it, turning it down, taking it back."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from trueup.domain.accounts import Account
from trueup.domain.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RetryLaterError,
    TrueupError,
)
from trueup.domain.force import ForcePlan, PlanKind, PlanState, Share, Stage
from trueup.domain.time import Clock
from trueup.ports import Machines, Registry, Replace, Stored, Unchanged, Write
from trueup.usecases.force.checks import Wish, check_account, check_open, check_wish
from trueup.usecases.force.job import execution_after
from trueup.usecases.force.settings import known_settings, still
from trueup.usecases.force.slots import Claimed, Party, claims
from trueup.usecases.retrying import retried
from trueup.usecases.runs import require_account

LEAST = timedelta(hours=6)
"""No part is at work longer than this, twice the time that its plan reckons with, and what the
channel takes to show a change."""

PATIENCE = timedelta(seconds=8)
"""No try to decide is begun after this."""

Tries = Callable[[], Iterable[int]]


@dataclass(frozen=True)
class Counter:
    """Where people decide. `tries` waits between tries, for a random time each."""

    registry: Registry
    machines: Machines
    clock: Clock
    tries: Tries


def require_plan(registry: Registry, account: str, id_: str) -> Stored[ForcePlan]:
    found = registry.get(ForcePlan, account, id_)
    if found is None:
        raise NotFoundError("There is no such plan.")
    return found


def decide(counter: Counter, account: str, id_: str, wish: Wish) -> ForcePlan:
    """Confirm or approve a part of a plan: claim all its slots, or none, and have it pushed.

    NotFoundError; ForbiddenError: it needs an approver, or another one; CoolingError: a location
    is not free; ConflictError: the plan is another one, decided about already, expired, or its
    account cannot be forced any more; RetryLaterError: too many decide at once.
    """
    plan = _claimed(counter, account, id_, wish)
    event = payload(counter.registry.seller, plan, wish.share)
    with suppress(TrueupError):  # it is decided: the sweeper starts what was not started
        counter.machines.start("force", execution_of(plan.id, wish.share), event)
    return plan


def execution_of(plan: str, share: Share) -> str:
    """The name of the execution that pushes a part."""
    return execution_after(plan, share, 0)


def payload(seller: str, plan: ForcePlan, share: Share) -> dict[str, Any]:
    """The input of an execution: the same for every start of the same part."""
    part = {"account": plan.account, "plan": plan.id, "share": share.value}
    return {"schema": 1, "seller": seller, **part}


def _claimed(counter: Counter, account: str, id_: str, wish: Wish) -> ForcePlan:
    until, unsure = counter.clock() + PATIENCE, set[datetime]()
    for _ in counter.tries():
        plan = _tried(counter, require_plan(counter.registry, account, id_), wish, unsure)
        if plan is not None:
            return plan
        if counter.clock() > until:
            break
    raise RetryLaterError("Many changes are being made at once; try again.", 1)


def _tried(
    counter: Counter, stored: Stored[ForcePlan], wish: Wish, unsure: set[datetime]
) -> ForcePlan | None:
    """The plan as it is decided; None: somebody wrote between. Only what was read decides.

    `unsure`: instants of decisions of ours that were written perhaps.
    """
    stage = stored.value.stage(wish.share)
    if stage is not None and stage.decided_by == wish.by and stage.decided_at in unsure:
        return stored.value
    now = counter.clock()
    plan, writes = _decision(counter.registry, stored, wish, now)
    try:
        counter.registry.write(*writes)
    except RetryLaterError:
        unsure.add(now)
    except ConflictError:
        return None
    else:
        return plan
    return None


def _decision(
    registry: Registry, stored: Stored[ForcePlan], wish: Wish, now: datetime
) -> tuple[ForcePlan, list[Write]]:
    plan = stored.value
    owner = require_account(registry, plan.account)
    account, known = owner.value, known_settings(registry, plan.account)
    settings = known.value
    check_wish(plan, wish, settings, now)
    check_account(account, plan)
    undone = _undone(registry, plan)
    free = plan.kind is PlanKind.RETRY or undone is not None
    claimed = claims(registry, Party(account, settings, plan, wish.share, now, free))
    deadline = now + _longest(account, plan)
    decided = _decided(plan, _stage(wish, claimed, now, deadline))
    writes: list[Write] = [Replace(decided, stored.version), *(c.write for c in claimed)]
    writes += [Unchanged(account, owner.version), *still(known)]
    if undone is not None and undone.value.undone_by is None:
        marked = undone.value.model_copy(update={"undone_by": plan.id})
        writes.append(Replace(marked, undone.version))
    return decided, writes


def _undone(registry: Registry, plan: ForcePlan) -> Stored[ForcePlan] | None:
    """The plan that this one takes back as the first to do so."""
    if plan.kind is not PlanKind.UNDO or plan.of is None:
        return None
    undone = registry.get(ForcePlan, plan.account, plan.of)
    return undone if undone and undone.value.undone_by in (None, plan.id) else None


def _longest(account: Account, plan: ForcePlan) -> timedelta:
    settles = account.capabilities.settle_seconds if account.capabilities else 0
    return LEAST + timedelta(seconds=2 * plan.summary.seconds + settles)


def _stage(wish: Wish, claimed: list[Claimed], now: datetime, deadline: datetime) -> Stage:
    return Stage(
        share=wish.share,
        decided_by=wish.by,
        decided_at=now,
        approved=wish.approving,
        note=wish.note,
        deadline=deadline,
        sequences={one.slot.channel_location: one.slot.sequence for one in claimed},
    )


def _decided(plan: ForcePlan, stage: Stage) -> ForcePlan:
    stages = (*plan.stages, stage)
    return plan.model_copy(update={"stages": stages, "state": PlanState.FORCING})


def reject(counter: Counter, account: str, id_: str, by: str, note: str) -> ForcePlan:
    """Turn down what is left of a plan. The route sees to the approver's role.

    ConflictError: nothing is left to be decided, or it has expired.
    """
    return _closed(counter, account, id_, _Closing(PlanState.REJECTED, by, note))


def cancel(counter: Counter, account: str, id_: str, by: str, note: str) -> ForcePlan:
    """Take back what is left of one's own plan.

    ForbiddenError: somebody else proposed it; ConflictError: as for `reject`.
    """
    if require_plan(counter.registry, account, id_).value.proposed_by != by:
        raise ForbiddenError("Only the one who proposed a plan may take it back.")
    return _closed(counter, account, id_, _Closing(PlanState.CANCELLED, by, note))


@dataclass(frozen=True, slots=True)
class _Closing:
    state: PlanState
    by: str
    note: str


def _closed(counter: Counter, account: str, id_: str, closing: _Closing) -> ForcePlan:
    def once() -> ForcePlan:
        stored = require_plan(counter.registry, account, id_)
        check_open(stored.value, counter.clock())
        changes = {"closed_by": closing.by, "note": closing.note}
        closed = stored.value.model_copy(update=changes)
        state = closed.standing if closed.stages else closing.state
        final = closed.model_copy(update={"state": state})
        counter.registry.write(Replace(final, stored.version))
        return final

    return retried(once)

"""Starting runs: by the button, by the schedule."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from trueup.domain.accounts import Account, Link
from trueup.domain.errors import (
    ConflictError,
    Fault,
    NotFoundError,
    RejectedError,
    RetryLaterError,
)
from trueup.domain.runs import Lease, Run, Trigger
from trueup.domain.time import Clock, NewId
from trueup.ports import Create, Machines, Registry, Stored, Write
from trueup.usecases import leases

DEADLINE = timedelta(hours=6)
"""No run is left unfinished longer than this."""

_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Started:
    """The run that is now active; `created` tells whether this call made it."""

    run: Run
    created: bool


def start_run(
    registry: Registry,
    machines: Machines,
    clock: Clock,
    new_id: NewId,
    *,
    account: str,
    trigger: Trigger,
    requested_by: str,
) -> Started:
    """Start a run, or join the one that is active: an account has at most one.

    NotFoundError: no such account; RejectedError: it is disabled or has no links.
    """
    owner = require_account(registry, account)
    check_startable(registry, owner.value)
    run = new_run(owner.value, new_id(), trigger, requested_by, clock())
    started = claim(registry, run, clock)
    machines.start("reconcile", started.run.id, payload(registry.seller, started.run))
    return started


def require_account(registry: Registry, account: str) -> Stored[Account]:
    found = registry.get(Account, account)
    if found is None:
        raise NotFoundError(f"There is no account {account}.")
    return found


def check_startable(registry: Registry, account: Account) -> None:
    """RejectedError with everything that keeps the account from being reconciled."""
    faults = []
    if not account.enabled:
        faults.append(Fault("account.enabled", "the account is disabled"))
    if not registry.list(Link, account.id, limit=1).items:
        faults.append(Fault("links", "no channel location is linked to a location of yours yet"))
    if faults:
        raise RejectedError("This account cannot be reconciled yet.", tuple(faults))


def new_run(account: Account, id_: str, trigger: Trigger, requested_by: str, now: datetime) -> Run:
    return Run(
        id=id_,
        account=account.id,
        channel=account.channel,
        trigger=trigger,
        requested_by=requested_by,
        opened_at=now,
        deadline=now + DEADLINE,
    )


def claim(registry: Registry, run: Run, clock: Clock, *also: Write) -> Started:
    """Create the run and take its account's lease in one step, or find who holds it.

    `also` is written in the same transaction; a conflict on it alone is a ConflictError.
    """
    for _ in range(_ATTEMPTS):
        now = clock()
        lease = registry.get(Lease, run.account)
        if lease is not None and leases.is_held(lease, now):
            active = registry.get(Run, run.account, lease.value.holder)
            if active is not None and not active.value.state.final:
                return Started(active.value, created=active.value.id == run.id)
        taking = leases.taking(lease, run.account, run.id, now)
        fenced = run.model_copy(update={"fence": _fence(taking.entity)})
        try:
            registry.write(Create(fenced), taking, *also)
        except (ConflictError, RetryLaterError):
            if also and registry.get(Lease, run.account) == lease:
                raise
            continue
        return Started(fenced, created=True)
    raise RetryLaterError("Many runs of this account were asked for at once; try again.", 1)


def _fence(lease: object) -> int:
    return lease.fence if isinstance(lease, Lease) else 0


def payload(seller: str, run: Run) -> dict[str, Any]:
    """The input of a reconcile execution: the same for every start of the same run."""
    return {"schema": 1, "seller": seller, "account": run.account, "run": run.id}

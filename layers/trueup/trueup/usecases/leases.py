"""The lease of an account: who may make versions of its rows visible."""

from contextlib import suppress
from datetime import datetime, timedelta

from trueup.domain.errors import ConflictError, LeaseLostError
from trueup.domain.runs import Lease
from trueup.ports import Create, Registry, Replace, Stored

LEASE = timedelta(minutes=20)
"""Outlasts the longest task (a Lambda's 15 minutes); renewed at the start of every step."""


def is_held(lease: Stored[Lease] | None, now: datetime) -> bool:
    return lease is not None and lease.value.holder != "" and lease.value.expires_at > now


def taking(
    lease: Stored[Lease] | None, account: str, holder: str, now: datetime
) -> Create | Replace:
    """The write that takes a free or expired lease; it conflicts if somebody else was faster."""
    expires_at = now + LEASE
    if lease is None:
        return Create(Lease(account=account, holder=holder, fence=1, expires_at=expires_at))
    taken = Lease(
        account=account, holder=holder, fence=lease.value.fence + 1, expires_at=expires_at
    )
    return Replace(taken, lease.version)


def held(registry: Registry, account: str, holder: str) -> Stored[Lease]:
    """The lease as `holder` holds it, expired or not. LeaseLostError if it is somebody else's."""
    lease = registry.get(Lease, account)
    if lease is None or lease.value.holder != holder:
        raise LeaseLostError("Another run took over this account.")
    return lease


def renew(registry: Registry, account: str, holder: str, now: datetime) -> Stored[Lease]:
    """Hold it for another `LEASE`."""
    lease = held(registry, account, holder)
    renewed = lease.value.model_copy(update={"expires_at": now + LEASE})
    registry.write(Replace(renewed, lease.version))
    return Stored(renewed, lease.version + 1)


def keep(registry: Registry, account: str, holder: str, now: datetime) -> None:
    """Renew it once half of it has passed: for many steps side by side, of which one does it.

    LeaseLostError: another run took over.
    """
    lease = held(registry, account, holder)
    if lease.value.expires_at - now < LEASE / 2:
        renewed = lease.value.model_copy(update={"expires_at": now + LEASE})
        with suppress(ConflictError):  # another child was first
            registry.write(Replace(renewed, lease.version))


def releasing(lease: Stored[Lease], now: datetime) -> Replace:
    """The write that frees it; it conflicts if the lease changed hands since it was read."""
    freed = lease.value.model_copy(update={"holder": "", "expires_at": now})
    return Replace(freed, lease.version)

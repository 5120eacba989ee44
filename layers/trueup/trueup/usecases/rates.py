"""Grants of calls out of the rate that all Lambdas of one channel credential share."""

from contextlib import suppress

from trueup.domain import rates
from trueup.domain.accounts import Account
from trueup.domain.errors import ConflictError, RetryLaterError
from trueup.domain.rates import Grant, Rate
from trueup.domain.time import Clock
from trueup.ports import Create, Registry, Replace, Stored

UNLIMITED = 1000
CHUNK = 50
"""Calls granted at once: few enough that others get their turn, many enough to be cheap."""
LONGEST_PAUSE_SECONDS = 6 * 3600
"""As long as a run may take; a channel that asks for more has made a mistake."""

_ATTEMPTS = 10


def credential_of(account: Account) -> str:
    """Accounts that share a secret share its rate."""
    return account.secret or f"account/{account.id}"


def take(registry: Registry, account: Account, clock: Clock, want: int = CHUNK) -> Grant:
    """Calls that may be made now, or how long to wait. Channels without a known limit only pause.

    `settle` tells how many were made. RetryLaterError: too many others ask at the same moment.
    """
    limit = _limit(account)
    for _ in range(_ATTEMPTS):
        stored = _rate(registry, account, limit or UNLIMITED, clock)
        granted = rates.grant(
            stored.value, per_minute=limit, want=want if limit else UNLIMITED, now=clock()
        )
        if granted.rate == stored.value or _replace(registry, stored, granted.rate):
            return granted
    raise RetryLaterError("The channel's rate is asked for by many at once.", 2)


def settle(registry: Registry, account: Account, granted: Grant, made: int) -> None:
    """Book the calls that were really made: the rest is free for others at once."""
    limit = _limit(account)
    for _ in range(_ATTEMPTS if limit and made != granted.calls else 0):
        stored = registry.get(Rate, credential_of(account))
        if stored is None or _replace(
            registry, stored, rates.settle(stored.value, granted.calls - made, limit or UNLIMITED)
        ):
            return


def pause(registry: Registry, account: Account, seconds: int, clock: Clock) -> None:
    """Nobody calls this credential's channel for that long: it said so (429)."""
    seconds = min(seconds, LONGEST_PAUSE_SECONDS)
    for _ in range(_ATTEMPTS):
        stored = _rate(registry, account, UNLIMITED, clock)
        if _replace(registry, stored, rates.pause(stored.value, seconds, clock())):
            return


def _limit(account: Account) -> int | None:
    """Calls a minute that the channel takes; None where no limit is known."""
    return (account.capabilities.calls_per_minute or None) if account.capabilities else None


def _rate(registry: Registry, account: Account, per_minute: int, clock: Clock) -> Stored[Rate]:
    credential = credential_of(account)
    stored = registry.get(Rate, credential)
    if stored is not None:
        return stored
    with suppress(ConflictError):  # another Lambda of this credential was first
        registry.write(Create(rates.full(credential, per_minute, clock())))
    created = registry.get(Rate, credential)
    if created is None:
        raise RetryLaterError("The channel's rate could not be read.", 1)
    return created


def _replace(registry: Registry, stored: Stored[Rate], rate: Rate) -> bool:
    try:
        registry.write(Replace(rate, stored.version))
    except ConflictError:
        return False
    return True

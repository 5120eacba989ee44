"""A seller's thresholds: making, changing and removing them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trueup.domain.accounts import Account
from trueup.domain.errors import ConflictError, Fault, NotFoundError, RejectedError
from trueup.domain.thresholds import BASIS_POINTS, Alert, Measure, Threshold
from trueup.domain.time import Clock, NewId
from trueup.ports import Create, Registry, Remove, Replace, Stored, Write
from trueup.usecases.retrying import retried
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of

MAX_THRESHOLDS = 30
"""Of an account: a run's figures are held against all of them in one transaction."""


@dataclass(frozen=True)
class Watch:
    """What managing thresholds needs, and who does it."""

    registry: Registry
    clock: Clock
    new_id: NewId
    user: str


def add_threshold(watch: Watch, account: str, fields: Mapping[str, Any]) -> Threshold:
    """A new threshold; the account's next run is the first that is held against it.

    NotFoundError: no such account; RejectedError: all faults; ConflictError: it has as many as it
    may have.
    """
    owner = require_account(watch.registry, account).value
    threshold = Threshold(
        **fields,
        id=watch.new_id(),
        account=account,
        created_by=watch.user,
        created_at=watch.clock(),
    )
    _reject(_faults(owner, threshold))
    if len(list(all_of(watch.registry, Threshold, account))) >= MAX_THRESHOLDS:
        raise ConflictError(f"An account may have {MAX_THRESHOLDS} thresholds.")
    watch.registry.write(Create(threshold))
    return threshold


def change_threshold(watch: Watch, account: str, id_: str, fields: Mapping[str, Any]) -> Threshold:
    """Set `limit` or `enabled`. Switched off, it is cleared; an alert that is open ends.

    RejectedError: no figure can be above the limit.
    """

    def once() -> Threshold:
        stored = require_threshold(watch.registry, account, id_)
        changed = stored.value.model_copy(update=dict(fields))
        _reject(list(_limit_faults(changed)))
        ended = [] if changed.enabled else _ended(watch, stored.value)
        calm = changed if changed.enabled else changed.model_copy(update={"alarm": None})
        watch.registry.write(Replace(calm, stored.version), *ended)
        return calm

    return retried(once)


def remove_threshold(watch: Watch, account: str, id_: str) -> None:
    def once() -> None:
        stored = require_threshold(watch.registry, account, id_)
        watch.registry.write(Remove(stored.value, stored.version), *_ended(watch, stored.value))

    retried(once)


def _ended(watch: Watch, threshold: Threshold) -> list[Write]:
    """What ends the open alert of a threshold, if it has one."""
    alert = watch.registry.get(Alert, threshold.alarm.alert) if threshold.alarm else None
    if alert is None:
        return []
    ended = {"cleared_at": watch.clock(), "cleared_by": watch.user}
    return [Replace(alert.value.model_copy(update=ended), alert.version)]


def require_threshold(registry: Registry, account: str, id_: str) -> Stored[Threshold]:
    found = registry.get(Threshold, account, id_)
    if found is None:
        raise NotFoundError("There is no such threshold.")
    return found


def list_thresholds(registry: Registry, account: str) -> list[Threshold]:
    """All of an account, in the order they were made."""
    require_account(registry, account)
    return [stored.value for stored in all_of(registry, Threshold, account)]


def _faults(account: Account, threshold: Threshold) -> list[Fault]:
    faults = []
    place, places = threshold.channel_location, {place.id for place in account.locations}
    if place is not None and place not in places:
        faults.append(Fault("/channel_location", "is not a location of this account"))
    if (threshold.measure is Measure.VALUE) != bool(threshold.currency):
        faults.append(Fault("/currency", "is given for a value, and only then"))
    return [*faults, *_limit_faults(threshold)]


def _limit_faults(threshold: Threshold) -> Iterator[Fault]:
    if threshold.measure is Measure.VARIANCE_RATE and threshold.limit > BASIS_POINTS:
        yield Fault("/limit", f"is in basis points: at most {BASIS_POINTS:,}, which are all rows")


def _reject(faults: list[Fault]) -> None:
    if faults:
        raise RejectedError("The threshold cannot be stored like this.", tuple(faults))

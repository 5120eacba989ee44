"""Accounts on channels: connecting, describing and changing them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trueup.channel.contract import (
    AccountRef,
    DescribeRequest,
    DescribeResponse,
    Failure,
    Place,
)
from trueup.domain.accounts import Account, Capabilities, ChannelLocation, Link, Mode
from trueup.domain.errors import (
    ConflictError,
    DefectError,
    Fault,
    RejectedError,
    RetryLaterError,
)
from trueup.domain.keys import is_code
from trueup.domain.time import Clock
from trueup.ports import Channels, Create, Registry, Replace, Stored
from trueup.usecases.retrying import retried
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of

MAX_PLACES = 1_000
"""Locations of one account at its channel: they have to fit into its record."""

_SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,200}")


@dataclass(frozen=True)
class Desk:
    """What managing a seller's accounts needs."""

    registry: Registry
    channels: Channels
    clock: Clock


def connect(desk: Desk, fields: Mapping[str, Any]) -> Account:
    """A new account, in shadow mode, with what its channel says of itself.

    RejectedError with all faults, or with the connector's reason when `describe` fails;
    ConflictError: the id is taken.
    """
    account = Account.model_validate({**fields, "mode": Mode.SHADOW, "created_at": desk.clock()})
    _reject(account_faults(desk, account))
    if desk.registry.get(Account, account.id) is not None:
        raise ConflictError(f"You already have an account {account.id}.")
    described = describe(desk, account)
    _reject(cooldown_faults(described))
    desk.registry.write(Create(described))
    return described


def account_faults(desk: Desk, account: Account) -> list[Fault]:
    """What is wrong with a new account, short of asking its channel."""
    faults = secret_faults(desk.registry.seller, account.secret)
    if not desk.channels.exists(account.channel):
        reason = f"there is no connector for {account.channel}; see GET /v1/channels"
        faults.append(Fault("/channel", reason))
    return faults


def secret_faults(seller: str, secret: str | None) -> list[Fault]:
    """A secret is a Secrets Manager name of this seller's; nobody can name another's."""
    prefix = f"trueup/{seller}/"
    if secret is None:
        return []
    if _SECRET_NAME.fullmatch(secret) and secret.startswith(prefix) and ".." not in secret:
        return []
    return [Fault("/secret", f"must be the name of a secret that begins with {prefix}")]


def cooldown_faults(account: Account) -> list[Fault]:
    """A cooldown may not be shorter than the channel's own minimum."""
    minimum = account.capabilities.minimum_cooldown_seconds if account.capabilities else 0
    if account.cooldown_seconds >= minimum:
        return []
    return [Fault("/cooldown_seconds", f"this channel needs at least {minimum} seconds")]


def _reject(faults: list[Fault]) -> None:
    if faults:
        raise RejectedError("The account cannot be stored like this.", tuple(faults))


def describe(desk: Desk, account: Account) -> Account:
    """The account with its capabilities and locations as its channel states them now."""
    ref = AccountRef(
        seller=desk.registry.seller,
        account=account.id,
        config=account.config,
        secret=account.secret,
    )
    answer = desk.channels.call(account.channel, DescribeRequest(account=ref))
    if isinstance(answer, Failure):
        raise _refusal(answer)
    if not isinstance(answer, DescribeResponse):
        raise DefectError(f"Connector {account.channel} did not answer describe.")
    changes = {"capabilities": _capabilities(answer), "locations": _places(answer.locations)}
    return account.model_copy(update=changes)


def _refusal(failure: Failure) -> Exception:
    if failure.outcome == "throttled":
        seconds = max(1, failure.retry_after_seconds)
        return RetryLaterError(f"The channel is busy: {failure.reason}", seconds)
    reason = failure.reason or "the channel gave no reason"
    return RejectedError("The channel could not be reached like this.", (Fault("/config", reason),))


def _capabilities(answer: DescribeResponse) -> Capabilities:
    stated = answer.abilities
    return Capabilities(**{name: getattr(stated, name) for name in Capabilities.model_fields})


def _places(places: list[Place]) -> tuple[ChannelLocation, ...]:
    if len(places) > MAX_PLACES:
        reason = f"its channel names {len(places)} locations; at most {MAX_PLACES} can be kept"
        raise RejectedError("The account cannot be stored like this.", (Fault("/config", reason),))
    if not all(is_code(place.id) for place in places):
        raise DefectError("The connector names a location by an id that is not a code.")
    return tuple(ChannelLocation(id=p.id, code=p.code, name=p.name) for p in places)


def refresh(desk: Desk, account: str) -> Account:
    """Ask the channel again what it can do and which locations it has, and store that."""
    described = describe(desk, require_account(desk.registry, account).value)
    known = {"capabilities": described.capabilities, "locations": described.locations}
    return _update(desk, account, known)


def change(desk: Desk, account: str, fields: Mapping[str, Any]) -> Account:
    """Set fields of an account; with a new config or secret, its channel is asked anew.

    RejectedError with all faults, or with the connector's reason: then nothing is changed.
    """
    if not {"config", "secret"} & fields.keys():
        return _update(desk, account, fields)
    _reject(secret_faults(desk.registry.seller, fields.get("secret")))
    changed = _changed(require_account(desk.registry, account).value, fields)
    described = describe(desk, changed)
    known = {"capabilities": described.capabilities, "locations": described.locations}
    return _update(desk, account, {**fields, **known})


def _update(desk: Desk, account: str, fields: Mapping[str, Any]) -> Account:
    def once() -> Account:
        stored = require_account(desk.registry, account)
        changed = _changed(stored.value, fields)
        checks_cooldown = "cooldown_seconds" in fields
        _reject(cooldown_faults(changed) if checks_cooldown else [])
        due = _due(desk, stored, changed)
        desk.registry.write(Replace(due, stored.version))
        return due

    return retried(once)


def _changed(account: Account, fields: Mapping[str, Any]) -> Account:
    return account.model_copy(update=dict(fields))


def _due(desk: Desk, before: Stored[Account], changed: Account) -> Account:
    """A new cadence, or being enabled again, makes a linked account due at once."""
    resumed = changed.enabled and not before.value.enabled
    if not resumed and changed.cadence == before.value.cadence:
        return changed
    linked = desk.registry.list(Link, changed.id, limit=1).items
    return due_from(changed, desk.clock()) if linked else changed


def due_from(account: Account, now: datetime) -> Account:
    return account.model_copy(update={"next_due_at": now})


def list_accounts(registry: Registry) -> list[Account]:
    """All accounts of the seller, by id."""
    return [stored.value for stored in all_of(registry, Account)]

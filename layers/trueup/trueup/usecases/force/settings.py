"""What an account's admins allow when a channel is made right: limits, approval, cooldowns."""

from collections.abc import Iterator, Mapping
from typing import Any

from trueup.domain.accounts import Account
from trueup.domain.errors import Fault, RejectedError
from trueup.domain.force import ForceSettings
from trueup.ports import Create, Registry, Replace, Stored, Unchanged, Write
from trueup.usecases.retrying import retried
from trueup.usecases.runs import require_account


def settings_of(registry: Registry, account: str) -> ForceSettings:
    """What was set; until then, the defaults."""
    return known_settings(registry, account).value


def known_settings(registry: Registry, account: str) -> Stored[ForceSettings]:
    """Version 0: they were never set."""
    stored = registry.get(ForceSettings, account)
    return stored or Stored(ForceSettings(account=account), 0)


def still(settings: Stored[ForceSettings]) -> list[Write]:
    """What makes a write conflict with a change of the settings that it was decided by."""
    return [Unchanged(settings.value, settings.version)]


def set_settings(registry: Registry, account: str, fields: Mapping[str, Any]) -> ForceSettings:
    """Set all of them; what is absent becomes its default.

    NotFoundError: no such account; RejectedError: a cooldown is of no location of the account, or
    below the channel's minimum.
    """

    def once() -> ForceSettings:
        owner = require_account(registry, account).value
        settings = ForceSettings.model_validate({**fields, "account": owner.id})
        faults = tuple(_faults(owner, settings))
        if faults:
            raise RejectedError("These settings cannot be stored.", faults)
        stored = registry.get(ForceSettings, account)
        registry.write(Replace(settings, stored.version) if stored else Create(settings))
        return settings

    return retried(once)


def minimum_of(account: Account) -> int:
    """Seconds that the channel wants between two pushes at a location."""
    return account.capabilities.minimum_cooldown_seconds if account.capabilities else 0


def cooldown_of(account: Account, settings: ForceSettings, location: str) -> int:
    """Seconds that a claim of a location starts: never below the channel's minimum."""
    chosen = settings.cooldowns.get(location, account.cooldown_seconds)
    return max(chosen, minimum_of(account))


def _faults(account: Account, settings: ForceSettings) -> Iterator[Fault]:
    known, minimum = {place.id for place in account.locations}, minimum_of(account)
    for location, seconds in settings.cooldowns.items():
        where = "/cooldowns/" + location.replace("~", "~0").replace("/", "~1")
        if location not in known:
            yield Fault(where, "is not a location of this account")
        elif seconds < minimum:
            yield Fault(where, f"this channel needs at least {minimum} seconds")

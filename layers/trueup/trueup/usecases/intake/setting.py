"""What events of a source are read with, as the registry has it."""

from functools import cache

from trueup.domain.accounts import Location
from trueup.domain.errors import NotFoundError, RejectedError
from trueup.domain.sources import Ownership, Provides, Rules, Source
from trueup.ports import Registry
from trueup.usecases.intake.normalising import Setting
from trueup.usecases.whole import all_of


def setting_of(registry: Registry, code: str) -> Setting:
    """NotFoundError: there is no such source; RejectedError: it provides snapshots only."""
    found = registry.get(Source, code)
    if found is None:
        raise NotFoundError(f"There is no source {code}.")
    if found.value.provides is not Provides.MOVEMENTS:
        raise RejectedError(f"The source {code} provides snapshots, not movements.")

    @cache
    def exists(location: str) -> bool:
        return registry.get(Location, location) is not None

    return Setting(found.value, exists, rules_of(registry))


def rules_of(registry: Registry) -> Rules:
    """All ownership rules of a seller."""
    rules = (stored.value for stored in all_of(registry, Ownership))
    return {(rule.domain, rule.location): rule for rule in rules}

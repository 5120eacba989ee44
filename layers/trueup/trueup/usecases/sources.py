"""The seller's sources, and which of them owns what: set by admins, used as events come in."""

from trueup.domain.accounts import Account, Location
from trueup.domain.errors import ConflictError, Fault, NotFoundError, RejectedError
from trueup.domain.sources import EVERYWHERE, Domain, Ownership, Source
from trueup.ports import Create, Registry, Remove, Replace, Stored
from trueup.usecases.retrying import retried
from trueup.usecases.whole import all_of

MAX_BYTES = 250_000
"""Of a source with all its maps: it is one stored record."""

MAX_SOURCES = 100
RESERVED = frozenset({"trueup"})
"""Codes of what the product itself writes."""


def add_source(registry: Registry, source: Source) -> Source:
    """ConflictError: the code is taken. RejectedError with all faults."""
    _check(registry, source)
    if registry.get(Source, source.code) is not None:
        raise ConflictError(f"You already have a source {source.code}.")
    if len(list_sources(registry)) >= MAX_SOURCES:
        raise RejectedError(f"There may be {MAX_SOURCES} sources.")
    registry.write(Create(source))
    return source


def replace_source(registry: Registry, source: Source) -> Source:
    """Set all of a source's fields anew; what it sent before stays as it was read then."""
    _check(registry, source)

    def once() -> Source:
        registry.write(Replace(source, require_source(registry, source.code).version))
        return source

    return retried(once)


def remove_source(registry: Registry, code: str) -> None:
    """ConflictError: it owns something. Its movements stay."""
    stored = require_source(registry, code)
    owned = [rule for rule in list_ownerships(registry) if rule.source == code]
    if owned:
        raise ConflictError(f"{code} owns {owned[0].domain} at {owned[0].location}.")
    registry.write(Remove(stored.value, stored.version))


def require_source(registry: Registry, code: str) -> Stored[Source]:
    found = registry.get(Source, code)
    if found is None:
        raise NotFoundError(f"There is no source {code}.")
    return found


def list_sources(registry: Registry) -> list[Source]:
    return [stored.value for stored in all_of(registry, Source)]


def set_ownership(registry: Registry, rule: Ownership) -> Ownership:
    """Say which source owns a domain at a location, or everywhere.

    NotFoundError: there is no such location. RejectedError with all faults.
    """
    require_place(registry, rule.location)
    faults = _rule_faults(registry, rule)
    if faults:
        raise RejectedError("This rule cannot be stored.", tuple(faults))

    def once() -> Ownership:
        before = registry.get(Ownership, *rule.identity)
        registry.write(Create(rule) if before is None else Replace(rule, before.version))
        return rule

    return retried(once)


def require_place(registry: Registry, location: str) -> None:
    """NotFoundError: neither one of the seller's locations nor everywhere."""
    if location != EVERYWHERE and registry.get(Location, location) is None:
        raise NotFoundError(f"There is no location {location}.")


def remove_ownership(registry: Registry, domain: Domain, location: str) -> None:
    """NotFoundError: there is no such rule."""
    stored = registry.get(Ownership, domain.value, location)
    if stored is None:
        raise NotFoundError(f"Nobody owns {domain} at {location}.")
    registry.write(Remove(stored.value, stored.version))


def list_ownerships(registry: Registry) -> list[Ownership]:
    return [stored.value for stored in all_of(registry, Ownership)]


def _check(registry: Registry, source: Source) -> None:
    faults = [*_own_faults(registry, source), *_bin_faults(registry, source)]
    if faults:
        raise RejectedError("This source cannot be stored.", tuple(faults))


def _own_faults(registry: Registry, source: Source) -> list[Fault]:
    faults = []
    if source.code in RESERVED:
        faults.append(Fault("/code", "is what the product calls itself"))
    if source.kind == "channel" and source.account is None:
        faults.append(Fault("/account", "is missing: whose orders does the channel's feed tell?"))
    if source.kind != "channel" and source.account is not None:
        faults.append(Fault("/account", "is only for a source of the kind channel"))
    elif source.account is not None and registry.get(Account, source.account) is None:
        faults.append(Fault("/account", f"you have no account {source.account}"))
    if len(source.model_dump_json().encode()) > MAX_BYTES:
        faults.append(Fault("", f"has more than {MAX_BYTES} bytes with all its maps"))
    return faults


def _bin_faults(registry: Registry, source: Source) -> list[Fault]:
    """Each location is looked up once, however many bins are in it."""
    missing = {code for code in set(source.bins.values()) if registry.get(Location, code) is None}
    return [
        Fault(f"/bins/{bin_.replace('~', '~0').replace('/', '~1')}", f"you have no location {code}")
        for bin_, code in source.bins.items()
        if code in missing
    ]


def _rule_faults(registry: Registry, rule: Ownership) -> list[Fault]:
    faults = []
    if registry.get(Source, rule.source) is None:
        faults.append(Fault("/source", f"you have no source {rule.source}"))
    if rule.domain is Domain.SKU_MASTER and rule.location != EVERYWHERE:
        faults.append(Fault("/location", "must be *: SKUs are the same at all locations"))
    return faults

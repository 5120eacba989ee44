"""Routing rules, as admins set them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trueup.domain.accounts import Account, Location
from trueup.domain.cases import Roles
from trueup.domain.errors import ConflictError, Fault, NotFoundError, RejectedError
from trueup.domain.routing import MAX_RULES, RoutingRule, in_order
from trueup.ports import Create, Registry, Remove, Replace, Stored
from trueup.usecases.exceptions.filing import Cabinet
from trueup.usecases.retrying import retried
from trueup.usecases.whole import all_of

__all__ = ["RoutingRule", "add_rule", "remove_rule", "replace_rule", "rules_of"]


def rules_of(registry: Registry) -> list[RoutingRule]:
    """In the order in which they are tried."""
    return in_order(stored.value for stored in all_of(registry, RoutingRule))


def add_rule(cabinet: Cabinet, id_: str, matched: Mapping[str, Any], roles: Roles) -> RoutingRule:
    """A new rule. ConflictError: the id is taken.

    RejectedError: it names nobody, or an account or a location that is not there; or there are too
    many.
    """
    rule = _rule(cabinet, id_, matched, roles)
    if len(rules_of(cabinet.registry)) >= MAX_RULES:
        reason = f"you have {MAX_RULES} already"
        raise RejectedError("There are too many rules.", (Fault("/id", reason),))
    if cabinet.registry.get(RoutingRule, id_) is not None:
        raise ConflictError(f"You already have a rule {id_}.")
    cabinet.registry.write(Create(rule))
    return rule


def replace_rule(
    cabinet: Cabinet, id_: str, matched: Mapping[str, Any], roles: Roles
) -> RoutingRule:
    """Put another rule in the place of one. NotFoundError: there is none by this id."""

    def once() -> RoutingRule:
        before = _require(cabinet.registry, id_)
        rule = _rule(cabinet, id_, matched, roles)
        cabinet.registry.write(Replace(rule, before.version))
        return rule

    return retried(once)


def _rule(cabinet: Cabinet, id_: str, matched: Mapping[str, Any], roles: Roles) -> RoutingRule:
    faults = tuple(_faults(cabinet.registry, matched, roles))
    if faults:
        raise RejectedError("The rule cannot be stored like this.", faults)
    return RoutingRule.model_validate(
        {
            **matched,
            "id": id_,
            "roles": roles,
            "changed_at": cabinet.clock(),
            "changed_by": cabinet.user,
        }
    )


def _faults(registry: Registry, matched: Mapping[str, Any], roles: Roles) -> Iterator[Fault]:
    if roles == Roles():
        yield Fault("/owner", "nobody is named")
    account, location = matched.get("account"), matched.get("location")
    accounts = [stored.value for stored in all_of(registry, Account)]
    mine = [one for one in accounts if account in (None, one.id)]
    if not mine and account is not None:
        yield Fault("/account", "is not an account of yours")
    elif location is not None and not _is_place(registry, mine, location, account):
        yield Fault("/location", "is no location of the account, nor, without one, of yours")


def _is_place(
    registry: Registry, accounts: Sequence[Account], location: str, account: str | None
) -> bool:
    """Of one of the accounts; a rule for all accounts may also name where a source states stock."""
    if any(place.id == location for one in accounts for place in one.locations):
        return True
    return account is None and registry.get(Location, location) is not None


def remove_rule(registry: Registry, id_: str) -> None:
    """NotFoundError: there is none."""
    stored = _require(registry, id_)
    registry.write(Remove(stored.value, stored.version))


def _require(registry: Registry, id_: str) -> Stored[RoutingRule]:
    stored = registry.get(RoutingRule, id_)
    if stored is None:
        raise NotFoundError("There is no such rule.")
    return stored

"""Routing rules, as admins set them."""

from collections.abc import Mapping
from typing import Any

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
    """A new rule. RejectedError: it names nobody, or there are too many; ConflictError: the id."""
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
    if roles == Roles():
        raise RejectedError("A rule needs somebody.", (Fault("/owner", "nobody is named"),))
    return RoutingRule.model_validate(
        {
            **matched,
            "id": id_,
            "roles": roles,
            "changed_at": cabinet.clock(),
            "changed_by": cabinet.user,
        }
    )


def remove_rule(registry: Registry, id_: str) -> None:
    """NotFoundError: there is none."""
    stored = _require(registry, id_)
    registry.write(Remove(stored.value, stored.version))


def _require(registry: Registry, id_: str) -> Stored[RoutingRule]:
    stored = registry.get(RoutingRule, id_)
    if stored is None:
        raise NotFoundError("There is no such rule.")
    return stored

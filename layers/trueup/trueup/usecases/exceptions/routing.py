"""Routing rules, as admins set them."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from trueup.domain.cases import Roles
from trueup.domain.errors import Fault, NotFoundError, RejectedError
from trueup.domain.routing import MAX_RULES, RoutingRule, in_order
from trueup.ports import Create, Registry, Remove, Replace
from trueup.usecases.exceptions.cases import Cabinet
from trueup.usecases.retrying import retried
from trueup.usecases.whole import all_of

__all__ = ["RoutingRule", "put_rule", "remove_rule", "rules_of"]


def rules_of(registry: Registry) -> list[RoutingRule]:
    """In the order in which they are tried."""
    return in_order(stored.value for stored in all_of(registry, RoutingRule))


def put_rule(cabinet: Cabinet, id_: str, matched: Mapping[str, Any], roles: Roles) -> RoutingRule:
    """Set a rule, or replace it. RejectedError: it names nobody, its id is none, or too many."""
    registry = cabinet.registry
    rule = _rule(cabinet, id_, matched, roles)

    def once() -> RoutingRule:
        before = registry.get(RoutingRule, id_)
        if before is None and len(rules_of(registry)) >= MAX_RULES:
            reason = f"you have {MAX_RULES} already"
            raise RejectedError("There are too many rules.", (Fault("rule", reason),))
        registry.write(Create(rule) if before is None else Replace(rule, before.version))
        return rule

    return retried(once)


def _rule(cabinet: Cabinet, id_: str, matched: Mapping[str, Any], roles: Roles) -> RoutingRule:
    if roles == Roles():
        raise RejectedError("A rule needs somebody.", (Fault("/owner", "nobody is named"),))
    try:
        return RoutingRule(
            id=id_,
            roles=roles,
            changed_at=cabinet.clock(),
            changed_by=cabinet.user,
            **matched,
        )
    except ValidationError as error:
        reason = "must be lower case letters, digits and hyphens, at most 40"
        raise RejectedError("This cannot be a rule's id.", (Fault("rule", reason),)) from error


def remove_rule(registry: Registry, id_: str) -> None:
    """NotFoundError: there is none."""
    stored = registry.get(RoutingRule, id_)
    if stored is None:
        raise NotFoundError("There is no such rule.")
    registry.write(Remove(stored.value, stored.version))

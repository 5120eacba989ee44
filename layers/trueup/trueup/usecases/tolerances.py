"""Rules for how far a channel may be off, by account, channel location and SKU."""

from trueup.domain.errors import ConflictError, Fault, NotFoundError, RejectedError
from trueup.domain.tolerances import Tolerance
from trueup.ports import Create, Registry, Remove, Replace
from trueup.usecases.retrying import retried
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of

MAX_RULES = 300
"""Of one account: a run keeps them in its record."""


def list_tolerances(registry: Registry, account: str) -> list[Tolerance]:
    """NotFoundError: no such account."""
    require_account(registry, account)
    return [stored.value for stored in all_of(registry, Tolerance, account)]


def put_tolerance(registry: Registry, rule: Tolerance) -> Tolerance:
    """Set the rule of a scope. RejectedError: the account has no such location.

    ConflictError: there are too many rules.
    """

    def once() -> Tolerance:
        account = require_account(registry, rule.account).value
        known = {place.id for place in account.locations}
        if rule.channel_location is not None and rule.channel_location not in known:
            fault = Fault("/channel_location", "is not a location of this account")
            raise RejectedError("This rule cannot be stored.", (fault,))
        before = registry.get(Tolerance, *rule.identity)
        if before is None and len(list_tolerances(registry, rule.account)) >= MAX_RULES:
            raise ConflictError(f"An account can have at most {MAX_RULES} rules.")
        registry.write(Create(rule) if before is None else Replace(rule, before.version))
        return rule

    return retried(once)


def remove_tolerance(
    registry: Registry, account: str, location: str | None, sku: str | None
) -> None:
    """NotFoundError: there is no rule for just this scope."""
    require_account(registry, account)
    scope = Tolerance(account=account, channel_location=location, sku=sku)

    def once() -> None:
        stored = registry.get(Tolerance, *scope.identity)
        if stored is None:
            raise NotFoundError("There is no such rule.")
        registry.write(Remove(stored.value, stored.version))

    retried(once)

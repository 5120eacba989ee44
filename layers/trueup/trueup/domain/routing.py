"""Routing: who gets a new incident. Pure, but for the records."""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from trueup.domain.accounts import Code, Entity, Slug
from trueup.domain.cases import Part, Roles, Subject
from trueup.domain.groups import CauseGroup
from trueup.domain.time import Instant

MAX_RULES = 100
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Money(Part):
    """Minor units of a currency."""

    currency: Currency
    amount: Annotated[int, Field(ge=0, le=2**53 - 1)]


class RoutingRule(Entity):
    """Incidents that fit get a case with these people. None: whatever it is.

    The first rule that fits counts, by `order`, then id. `minimum`: money at stake; an incident
    with rows of unknown value counts as above any.
    """

    record: ClassVar[str] = "routing"
    audited: ClassVar[bool] = True

    id: Slug
    order: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    account: Slug | None = None
    location: Code | None = None
    cause: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,60}$")] | None = None
    minimum: Money | None = None
    roles: Roles
    changed_at: Instant
    changed_by: str

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.id,)


def rule_for(
    rules: Iterable[RoutingRule], subject: Subject, group: CauseGroup
) -> RoutingRule | None:
    """The first rule that fits an incident."""
    return next((rule for rule in in_order(rules) if _fits(rule, subject, group)), None)


def in_order(rules: Iterable[RoutingRule]) -> list[RoutingRule]:
    """As they are tried."""
    return sorted(rules, key=lambda rule: (rule.order, rule.id))


def _fits(rule: RoutingRule, subject: Subject, group: CauseGroup) -> bool:
    return (
        rule.account in (None, subject.account)
        and rule.location in (None, subject.location)
        and rule.cause in (None, subject.cause)
        and _worth(rule.minimum, group)
    )


def _worth(minimum: Money | None, group: CauseGroup) -> bool:
    if minimum is None or group.unvalued:
        return True
    return group.value.get(minimum.currency, 0) >= minimum.amount

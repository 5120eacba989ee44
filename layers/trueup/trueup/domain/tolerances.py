"""Tolerances: how far a channel may be off before its row fails."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from trueup.domain.accounts import Code, Entity, Slug, Units

AtMostAll = Annotated[int, Field(ge=0, le=100)]


class Limit(BaseModel):
    """Channel units: `absolute`, or `percent` of publishable rounded down, whichever is more."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    absolute: Units = 0
    percent: AtMostAll = 0

    def units(self, publishable: int) -> int:
        return max(self.absolute, publishable * self.percent // 100)

    def __bool__(self) -> bool:
        return bool(self.absolute or self.percent)


NO_LIMIT = Limit()


@dataclass(frozen=True, slots=True)
class Limits:
    """`over`: the channel shows more than can be published. `under`: it shows less."""

    over: Limit = NO_LIMIT
    under: Limit = NO_LIMIT

    @classmethod
    def within(cls, units: int) -> "Limits":
        """The same number of channel units both ways."""
        return cls(Limit(absolute=units), Limit(absolute=units))

    def allow(self, gap: int, publishable: int) -> bool:
        """Whether a gap (publishable - reported, channel units) is tolerated.

        An oversell never is: publishable 0 and reported more.
        """
        if gap >= 0:
            return gap <= self.under.units(publishable)
        return publishable > 0 and -gap <= self.over.units(publishable)

    def __bool__(self) -> bool:
        return bool(self.over or self.under)


NO_LIMITS = Limits()


class Tolerance(Entity):
    """A rule for an account, one of its channel locations, a SKU, or a SKU at a location."""

    record: ClassVar[str] = "tolerance"
    audited: ClassVar[bool] = True

    account: Slug
    channel_location: Code | None = None
    sku: Code | None = None
    over: Limit = NO_LIMIT
    under: Limit = NO_LIMIT

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.channel_location or "", self.sku or "")

    @property
    def limits(self) -> Limits:
        return Limits(self.over, self.under)


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What holds at one channel location: by SKU where there is a rule for it, else `base`."""

    base: Limits = NO_LIMITS
    skus: Mapping[str, Limits] = field(default_factory=dict)

    @classmethod
    def within(cls, units: int) -> "Tolerances":
        return cls(Limits.within(units))

    @classmethod
    def at(cls, location: str, units: int, rules: Iterable[Tolerance]) -> "Tolerances":
        """The rules for a location; `units` where none is for all its SKUs.

        The most specific counts alone: a SKU at the location, the SKU, the location, the account.
        """
        base, skus = Limits.within(units), dict[str, Limits]()
        for rule in sorted(rules, key=_specific):
            if rule.channel_location not in (None, location):
                continue
            if rule.sku is None:
                base = rule.limits
            else:
                skus[rule.sku] = rule.limits
        return cls(base, skus)

    def of(self, sku: str) -> Limits:
        return self.skus.get(sku, self.base)

    def __bool__(self) -> bool:
        return bool(self.base or any(self.skus.values()))


NO_TOLERANCES = Tolerances()


def _specific(rule: Tolerance) -> tuple[bool, bool]:
    return rule.sku is not None, rule.channel_location is not None

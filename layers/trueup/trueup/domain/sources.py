"""Sources: the seller's systems that say what there is and what happened, and who may say what."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from trueup.domain.accounts import Code, Entity, Slug
from trueup.domain.movements import Bucket

Word = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^\P{C}+$")]
BinPattern = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\*\p{C}]*\*?$")
]
Factor = Annotated[int, Field(ge=1, le=1_000_000)]
MAX_UNITS = 200
Units = Annotated[dict[Word, Factor], Field(max_length=MAX_UNITS)]

EVERYWHERE = "*"
MAX_SETTLE_SECONDS = 7 * 86400
MAX_AGE_MINUTES = 90 * 24 * 60


class Provides(StrEnum):
    """Events that change positions, or only positions from time to time."""

    MOVEMENTS = "movements"
    SNAPSHOTS = "snapshots"


class Domain(StrEnum):
    """What one source alone may set (for a location, or for all)."""

    SKU_MASTER = "sku_master"
    MOVEMENTS = "movements"
    STATUSES = "statuses"
    POSITIONS = "positions"


class StockStatus(StrEnum):
    """The groups that a source's own status names are mapped to."""

    SELLABLE = "sellable"
    COMMITTED = "committed"
    DAMAGED = "damaged"
    ON_HOLD = "on_hold"
    IN_TRANSIT = "in_transit"

    @property
    def bucket(self) -> Bucket:
        return Bucket.ON_HAND if self is StockStatus.SELLABLE else Bucket(self.value)


SourceKind = Literal["erp", "wms", "pos", "3pl", "carrier", "shop", "channel", "other"]


class Source(Entity):
    """A system of the seller: ERP, WMS, POS, 3PL, carrier, or a channel's own order feed.

    `statuses`: its status names to ours; a name that is not there is an error. `units`: its unit
    names to base units each ("case": 12); `units_by_sku`: where a SKU has others. `bins`: its bin
    codes, or their beginnings ending in ``*``, to our locations. `settle_seconds`: how late its
    events may come before a difference that they explain counts as stale. `max_age_minutes`: a
    snapshot older than this makes the verdicts of its location stale. `account`: the account
    whose orders a channel's feed tells.
    """

    record: ClassVar[str] = "source"
    audited: ClassVar[bool] = True

    code: Slug
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    kind: SourceKind = "other"
    provides: Provides = Provides.MOVEMENTS
    statuses: Annotated[dict[Word, StockStatus], Field(max_length=500)] = {}
    units: Units = {}
    units_by_sku: Annotated[dict[Code, Units], Field(max_length=1_000)] = {}
    bins: Annotated[dict[BinPattern, Slug], Field(max_length=2_000)] = {}
    settle_seconds: Annotated[int, Field(ge=0, le=MAX_SETTLE_SECONDS)] = 900
    max_age_minutes: Annotated[int, Field(ge=1, le=MAX_AGE_MINUTES)] | None = None
    account: Slug | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.code,)

    def base_units(self, unit: str, sku: str) -> int | None:
        """Base units in one `unit` of a SKU ("" is the base unit); None: not a unit of it."""
        if not unit:
            return 1
        return self.units_by_sku.get(sku, {}).get(unit) or self.units.get(unit)

    def location_of(self, bin_: str) -> str | None:
        """The location that a bin is in: its own entry, else the longest beginning; None: none."""
        if bin_ in self.bins:
            return self.bins[bin_]
        lengths = range(len(bin_), -1, -1)
        found = (self.bins.get(f"{bin_[:length]}*") for length in lengths)
        return next((location for location in found if location), None)


class Ownership(Entity):
    """Which source owns a domain at a location ("*": wherever no rule of its own says else).

    What other sources say is refused, or kept as a claim: evidence that changes no position.
    """

    record: ClassVar[str] = "ownership"
    audited: ClassVar[bool] = True

    domain: Domain
    location: Annotated[
        str, StringConstraints(pattern=r"^(\*|[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?)$")
    ]
    source: Slug
    others: Literal["refuse", "claim"] = "refuse"

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.domain.value, self.location)


Rules = Mapping[tuple[Domain, str], Ownership]
"""Ownership rules by domain and location."""

_LOOKED_UP = {Domain.STATUSES: (Domain.STATUSES, Domain.MOVEMENTS)}
"""Who owns the movements owns the statuses too, where no rule says else."""


def rule_for(rules: Rules, domain: Domain, location: str) -> Ownership | None:
    """The rule that decides: a location's own before the one for all; None: anybody may."""
    for asked in _LOOKED_UP.get(domain, (domain,)):
        for place in (location, EVERYWHERE):
            if (asked, place) in rules:
                return rules[asked, place]
    return None

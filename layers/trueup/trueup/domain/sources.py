"""Sources: the seller's systems that say what there is and what happened, and who may say what."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from trueup.domain.accounts import Entity, Slug
from trueup.domain.movements import Bucket

Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Factor = Annotated[int, Field(ge=1, le=1_000_000)]


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


class Source(Entity):
    """A system of the seller: ERP, WMS, POS, 3PL, carrier, or a channel's own order feed.

    `statuses`: its status names to ours; a name that is not there is an error. `units`: its unit
    names to base units each ("case": 12). `bins`: its bin codes, or their beginnings ending in
    ``*``, to our locations. `settle_seconds`: how late its events may come before a difference
    that they explain counts as stale. `max_age_minutes`: a snapshot older than this makes the
    verdicts of its location stale. `account`: the account whose orders a channel's feed tells.
    """

    record: ClassVar[str] = "source"
    audited: ClassVar[bool] = True

    code: Slug
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    kind: Literal["erp", "wms", "pos", "3pl", "carrier", "shop", "channel", "other"] = "other"
    provides: Provides = Provides.MOVEMENTS
    statuses: dict[Word, StockStatus] = {}
    units: dict[Word, Factor] = {}
    bins: dict[Word, Slug] = {}
    settle_seconds: Annotated[int, Field(ge=0, le=7 * 86400)] = 900
    max_age_minutes: Annotated[int, Field(ge=1, le=90 * 24 * 60)] | None = None
    account: Slug | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.code,)


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

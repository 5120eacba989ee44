"""What requests about sources and ownerships say, and how these are shown."""

from typing import Annotated, Literal

from pydantic import Field

from trueup.domain.accounts import Slug
from trueup.domain.sources import (
    MAX_AGE_MINUTES,
    MAX_SETTLE_SECONDS,
    BinPattern,
    Domain,
    Ownership,
    Provides,
    Source,
    SourceKind,
    StockStatus,
    Units,
    Word,
)
from trueup_api.fields import CodeText, Name
from trueup_api.routing import Strict
from trueup_api.tokens import path_token


class SourceBody(Strict):
    """What a source is and how it speaks.

    `statuses`: its status names to ours. `units`: base units in one of its units, `units_by_sku`:
    where a SKU has others. `bins`: its bin codes, or their beginnings ending in `*`, to your
    locations. `settle_seconds`: how late its events may come before a difference is stale.
    `max_age_minutes`: how old its snapshots may be. `account`: whose orders a channel's feed tells.
    """

    name: Name
    kind: SourceKind = "other"
    provides: Provides = Provides.MOVEMENTS
    statuses: Annotated[dict[Word, StockStatus], Field(max_length=500)] = {}
    units: Units = {}
    units_by_sku: Annotated[dict[CodeText, Units], Field(max_length=1_000)] = {}
    bins: Annotated[dict[BinPattern, Slug], Field(max_length=2_000)] = {}
    settle_seconds: Annotated[int, Field(ge=0, le=MAX_SETTLE_SECONDS)] = 900
    max_age_minutes: Annotated[int, Field(ge=1, le=MAX_AGE_MINUTES)] | None = None
    account: Slug | None = None


class NewSource(SourceBody):
    """A source with its code, which stays: movements are known by it and their own ids."""

    code: Slug


class SourceView(Strict):
    code: str
    name: str
    kind: SourceKind
    provides: Provides
    statuses: dict[str, StockStatus]
    units: dict[str, int]
    units_by_sku: dict[str, dict[str, int]]
    bins: dict[str, str]
    settle_seconds: int
    max_age_minutes: int | None
    account: str | None


class SourcesView(Strict):
    sources: list[SourceView]


class OwnershipBody(Strict):
    """The source that tells this alone; what others tell is refused, or kept as a claim."""

    source: Slug
    others: Literal["refuse", "claim"] = "refuse"


class OwnershipView(Strict):
    """`location` "*": wherever no rule of its own says else. `token` stands for it in a path."""

    domain: Domain
    location: str
    token: str
    source: str
    others: Literal["refuse", "claim"]


class OwnershipsView(Strict):
    ownerships: list[OwnershipView]


def source_view(source: Source) -> SourceView:
    return SourceView(**{name: getattr(source, name) for name in SourceView.model_fields})


def ownership_view(rule: Ownership) -> OwnershipView:
    return OwnershipView(
        domain=rule.domain,
        location=rule.location,
        token=path_token(rule.location),
        source=rule.source,
        others=rule.others,
    )

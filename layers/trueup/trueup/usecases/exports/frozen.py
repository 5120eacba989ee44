"""What an export shows, as it was when it was asked for: nothing of it is looked up later."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from trueup.domain.accounts import Account, ChannelLocation
from trueup.domain.overlays import Overlay
from trueup.domain.pins import BookPin
from trueup.domain.runs import Head
from trueup.domain.time import Instant
from trueup.usecases.audit.reading import Wanted
from trueup.usecases.books import pin_of
from trueup.usecases.exceptions.listing import Asked, Standing
from trueup.usecases.force.log_filters import LogFilters
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.sources import Attempt, Source


@dataclass(frozen=True)
class FrozenSource(Source):
    """A channel location's rows that need no record any more."""

    frozen_listings: BookPin | None = None
    frozen_allocation: int = 100

    @property
    def listings(self) -> BookPin | None:
        return self.frozen_listings

    @property
    def allocation(self) -> int:
        return self.frozen_allocation


def shown(account: Account) -> Account:
    """What files may tell of an account."""
    hidden: dict[str, Any] = {"config": {}, "secret": None}
    return account.model_copy(update=hidden)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Place(_Part):
    """A `Source` as it is kept."""

    account: Account
    place: ChannelLocation
    version: Head
    attempt: Attempt
    overlays: tuple[Overlay, ...]
    listings: BookPin | None
    allocation: int

    @classmethod
    def of(cls, source: Source) -> "Place":
        return cls(
            account=shown(source.account).model_copy(update={"locations": ()}),
            place=source.place,
            version=Head(**source.version.model_dump()),
            attempt=source.attempt,
            overlays=tuple(source.overlays.values()),
            listings=source.listings,
            allocation=source.allocation,
        )

    @property
    def source(self) -> FrozenSource:
        return FrozenSource(
            self.account,
            self.place,
            self.version,
            None,
            self.attempt,
            {overlay.key: overlay for overlay in self.overlays},
            self.listings,
            self.allocation,
        )

    @property
    def pins(self) -> tuple[BookPin, ...]:
        pins = pin_of(self.version), self.listings
        return tuple(pin for pin in pins if pin is not None)


class Frozen(_Part):
    """Everything that a build reads besides pages. What fits its view is set, the rest is not."""

    schema_version: Literal[1] = 1
    as_of: Instant
    places: tuple[Place, ...] = ()
    filters: Filters | None = None
    asked: Asked | None = None
    standing: Standing | None = None
    pushed: LogFilters | None = None
    accounts: tuple[Account, ...] = ()
    """Of pushes: all that the seller had. None in what was frozen before they were kept."""
    wanted: Wanted | None = None
    audit_head: int = 0

    @property
    def sources(self) -> list[Source]:
        return [place.source for place in self.places]

    @property
    def pins(self) -> tuple[BookPin, ...]:
        pins = [pin for place in self.places for pin in place.pins]
        accepted = self.standing.acceptances if self.standing else ()
        pins += [BookPin(book=a.book, version=a.version, manifest=a.manifest) for a in accepted]
        return tuple(pins)

    @property
    def expected(self) -> int | None:
        """How many rows there will be, where that is known."""
        plain = self.filters is not None and not self.filters.searches
        if not plain or (self.filters and self.filters.sku_prefix):
            return None
        return sum(place.version.rows for place in self.places)

"""What the demo seller lists on each channel, and what each channel shows of it.

A channel shows what it should, worked out here in the plainest way, except for the errors that
are named one by one. So the differences to be found are known before anything is compared.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from local.demo import catalogue
from local.demo.catalogue import SHOP_BUFFER


@dataclass(frozen=True, slots=True)
class Offer:
    """A listing. The channel knows it by `channel_sku`, else by its GTIN, else by its SKU."""

    sku: str
    title: str
    price: int
    channel_sku: str = ""
    gtin: str = ""
    pack_size: int = 1
    buffer: int | None = None
    cap: int | None = None
    backorder: int = 0
    components: tuple[tuple[str, int], ...] = ()

    @property
    def channel_key(self) -> str:
        return self.channel_sku or self.gtin or self.sku


@dataclass(frozen=True, slots=True)
class Place:
    """A location of the channel: which of ours feed it, and what is wrong with it.

    `errors` are units shown too many (+) or too few (-), by channel key; `missing` is listed but
    not shown; `strangers` are shown but not listed.
    """

    name: str
    feeds: tuple[str, ...]
    errors: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    strangers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shop:
    """An account on a channel. `buffer` is in base units."""

    account: str
    channel: str
    name: str
    offers: tuple[Offer, ...]
    places: tuple[Place, ...]
    buffer: int = 0


def shown(shop: Shop, place: Place) -> Iterator[tuple[Offer, int]]:
    """The offers that a place shows, with the units available that it shows of each."""
    for offer in shop.offers:
        if offer.channel_key not in place.missing:
            right = publishable(offer, place, shop.buffer)
            # Of what nobody has counted the channel shows something all the same.
            units = (9 if right is None else right) + place.errors.get(offer.channel_key, 0)
            if units < 0:
                raise ValueError(f"{offer.channel_key} at {place.name} cannot show {units}")
            yield offer, units


def publishable(offer: Offer, place: Place, buffer: int) -> int | None:
    """Channel units that the place should show; None where nobody knows."""
    stock = _stock(offer, place)
    if stock is None:
        return None
    kept = _first(offer.buffer, SHOP_BUFFER if place.feeds == ("shop",) else None, buffer)
    units = max(0, (stock + offer.backorder - kept) // offer.pack_size)
    return units if offer.cap is None else min(units, offer.cap)


def _stock(offer: Offer, place: Place) -> int | None:
    if not offer.components:
        return _pooled(offer.sku, place)
    kits = [(_pooled(sku, place), quantity) for sku, quantity in offer.components]
    counts = [None if have is None else have // quantity for have, quantity in kits]
    known = [count for count in counts if count is not None]
    return min(known) if len(known) == len(counts) else None


def _pooled(sku: str, place: Place) -> int | None:
    parts = [catalogue.sellable(location, sku) for location in place.feeds]
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _first(*values: int | None) -> int:
    return next(value for value in values if value is not None)

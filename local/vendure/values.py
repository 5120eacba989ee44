"""What goes into and comes out of the test shop. Ids are Vendure's, quantities are units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Location:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class NewVariant:
    """A variant to make. ``price`` is in minor units of the shop's currency."""

    sku: str
    title: str
    price: int
    on_hand: dict[str, int]
    """Units by location id; a location left out gets no level at all."""


@dataclass(frozen=True, slots=True)
class StockChange:
    variant_id: str
    location_id: str
    on_hand: int


@dataclass(frozen=True, slots=True)
class OrderLine:
    variant_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Level:
    """The stock of one variant at one location: ``allocated`` is what open orders hold of it."""

    variant_id: str
    sku: str
    location_id: str
    on_hand: int
    allocated: int

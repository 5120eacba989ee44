"""What we ask of Vendure's admin API, and the shapes of its answers."""

from typing import Literal

import msgspec

LOCATIONS = """query ($skip: Int!, $take: Int!) {
  stockLocations(options: {skip: $skip, take: $take, sort: {id: ASC}}) {
    totalItems items { id name } }
  globalSettings { trackInventory } }"""

VARIANTS = """query ($options: ProductVariantListOptions!) {
  productVariants(options: $options) { totalItems items {
    id sku name trackInventory stockLevels { stockLocationId stockOnHand stockAllocated } } } }"""

SET_STOCK = """mutation ($input: [UpdateProductVariantInput!]!) {
  updateProductVariants(input: $input) { id } }"""


class StockLocation(msgspec.Struct, frozen=True):
    id: str
    name: str


class LocationList(msgspec.Struct, frozen=True, rename="camel"):
    total_items: int
    items: list[StockLocation]


class GlobalSettings(msgspec.Struct, frozen=True, rename="camel"):
    track_inventory: bool


class LocationData(msgspec.Struct, frozen=True, rename="camel"):
    stock_locations: LocationList
    global_settings: GlobalSettings


class StockLevel(msgspec.Struct, frozen=True, rename="camel"):
    stock_location_id: str
    stock_on_hand: int
    stock_allocated: int


class Variant(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    sku: str
    name: str
    track_inventory: Literal["TRUE", "FALSE", "INHERIT"]
    stock_levels: list[StockLevel]

    def on_hand(self, location: str) -> int | None:
        """Units on hand; None where this variant has no level."""
        held = (level for level in self.stock_levels if level.stock_location_id == location)
        return next((level.stock_on_hand for level in held), None)

    def is_tracked(self, by_default: bool) -> bool:  # noqa: FBT001
        return by_default if self.track_inventory == "INHERIT" else self.track_inventory == "TRUE"


class VariantList(msgspec.Struct, frozen=True, rename="camel"):
    total_items: int
    items: list[Variant]


class VariantData(msgspec.Struct, frozen=True, rename="camel"):
    product_variants: VariantList


class Updated(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to SET_STOCK: that it is one suffices."""

    update_product_variants: list[dict[str, str]]

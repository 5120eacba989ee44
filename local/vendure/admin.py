"""The test channel's other user: fills the shop, changes stock behind our back, places orders.

Only tests and the demo use this; the connector has its own code and shares none of it.
"""

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from local.vendure.graphql import Session, VendureError
from local.vendure.server import VendureServer
from local.vendure.shop import basics, checkout
from local.vendure.values import Level, Location, NewVariant, OrderLine, StockChange

__all__ = ["VendureAdmin", "VendureError"]

T = TypeVar("T")

PAGE = 100
DEFAULT_LOCATION = "Default Stock Location"

LOGIN = """mutation ($username: String!, $password: String!) {
  login(username: $username, password: $password) { ... on ErrorResult { errorCode message } } }"""
LOCATIONS = "{ stockLocations(options: {sort: {id: ASC}}) { items { id name } } }"
ADD_LOCATION = """mutation ($input: CreateStockLocationInput!) {
  createStockLocation(input: $input) { id name } }"""
RENAME_LOCATION = """mutation ($input: UpdateStockLocationInput!) {
  updateStockLocation(input: $input) { id name } }"""
ADD_VARIANTS = """mutation ($input: [CreateProductVariantInput!]!) {
  createProductVariants(input: $input) { id } }"""
SET_STOCK = """mutation ($input: [UpdateProductVariantInput!]!) {
  updateProductVariants(input: $input) { id } }"""
DELETE_VARIANTS = "mutation ($ids: [ID!]!) { deleteProductVariants(ids: $ids) { result message } }"
LEVELS = """query ($skip: Int!, $take: Int!) {
  productVariants(options: {skip: $skip, take: $take, sort: {id: ASC}}) {
    items { id sku stockLevels { stockLocationId stockOnHand stockAllocated } } } }"""
ORDERS = "{ orders(options: {take: 1, filter: {active: {eq: false}}}) { totalItems } }"


class VendureAdmin:
    """Signed in to the shop as its administrator. Raises VendureError when the shop refuses."""

    def __init__(self, admin_url: str, shop_url: str, username: str, password: str) -> None:
        self._shop_url = shop_url
        self._admin = Session(admin_url)
        self._admin.ask(LOGIN, username=username, password=password)

    @classmethod
    def of(cls, server: VendureServer) -> Self:
        return cls(server.admin_url, server.shop_url, server.username, server.password)

    def prepare(self) -> None:
        """What a shop needs before it can sell: zone, taxes, shipping, payment. Once is enough."""
        basics(self._admin)

    def locations(self) -> list[Location]:
        items = self._admin.ask(LOCATIONS)["stockLocations"]["items"]
        return [Location(item["id"], item["name"]) for item in items]

    def ensure_locations(self, names: Sequence[str]) -> list[Location]:
        """The locations of these names, in this order; makes those that are missing.

        The location every new shop has takes the first missing name, so that no nameless one
        stays behind.
        """
        known = {location.name: location for location in self.locations()}
        for name in names:
            if name not in known:
                known[name] = self._new_location(name, known.pop(DEFAULT_LOCATION, None))
        return [known[name] for name in names]

    def _new_location(self, name: str, unnamed: Location | None) -> Location:
        if unnamed is None:
            made = self._admin.ask(ADD_LOCATION, input={"name": name})["createStockLocation"]
        else:
            change = {"id": unnamed.id, "name": name}
            made = self._admin.ask(RENAME_LOCATION, input=change)["updateStockLocation"]
        return Location(made["id"], made["name"])

    def create_variants(self, variants: Sequence[NewVariant]) -> list[str]:
        """Make each variant with a product of its own; their ids, in the same order.

        SKUs may repeat: the shop allows it.
        """
        return [made for batch in _batches(variants) for made in self._create_batch(batch)]

    def _create_batch(self, variants: Sequence[NewVariant]) -> list[str]:
        query, inputs = _products_query(variants)
        products = self._admin.ask(query, **inputs)
        rows = [
            _variant_input(variant, products[f"p{index}"]["id"])
            for index, variant in enumerate(variants)
        ]
        made = self._admin.ask(ADD_VARIANTS, input=rows)["createProductVariants"]
        return [variant["id"] for variant in made]

    def set_stock(self, changes: Sequence[StockChange]) -> None:
        """Set units on hand, absolute; the latest of several changes to one level stands."""
        by_variant: dict[str, dict[str, int]] = {}
        for change in changes:
            by_variant.setdefault(change.variant_id, {})[change.location_id] = change.on_hand
        rows = [{"id": key, "stockLevels": _levels(on_hand)} for key, on_hand in by_variant.items()]
        for batch in _batches(rows):
            self._admin.ask(SET_STOCK, input=batch)

    def stop_tracking(self, ids: Sequence[str]) -> None:
        """Their stock counts no more: they can always be bought."""
        rows = [{"id": key, "trackInventory": "FALSE"} for key in ids]
        self._admin.ask(SET_STOCK, input=rows)

    def delete_variants(self, ids: Sequence[str]) -> None:
        for batch in _batches(ids):
            self._admin.ask(DELETE_VARIANTS, ids=batch)

    def levels(self) -> list[Level]:
        """Every level of every variant, in the order of the variants' ids."""
        return [level for item in self._variants() for level in _read_levels(item)]

    def variant_ids(self) -> dict[str, str]:
        """Ids by SKU; of variants that share one, the newest."""
        return {item["sku"]: item["id"] for item in self._variants()}

    def _variants(self) -> Iterator[dict[str, Any]]:
        skip = 0
        while items := self._admin.ask(LEVELS, skip=skip, take=PAGE)["productVariants"]["items"]:
            yield from items
            skip += PAGE

    def place_order(self, lines: Sequence[OrderLine]) -> str:
        """Buy through the shop, payment authorised but not settled; the order's code.

        The units become allocated and stay on hand, as nothing is shipped. The shop allocates
        from the first location that has any left. Keep a line within one location: Vendure 3.7
        allocates too much when it splits a line over two.
        """
        with Session(self._shop_url) as shop:
            return checkout(shop, lines)

    def placed_orders(self) -> int:
        return int(self._admin.ask(ORDERS)["orders"]["totalItems"])

    def close(self) -> None:
        self._admin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _batches(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + PAGE] for start in range(0, len(rows), PAGE))


def _levels(on_hand: dict[str, int]) -> list[dict[str, Any]]:
    return [{"stockLocationId": key, "stockOnHand": units} for key, units in on_hand.items()]


def _read_levels(item: dict[str, Any]) -> list[Level]:
    return [
        Level(
            variant_id=item["id"],
            sku=item["sku"],
            location_id=level["stockLocationId"],
            on_hand=level["stockOnHand"],
            allocated=level["stockAllocated"],
        )
        for level in item["stockLevels"]
    ]


def _products_query(variants: Sequence[NewVariant]) -> tuple[str, dict[str, Any]]:
    """One request that makes a product for each variant, answering under p0, p1, …"""
    names = [f"p{index}" for index in range(len(variants))]
    types = ", ".join(f"${name}: CreateProductInput!" for name in names)
    calls = " ".join(f"{name}: createProduct(input: ${name}) {{ id }}" for name in names)
    inputs = {
        name: {"translations": _named(variant.title, slug=variant.sku, description="")}
        for name, variant in zip(names, variants, strict=True)
    }
    return f"mutation ({types}) {{ {calls} }}", inputs


def _variant_input(variant: NewVariant, product_id: str) -> dict[str, Any]:
    return {
        "productId": product_id,
        "sku": variant.sku,
        "price": variant.price,
        "translations": _named(variant.title),
        "stockLevels": _levels(variant.on_hand),
    }


def _named(name: str, **more: str) -> list[dict[str, str]]:
    return [{"languageCode": "en", "name": name, **more}]

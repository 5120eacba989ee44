"""What units of a SKU cost, by the listings of the accounts that its location feeds."""

from collections.abc import Iterator

from trueup.books.schema import LISTINGS, Unset
from trueup.domain.accounts import Link
from trueup.domain.keys import sku_of
from trueup.domain.routing import Money
from trueup.ports import PageStore, Registry
from trueup.usecases.books import listings_book, open_book, pin
from trueup.usecases.whole import all_of


def feeding(registry: Registry, location: str) -> list[Link]:
    """The links of all accounts that draw on one of the seller's locations."""
    links = (stored.value for stored in all_of(registry, Link))
    return [link for link in links if any(m.location == location for m in link.members)]


def listed(
    pages: PageStore, registry: Registry, account: str, sku: str
) -> dict[str, dict[str, object]]:
    """A SKU's listings on an account, by key, without kits of which it is a component."""
    pinned = pin(registry, listings_book(account))
    if pinned is None:
        return {}
    found = open_book(pages, pinned, LISTINGS).scan(sku, sku + "\x01")
    return {row["key"]: row for page in found for row in page.rows() if sku_of(row["key"]) == sku}


def cost_of(
    registry: Registry, pages: PageStore, location: str, sku: str, units: int, currency: str
) -> Money | None:
    """Minor units that base units of a SKU cost in a currency, the dearest listing deciding.

    None: no listing has a cost in that currency.
    """
    accounts = dict.fromkeys(link.account for link in feeding(registry, location))
    costs = [
        -(-units * cost // pack)
        for account in accounts
        for cost, pack in _costs(pages, registry, account, sku, currency)
    ]
    return Money(currency=currency, amount=max(costs)) if costs else None


def _costs(
    pages: PageStore, registry: Registry, account: str, sku: str, currency: str
) -> Iterator[tuple[int, int]]:
    """Cost and base units of a pack, of each listing that has one."""
    for row in listed(pages, registry, account, sku).values():
        if row["currency"] == currency and not int(str(row["unset"])) & Unset.COST:
            yield int(str(row["cost"])), int(str(row["pack_size"]))

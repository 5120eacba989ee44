"""What many SKUs cost, by the listings of the accounts that their location feeds."""

from collections.abc import Iterator, Sequence
from typing import Any

from trueup.books.reader import BookReader
from trueup.books.schema import LISTINGS, Unset
from trueup.domain.keys import BEHIND, sku_of
from trueup.ports import PageStore, Registry
from trueup.usecases.books import listings_book, open_book, pin
from trueup.usecases.exceptions.costs import feeding

_FEW = 20
"""So many SKUs are looked up one by one; of more, the range from the first to the last is read."""

Costs = dict[str, list[tuple[str, int, int]]]
"""Currency, cost in minor units and base units of a pack, of each listing of a SKU."""


class CostBook:
    """The listings that a location's costs are in, opened once."""

    def __init__(self, registry: Registry, pages: PageStore, location: str) -> None:
        accounts = dict.fromkeys(link.account for link in feeding(registry, location))
        pins = (pin(registry, listings_book(account)) for account in accounts)
        self._readers = [open_book(pages, found, LISTINGS) for found in pins if found]

    def of(self, skus: Sequence[str]) -> Costs:
        """Of some sorted SKUs."""
        found: Costs = {sku: [] for sku in skus}
        for reader in self._readers:
            for row in _rows(reader, skus):
                sku = sku_of(row["key"])
                if sku in found and row["currency"] and not row["unset"] & Unset.COST:
                    found[sku].append((row["currency"], row["cost"], row["pack_size"]))
        return found


def _rows(reader: BookReader, skus: Sequence[str]) -> Iterator[dict[str, Any]]:
    if not skus:
        return
    ranges = [(s, s) for s in skus] if len(skus) <= _FEW else [(skus[0], skus[-1])]
    for first, last in ranges:
        for page in reader.scan(first, last + BEHIND):
            yield from page.rows()


def worth(costs: Sequence[tuple[str, int, int]], units: int) -> dict[str, int]:
    """Minor units by currency; in each, the dearest listing decides. Empty: not known."""
    value: dict[str, int] = {}
    for currency, cost, pack in costs:
        value[currency] = max(value.get(currency, 0), -(-units * cost // max(pack, 1)))
    return dict(sorted(value.items()))

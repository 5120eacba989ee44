"""Reads and changes the items of one shop as they are now."""

from collections.abc import Sequence

import msgspec

from sandbox_records import Quantities
from sandbox_shop import Item, Shop, Stretch
from sandbox_store import ChangedError, Store
from trueup.channel.contract import AccountRef

ATTEMPTS = 50


class ShortError(Exception):
    """Less is available than was to be sold."""


class Stock:
    """One shop's items, read once each for as long as this object lasts, quantities always anew."""

    def __init__(self, store: Store, account: AccountRef, shop: Shop) -> None:
        self._store = store
        self._account = account
        self.shop = shop
        self._page: tuple[tuple[str, int], list[Item]] | None = None

    def read(self, stretch: Stretch) -> list[Item]:
        """The items of a stretch as they are now."""
        items = self._items(stretch.location, stretch.page)[stretch.start : stretch.end]
        return self._as_now(stretch.location, items)

    def find(self, location: str, key: str) -> Item | None:
        """An item as it was filled in, whatever has changed since."""
        place = self.shop.location(location)
        if place is None or not place.pages:
            return None
        items = self._items(location, place.page_of(key))
        return next((item for item in items if item.key == key), None)

    def now(self, location: str, item: Item) -> Quantities:
        return self._changed(location, item) or _filled(item)

    def sell(self, location: str, item: Item, units: int, *, ship: bool = True) -> Quantities:
        """Take units from what is available, and reserve them unless shipped at once.

        Atomic; ShortError if less is available.
        """
        for _ in range(ATTEMPTS):
            old = self._changed(location, item)
            held = old or _filled(item)
            if held.available is None or held.available < units:
                raise ShortError
            new = Quantities(held.available - units, held.allocated + (0 if ship else units))
            if self._replaced(location, item, new, old):
                return new
        raise ChangedError

    def put(self, location: str, item: Item, new: Quantities) -> None:
        """Set the quantities whatever they are."""
        for _ in range(ATTEMPTS):
            if self._replaced(location, item, new, self._changed(location, item)):
                return
        raise ChangedError

    def _replaced(self, location: str, item: Item, new: Quantities, old: Quantities | None) -> bool:
        try:
            self._store.set_quantities(self._account, self.shop, location, item.key, new, old)
        except ChangedError:
            return False
        return True

    def _changed(self, location: str, item: Item) -> Quantities | None:
        return self._store.change_of(self._account, self.shop, location, item.key)

    def _items(self, location: str, page: int) -> list[Item]:
        if self._page is None or self._page[0] != (location, page):
            items = self._store.page(self._account, self.shop, location, page)
            self._page = ((location, page), items)
        return self._page[1]

    def _as_now(self, location: str, items: Sequence[Item]) -> list[Item]:
        if not items:
            return []
        first, last = items[0].key, items[-1].key
        changes = self._store.changes(self._account, self.shop, location, first, last)
        return [_with(item, changes.get(item.key)) for item in items]


def _filled(item: Item) -> Quantities:
    return Quantities(item.available, item.allocated)


def _with(item: Item, changed: Quantities | None) -> Item:
    if changed is None:
        return item
    available, allocated = changed.available, changed.allocated
    return msgspec.structs.replace(item, available=available, allocated=allocated)

"""Carries out what the owner of a sandbox shop orders: `sandbox.…` operations."""

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from sandbox_orders import (
    Append,
    Done,
    Edit,
    Filling,
    Generate,
    Look,
    Order,
    Seed,
    Sell,
    TellFaults,
)
from sandbox_records import Quantities
from sandbox_shop import PAGE_ITEMS, Extent, Faults, Item, Location, Shop
from sandbox_stock import ShortError, Stock
from sandbox_store import Store
from trueup.channel.contract import AccountRef


class RefusedError(Exception):
    """The order cannot be carried out; nothing was changed."""


def is_administrative(event: dict[str, Any]) -> bool:
    return str(event.get("operation", "")).startswith("sandbox.")


def administer(admin: "Admin", event: dict[str, Any]) -> dict[str, Any]:
    """The answer to an order as JSON values; msgspec.ValidationError on one that is malformed."""
    order = msgspec.convert(event, Order)
    try:
        done = admin.carry_out(order)
    except RefusedError as error:
        done = Done(outcome="refused", reason=str(error))
    encoded: dict[str, Any] = msgspec.to_builtins(done)
    return encoded


class Admin:
    def __init__(self, store: Store) -> None:
        self._store = store

    def carry_out(self, order: Order) -> Done:
        """NoShopError unless the shop was filled, which `Seed` does."""
        match order:
            case Seed():
                return self._seed(order)
            case Append():
                return self._append(order)
            case Edit():
                return self._edit(order)
            case Sell():
                return self._sell(order)
            case TellFaults():
                return self._tell(order)
            case Look():
                return self._look(order)

    def _seed(self, order: Seed) -> Done:
        account, old = order.account, self._store.find_shop(order.account)
        number = 1 + int(old.generation) if old else 1
        shop = Shop(f"{number:06d}", reports=order.reports, version=old.version if old else 0)
        fillings = [_filled(filling, order.generate) for filling in order.locations]
        places = [
            Location(
                filling.id,
                filling.name or filling.id,
                filling.code,
                self._write_pages(account, shop, filling.id, 0, _sorted(filling.items)),
            )
            for filling in fillings
        ]
        shop = msgspec.structs.replace(shop, locations=places)
        self._store.save_shop(account, shop)
        self._forget(account, old)
        return _counted(shop)

    def _forget(self, account: AccountRef, old: Shop | None) -> None:
        records = [f"page#{old.generation}#", f"item#{old.generation}#"] if old else []
        for prefix in (*records, "done#", "count#"):
            self._store.forget(account, prefix)

    def _write_pages(
        self, account: AccountRef, shop: Shop, location: str, number: int, items: Sequence[Item]
    ) -> list[Extent]:
        """The extents of these items, written as pages from `number` on."""
        extents: list[Extent] = []
        for start in range(0, len(items), PAGE_ITEMS):
            page = items[start : start + PAGE_ITEMS]
            self._store.put_page(account, shop, location, number + len(extents), page)
            extents.append(Extent(page[0].key, len(page)))
        return extents

    def _append(self, order: Append) -> Done:
        shop, place = self._place(order.account, order.location)
        items = _sorted(order.items)
        count = len(place.pages)
        if items and count:
            last = self._store.page(order.account, shop, place.id, count - 1)
            if last and items[0].key <= last[-1].key:
                raise RefusedError(f"{items[0].key!r} does not come after {last[-1].key!r}.")
        more = self._write_pages(order.account, shop, place.id, count, items)
        return self._save(order.account, shop, place, [*place.pages, *more])

    def _save(
        self, account: AccountRef, shop: Shop, place: Location, pages: Sequence[Extent]
    ) -> Done:
        changed = msgspec.structs.replace(place, pages=list(pages))
        places = [changed if other.id == place.id else other for other in shop.locations]
        shop = msgspec.structs.replace(shop, locations=places)
        self._store.save_shop(account, shop)
        return _counted(shop)

    def _edit(self, order: Edit) -> Done:
        shop, place = self._place(order.account, order.location)
        stock = Stock(self._store, order.account, shop)
        found = {key: self._item(stock, place, key) for key in order.available}
        for key, available in order.available.items():
            allocated = stock.now(place.id, found[key]).allocated
            stock.put(place.id, found[key], Quantities(available, allocated))
        if not order.put and not order.remove:
            return _counted(shop)
        return self._rewrite(order, shop, place)

    def _rewrite(self, order: Edit, shop: Shop, place: Location) -> Done:
        """Put and remove items in the pages where they are."""
        put = {item.key: item for item in order.put}
        pages = list(place.pages) or [Extent("", 0)]
        keys = {*put, *order.remove}
        for number in sorted({place.page_of(key) for key in keys}):
            mine = {key for key in keys if place.page_of(key) == number}
            kept = [
                item
                for item in self._store.page(order.account, shop, place.id, number)
                if item.key not in mine
            ]
            added = [item for key, item in put.items() if key in mine]
            items = _sorted([*kept, *added])
            self._store.put_page(order.account, shop, place.id, number, items)
            pages[number] = Extent(items[0].key if items else pages[number].first_key, len(items))
            for key in mine:
                self._store.forget_item(order.account, shop, place.id, key)
        return self._save(order.account, shop, place, pages)

    def _sell(self, order: Sell) -> Done:
        shop, place = self._place(order.account, order.location)
        stock = Stock(self._store, order.account, shop)
        item = self._item(stock, place, order.key)
        try:
            left = stock.sell(place.id, item, order.units, ship=order.ship)
        except ShortError as error:
            raise RefusedError("Less is available.") from error
        return Done(items=[_with(item, left)])

    def _tell(self, order: TellFaults) -> Done:
        shop = self._store.shop(order.account)
        self._store.forget(order.account, "count#")
        shop = msgspec.structs.replace(shop, faults=order.faults or Faults())
        self._store.save_shop(order.account, shop)
        return Done()

    def _look(self, order: Look) -> Done:
        shop, place = self._place(order.account, order.location)
        stock = Stock(self._store, order.account, shop)
        items = [self._item(stock, place, key) for key in order.keys]
        return Done(items=[_with(item, stock.now(place.id, item)) for item in items])

    def _place(self, account: AccountRef, location: str) -> tuple[Shop, Location]:
        shop = self._store.shop(account)
        place = shop.location(location)
        if place is None:
            raise RefusedError(f"The shop has no location {location!r}.")
        return shop, place

    def _item(self, stock: Stock, place: Location, key: str) -> Item:
        item = stock.find(place.id, key)
        if item is None:
            raise RefusedError(f"{place.id!r} has no item {key!r}.")
        return item


def _counted(shop: Shop) -> Done:
    return Done(locations={place.id: place.items for place in shop.locations})


def _with(item: Item, now: Quantities) -> Item:
    return msgspec.structs.replace(item, available=now.available, allocated=now.allocated)


def _sorted(items: Iterable[Item]) -> list[Item]:
    found = sorted(items, key=lambda item: item.key)
    for one, next_ in pairwise(found):
        if one.key == next_.key:
            raise RefusedError(f"{one.key!r} is named twice.")
    return found


def _filled(filling: Filling, generate: Generate | None) -> Filling:
    if generate is None:
        return filling
    dice = random.Random(f"{generate.seed} {filling.id}")  # noqa: S311 - made-up stock
    made = [
        Item(
            f"{generate.prefix}{number:07d}",
            dice.randint(0, generate.largest),
            title=f"Article {number}",
        )
        for number in range(generate.items)
    ]
    return msgspec.structs.replace(filling, items=[*filling.items, *made])

"""Fetch: channel pages of the shop's items, with the faults it was told."""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from sandbox_shop import Faults, Item, Location, Shop, stretches
from sandbox_stock import ShortError, Stock
from sandbox_store import Store
from trueup.channel.contract import FetchRequest, FetchResponse, Observation, PlaceFailure
from trueup.channel.cursors import from_cursor, to_cursor
from trueup.channel.pacing import Allowance

Outcome = Literal["more", "done", "throttled", "failed"]
Placed = tuple[str, Item]


class Standing(msgspec.Struct, frozen=True):
    """Where a fetch stands: item `offset` of the `turn`-th page read, and `end` in positions."""

    generation: str
    schema: Literal[1] = 1
    turn: int = 0
    offset: int = 0
    end: int = 0


class Catalogue(Protocol):
    """What is to be read, by position."""

    total: int

    def read(self, start: int, end: int) -> list[Placed]: ...


class WholeCatalogue:
    def __init__(self, stock: Stock, places: Sequence[Location]) -> None:
        self._stock = stock
        self._places = places
        self.total = sum(place.items for place in places)

    def read(self, start: int, end: int) -> list[Placed]:
        return [
            (stretch.location, item)
            for stretch in stretches(self._places, start, end)
            for item in self._stock.read(stretch)
        ]


class ChosenCatalogue:
    """Only some keys: a position for each key at each location, with an item or without."""

    def __init__(self, stock: Stock, places: Sequence[Location], keys: Iterable[str]) -> None:
        self._stock = stock
        self._pairs = [(place.id, key) for place in places for key in sorted(set(keys))]
        self.total = len(self._pairs)

    def read(self, start: int, end: int) -> list[Placed]:
        found = ((place, self._stock.find(place, key)) for place, key in self._pairs[start:end])
        return [(place, self._now(place, item)) for place, item in found if item]

    def _now(self, place: str, item: Item) -> Item:
        now = self._stock.now(place, item)
        return msgspec.structs.replace(item, available=now.available, allocated=now.allocated)


@dataclass
class Reading:
    """The rows of one answer. `pause` waits for so many seconds."""

    request: FetchRequest
    store: Store
    shop: Shop
    allowance: Allowance
    now: Callable[[], datetime]
    pause: Callable[[float], None] = time.sleep
    rows: list[Observation] = field(default_factory=list)
    reason: str = ""

    def answer(self) -> FetchResponse:
        captured_at = self.now().isoformat()
        cursor = self.request.cursor
        self._stock = Stock(self.store, self.request.account, self.shop)
        self._at = from_cursor(cursor, Standing) if cursor else Standing(self.shop.generation)
        first = self._at.end
        self._catalogue = self._catalogue_of(self._places())
        outcome = self._read()
        throttled = outcome == "throttled"
        return FetchResponse(
            outcome=outcome,
            captured_at=captured_at,
            rows=self.rows,
            cursor=to_cursor(self._at) if outcome in ("more", "throttled") else None,
            first=first,
            span=self._at.end - first,
            total=self._catalogue.total,
            calls=self.allowance.calls,
            retry_after_seconds=self.shop.faults.retry_after_seconds if throttled else 0,
            reason=self.reason,
            failed_locations=[] if cursor else self._failed(),
        )

    def _places(self) -> list[Location]:
        wanted, failing = self.request.locations, self.shop.faults.failing_locations
        return [
            place
            for place in self.shop.locations
            if (wanted is None or place.id in wanted) and place.id not in failing
        ]

    def _failed(self) -> list[PlaceFailure]:
        known = {place.id: place for place in self.shop.locations}
        wanted = known if self.request.locations is None else self.request.locations
        failing = self.shop.faults.failing_locations
        unknown = {id_: "The shop has no such location." for id_ in wanted if id_ not in known}
        told = {id_: reason for id_, reason in failing.items() if id_ in wanted}
        reasons = {**told, **unknown}
        return [PlaceFailure(location=id_, reason=reason) for id_, reason in reasons.items()]

    def _catalogue_of(self, places: Sequence[Location]) -> Catalogue:
        if self.request.keys is None:
            return WholeCatalogue(self._stock, places)
        return ChosenCatalogue(self._stock, places, self.request.keys)

    def _read(self) -> Outcome:
        if self._at.generation != self.shop.generation:
            self.reason = "The shop was filled anew while it was read."
            return "failed"
        faults = self.shop.faults
        order = _order(self._catalogue.total, faults)
        while self._at.turn < len(order):
            if self.allowance.calls and self.allowance.is_spent:
                return "more"
            self.allowance.spend_call()
            trouble = self._trouble(order[self._at.turn])
            if trouble:
                return trouble
            if not self._take(order[self._at.turn]):
                return "more"
        return "done"

    def _trouble(self, page: int) -> Outcome | None:
        faults, account = self.shop.faults, self.request.account
        if faults.throttle_every and not self.store.count(account, "calls") % faults.throttle_every:
            self.reason = "The shop allows no more calls now."
            return "throttled"
        self.pause(faults.slow_ms / 1000)
        if page == faults.fail_at_page and self._fails():
            self.reason = "The shop broke down."
            return "failed"
        return None

    def _fails(self) -> bool:
        times = self.shop.faults.fail_times
        return times == 0 or self.store.count(self.request.account, "failures") <= times

    def _take(self, page: int) -> bool:
        """Keep what the answer has room for of a page; whether that was the rest of it."""
        size = self.shop.faults.page_rows
        start, stop = page * size + self._at.offset, min((page + 1) * size, self._catalogue.total)
        end = min(stop, start + max(1, self.allowance.rows_left))
        placed = self._catalogue.read(start, end)
        rows = [self._observation(*pair) for pair in placed]
        if self.rows and not self.allowance.fits(rows):
            return False
        times = self._times(page)
        for _ in range(times):
            self.rows += rows
            self.allowance.spend_rows(rows)
        self._sell(page, placed)
        whole = end == stop
        self._at = msgspec.structs.replace(
            self._at,
            turn=self._at.turn + whole,
            offset=0 if whole else self._at.offset + end - start,
            end=self._at.end + times * (end - start),
        )
        return whole

    def _times(self, page: int) -> int:
        """How often a page arrives."""
        faults = self.shop.faults
        return 0 if page == faults.drop_page else 2 if page == faults.repeat_page else 1

    def _observation(self, location: str, item: Item) -> Observation:
        whole = item.available is not None and self.shop.reports == "on_hand"
        return Observation(
            key=item.key,
            location=location,
            quantity=(item.available or 0) + item.allocated if whole else item.available,
            allocated=item.allocated if whole else 0,
            product_id=item.product_id,
            gtin=item.gtin,
            title=item.title,
            read_only=item.read_only,
        )

    def _sell(self, page: int, placed: Sequence[Placed]) -> None:
        faults = self.shop.faults
        if not faults.sell_per_page or not placed:
            return
        dice = random.Random(f"{faults.seed} {page} {self._at.offset}")  # noqa: S311 - a sale
        for _ in range(faults.sell_per_page):
            location, item = dice.choice(placed)
            try:
                self._stock.sell(location, item, 1)
            except ShortError:
                continue


def _order(total: int, faults: Faults) -> list[int]:
    """The channel pages in the order in which they come."""
    pages = list(range(-(-total // faults.page_rows)))
    if faults.shuffle_pages:
        random.Random(faults.seed).shuffle(pages)  # noqa: S311 - an order
    return pages

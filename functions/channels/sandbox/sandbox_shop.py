"""What the sandbox keeps: a shop, its locations, pages of items, and the faults it was told.

Items lie in pages: compressed, sorted, some 2,000 to a page, written once. An item that was sold,
edited or pushed since has a record of its own, which holds instead; it changes by conditional
writes. So filling and reading 100,000 items takes some 50 records, and selling one is atomic.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from trueup.channel.contract import Count

PAGE_ITEMS = 2000


class Item(msgspec.Struct, frozen=True, array_like=True):
    """An item at a location. `available` None: shown without a quantity; on hand is the sum."""

    key: str
    available: int | None
    allocated: int = 0
    product_id: str = ""
    gtin: str = ""
    title: str = ""
    read_only: str = ""


class Extent(msgspec.Struct, frozen=True, array_like=True):
    """A page of a location: its first key and how many items it has."""

    first_key: str
    items: int


class Location(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    code: str = ""
    pages: list[Extent] = []

    @property
    def items(self) -> int:
        return sum(extent.items for extent in self.pages)

    def page_of(self, key: str) -> int:
        """The index of the page in which an item of this key is, if it is anywhere."""
        return max(0, bisect_right([extent.first_key for extent in self.pages], key) - 1)


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong. Channel pages count from 0 over the whole fetch, `page_rows` items each.

    slow_ms: each channel page takes so long. throttle_every: each n-th channel call of a fetch is
    refused, with `retry_after_seconds`. fail_at_page: the fetch fails there, the first `fail_times`
    times (0: always). drop_page: it is missing; repeat_page: it comes twice; shuffle_pages: the
    order of all pages is another, drawn from `seed`. sell_per_page: so many units of items drawn
    from `seed` are sold after each page read. failing_locations: reasons by location. lose_answers:
    so many pushed rows are written and answered as unknown.
    """

    page_rows: int = 1000
    slow_ms: Count = 0
    throttle_every: Count = 0
    retry_after_seconds: Count = 1
    fail_at_page: int | None = None
    fail_times: Count = 0
    drop_page: int | None = None
    repeat_page: int | None = None
    shuffle_pages: bool = False
    sell_per_page: Count = 0
    failing_locations: dict[str, str] = {}
    lose_answers: Count = 0
    seed: int = 1


class Shop(msgspec.Struct, frozen=True):
    """`generation` changes when the shop is filled anew; `version` with every change of it."""

    generation: str
    locations: list[Location] = []
    reports: Literal["available", "on_hand"] = "available"
    faults: Faults = Faults()
    version: int = 0

    def location(self, id_: str) -> Location | None:
        return next((place for place in self.locations if place.id == id_), None)


class Stretch(msgspec.Struct, frozen=True):
    """A part of one page: items `start` to `end` of page `page` of a location."""

    location: str
    page: int
    start: int
    end: int


def stretches(places: Sequence[Location], start: int, end: int) -> Iterator[Stretch]:
    """The parts of pages that hold positions `start` to `end` of these locations in turn."""
    at = 0
    for place in places:
        for number, extent in enumerate(place.pages):
            low, high = max(start - at, 0), min(end - at, extent.items)
            if low < high:
                yield Stretch(place.id, number, low, high)
            at += extent.items

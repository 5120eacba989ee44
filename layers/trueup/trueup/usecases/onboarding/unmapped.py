"""SKUs with stock at the locations that feed an account, which no listing of it names."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from operator import attrgetter

from trueup.books.pages import Page
from trueup.books.reader import BookReader
from trueup.books.schema import BASELINE, LISTINGS, BookSchema, Unknown
from trueup.domain.accounts import Link
from trueup.domain.keys import sku_of
from trueup.domain.stock import Position
from trueup.usecases.books import baseline_book, listings_book, open_book, pin
from trueup.usecases.onboarding.unlisted import Onboarding
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of


@dataclass(frozen=True, slots=True)
class Stocked:
    """A SKU at one of the seller's locations, base units; None: unknown."""

    sku: str
    location: str
    sellable: int | None


@dataclass(frozen=True, slots=True)
class Unmapped:
    sku: str
    places: tuple[Stocked, ...]


def unmapped_skus(ports: Onboarding, account: str, start: str = "") -> Iterator[Unmapped]:
    """SKUs from one on, in order; a page of each location in memory at a time."""
    require_account(ports.registry, account)
    listings = _reader(ports, listings_book(account), LISTINGS)
    streams = [_at(ports, place, listings, start) for place in _feeding(ports, account)]
    stocked = merge(*streams, key=attrgetter("sku", "location"))
    for sku, group in groupby(stocked, attrgetter("sku")):
        yield Unmapped(sku, tuple(group))


def _feeding(ports: Onboarding, account: str) -> list[str]:
    links = (stored.value for stored in all_of(ports.registry, Link, account))
    return sorted({member.location for link in links for member in link.members})


def _reader(ports: Onboarding, book: str, schema: BookSchema) -> BookReader | None:
    pinned = pin(ports.registry, book)
    return None if pinned is None else open_book(ports.pages, pinned, schema)


def _at(
    ports: Onboarding, location: str, listings: BookReader | None, start: str
) -> Iterator[Stocked]:
    baseline = _reader(ports, baseline_book(location), BASELINE)
    if baseline is None:
        return
    for page in baseline.scan(start or None):
        listed = listed_skus(listings, page.keys[0], page.keys[-1])
        for i, sku in enumerate(page.keys):
            if sku not in listed:
                yield Stocked(sku, location, _sellable(page, i))


def listed_skus(listings: BookReader | None, first: str, last: str) -> set[str]:
    """The SKUs from first to last that are listed, whatever their channel codes."""
    if listings is None:
        return set()
    pages = listings.scan(first, last + "\x01")
    return {sku_of(key) for page in pages for key in page.keys}


def _sellable(page: Page, i: int) -> int | None:
    row, unknown = page.row(i), page.ints["unknown"][i]
    return Position(
        on_hand=None if unknown & Unknown.ON_HAND else row["on_hand"],
        committed=row["committed"],
        damaged=row["damaged"],
        on_hold=row["on_hold"],
        stated=None if unknown & Unknown.STATED else row["stated"],
    ).sellable

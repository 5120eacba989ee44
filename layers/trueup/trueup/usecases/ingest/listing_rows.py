"""Listings as rows of their book, and back."""

from array import array
from collections.abc import Iterable, Mapping
from typing import Any

from trueup.books.pages import Page
from trueup.books.schema import LISTINGS, Unset
from trueup.domain.keys import channel_key_of, sku_of
from trueup.domain.listings import Listing
from trueup.usecases.ingest import kits

_UNSET = {"buffer": Unset.BUFFER, "cap": Unset.CAP, "cost": Unset.COST, "price": Unset.PRICE}


def listing_of(row: Mapping[str, Any]) -> Listing:
    """The listing in a row of the book."""
    values: dict[str, Any] = {
        n: None if row["unset"] & bit else row[n] for n, bit in _UNSET.items()
    }
    same = ("pack_size", "backorder", "channel_product_id", "title", "gtin", "currency")
    values |= {name: row[name] for name in same}
    return Listing(
        sku=sku_of(row["key"]),
        channel_key=channel_key_of(row["key"]),
        components=tuple(kits.components(row["components"])),
        **values,
    )


def page_of(listings: Iterable[Listing]) -> Page:
    """Rows of the book, sorted."""
    rows = [_row(listing) for listing in sorted(listings, key=lambda listing: listing.key)]
    return Page(
        [row["key"] for row in rows],
        {name: array("q", [row[name] for row in rows]) for name in LISTINGS.ints},
        {name: [row[name] for row in rows] for name in LISTINGS.texts},
    )


def codes_page(listings: Iterable[Listing]) -> Page:
    """By channel code: the listing that has it, and its index; as `sorting.CODES`."""
    rows = sorted((listing.channel_key, i, listing.key) for i, listing in enumerate(listings))
    codes, lines, keys = (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 3
    return Page(codes, {"line": array("q", lines)}, {"listing_key": keys})


def _row(listing: Listing) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(listing, name) or 0 for name in LISTINGS.ints[:-1]}
    row |= {name: getattr(listing, name) for name in LISTINGS.texts}
    row["key"] = listing.key
    row["components"] = kits.stored((part.sku, part.quantity) for part in listing.components)
    row["unset"] = sum(bit for n, bit in _UNSET.items() if getattr(listing, n) is None)
    return row

"""Whether the seller has a SKU at all: a mistyped one must not become stock."""

from trueup.books.schema import BASELINE, BookSchema
from trueup.domain.accounts import Account, Location
from trueup.domain.runs import BookPin
from trueup.ledger.books import POSITIONS
from trueup.ports import Ledger, PageStore, Registry
from trueup.usecases.books import baseline_book, open_book, pin
from trueup.usecases.exceptions.costs import listed
from trueup.usecases.ledger.gathering import gather_sku, pin_ledger
from trueup.usecases.whole import all_of

UNKNOWN_SKU = "is in no listing, no baseline and no movement of this location"


def is_known(registry: Registry, pages: PageStore, ledger: Ledger, location: str, sku: str) -> bool:
    """Listed on an account, in some location's baseline, or moved at `location`."""
    accounts = (stored.value.id for stored in all_of(registry, Account))
    if any(listed(pages, registry, account, sku) for account in accounts):
        return True
    places = (stored.value.code for stored in all_of(registry, Location))
    if any(_holds(pages, pin(registry, baseline_book(place)), BASELINE, sku) for place in places):
        return True
    pinned = pin_ledger(registry, ledger, location)
    moved = _holds(pages, pinned.positions, POSITIONS, sku)
    return moved or bool(gather_sku(ledger, pinned, sku))


def _holds(pages: PageStore, pinned: BookPin | None, schema: BookSchema, sku: str) -> bool:
    return pinned is not None and sku in open_book(pages, pinned, schema).get([sku])

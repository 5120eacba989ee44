"""What moved at a location since its base, as pages of the MOVEMENTS schema.

Of most SKUs the base is what the pinned books say, which a comparison reads beside this: of these
only the movements are told. Of the others the base is told as well.
"""

from collections.abc import Iterator

from trueup.books.pages import Page
from trueup.compare.telling import page_of_columns
from trueup.domain.keys import sku_of
from trueup.domain.ledger import LedgerPin
from trueup.ledger.blocks import MOVEMENTS, Columns
from trueup.ledger.books import NETS
from trueup.ledger.paging import page_of
from trueup.ports import Ledger, PageStore
from trueup.usecases.books import open_book
from trueup.usecases.ledger.gathering import BY_SKU, picked
from trueup.usecases.reconcile.backlog import portions
from trueup.usecases.reconcile.standing import standings_of


def moved_pages(
    pages: PageStore, ledger: Ledger, pin: LedgerPin, most: int, *, stored: bool = True
) -> Iterator[Page]:
    """Pages of about `most` rows, none with a SKU of another; they are in no order.

    `stored`: comparisons start from the books of this pin.
    """
    for columns in portions(ledger, pin, most):
        told = _with_base(pages, pin, columns) if stored else set(columns["sku"])
        if told:
            yield _page_with_bases(pages, pin, _some(columns, told))
        plain = _some(columns, set(columns["sku"]) - told) if told else columns
        if plain["sku"]:
            yield page_of_columns(plain)


def _page_with_bases(pages: PageStore, pin: LedgerPin, columns: Columns) -> Page:
    movements = sorted(MOVEMENTS.entries_of(columns), key=BY_SKU)
    return page_of(standings_of(pages, pin, movements))


def _some(columns: Columns, skus: set[str]) -> Columns:
    return picked(columns, [sku in skus for sku in columns["sku"]])


def _with_base(pages: PageStore, pin: LedgerPin, columns: Columns) -> set[str]:
    """The SKUs whose base is not simply what the books say."""
    if pin.positions is None:
        return _reaching_back(pin, columns)
    if max(pin.baseline_at, pin.stated_to) > pin.until:
        return set(columns["sku"])
    return _netted(pages, pin, set(columns["sku"]))


def _reaching_back(pin: LedgerPin, columns: Columns) -> set[str]:
    """Movements up to a baseline still matter: later ones are netted with them."""
    last = pin.stated_to
    moments = zip(columns["sku"], columns["occurred_at"], strict=True)
    return {sku for sku, at in moments if at <= last}


def _netted(pages: PageStore, pin: LedgerPin, skus: set[str]) -> set[str]:
    """Those that have open references at the checkpoint."""
    if pin.nets is None:
        return set()
    scanned = open_book(pages, pin.nets, NETS).scan()
    return {sku for page in scanned for sku in map(sku_of, page.keys) if sku in skus}

"""Rows that were just compared again, as people see them."""

from collections.abc import Mapping

from trueup.books.schema import LISTINGS
from trueup.domain.overlays import Overlay
from trueup.ports import PageStore, Registry
from trueup.usecases.books import listings_book, open_book, pin
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.sources import visible_sources
from trueup.usecases.rows.view import RowView, row_view


def rows_of(
    registry: Registry,
    pages: PageStore,
    account: str,
    location: str,
    overlays: Mapping[str, Overlay],
) -> list[RowView]:
    """The views of some overlays of one location, by key."""
    sources = visible_sources(registry, Filters(account=account, locations=(location,)))
    pinned = pin(registry, listings_book(account))
    reader = None if pinned is None else open_book(pages, pinned, LISTINGS)
    texts = reader.get(sorted(overlays)) if reader else {}
    return [
        row_view(sources[0], overlay.row, texts.get(key), overlay)
        for key, overlay in sorted(overlays.items())
    ]

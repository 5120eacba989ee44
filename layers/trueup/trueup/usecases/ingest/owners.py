"""A channel's code belongs to one listing of an account: who has it already."""

from collections.abc import Iterable, Iterator

from trueup.books.pages import Page
from trueup.domain.keys import sku_of
from trueup.usecases.ingest.editions import Shelf


def taken(listings: Shelf, aliases: Shelf, codes: Iterable[Page]) -> Iterator[tuple[int, str, str]]:
    """(row, code, SKU) of each code that a listing of another SKU has. `codes` as sorting.CODES."""
    if listings.head is None:
        return
    plain, others = listings.reader(), aliases.reader()
    for page in codes:
        named, itself = others.get(page.keys), plain.get(page.keys)
        rows = zip(page.keys, page.ints["line"], page.texts["listing_key"], strict=True)
        for code, row, key in rows:
            owner = named[code]["listing_key"] if code in named else code
            if owner != key and (code in named or code in itself):
                yield row, code, sku_of(owner)

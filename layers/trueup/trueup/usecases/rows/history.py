"""What earlier runs found of one SKU at one location."""

from collections.abc import Iterator

from trueup.books.manifest import load_manifest
from trueup.books.reader import BookReader
from trueup.books.schema import LISTINGS, ROWS
from trueup.domain.accounts import Account
from trueup.domain.errors import NotFoundError
from trueup.domain.keys import is_unlisted
from trueup.domain.runs import Run, Version
from trueup.ports import PageStore, Registry
from trueup.usecases.books import rows_book
from trueup.usecases.rows.sources import Source, attempt_of, place_of
from trueup.usecases.rows.view import RowView, row_view
from trueup.usecases.rows.why import unsaid
from trueup.usecases.runs import require_account

MAX_VERSIONS = 50


def row_history(
    registry: Registry, pages: PageStore, *, account: str, location: str, sku: str, limit: int
) -> list[RowView]:
    """The rows of a SKU in the last `limit` versions, the newest first.

    A SKU that is listed more than once has several rows a version. NotFoundError: the account
    has no such location.
    """
    owner = require_account(registry, account).value
    book = rows_book(account, location)
    versions = registry.list(Version, book, limit=limit, newest_first=True).items
    if not versions and all(place.id != location for place in owner.locations):
        raise NotFoundError(f"This account has no location {location}.")
    sources = (source_of(registry, owner, location, stored.value) for stored in versions)
    return [view for source in sources for view in _rows(pages, source, sku)]


def source_of(registry: Registry, account: Account, location: str, version: Version) -> Source:
    """A version as its own run left it: later attempts do not matter here."""
    run = registry.get(Run, account.id, version.made_by)
    made = run.value if run else None
    attempt = attempt_of(made, location, version)
    return Source(account, place_of(account, location), version, made, attempt)


def _rows(pages: PageStore, source: Source, sku: str) -> Iterator[RowView]:
    manifest = load_manifest(pages, source.book, source.version.manifest)
    reader = BookReader(pages, source.book, ROWS, manifest)
    for page in reader.scan(sku, sku + "\x01"):
        whys = reader.get_differing([v["key"] for v in page.rows() if unsaid(v)])
        for row in page.rows():
            values = whys.get(row["key"], row)
            yield row_view(source, values, _listing(pages, source, row["key"]))


def _listing(pages: PageStore, source: Source, key: str) -> dict[str, object] | None:
    pinned = source.listings
    if pinned is None or is_unlisted(key):
        return None
    manifest = load_manifest(pages, pinned.book, pinned.manifest)
    return BookReader(pages, pinned.book, LISTINGS, manifest).get([key]).get(key)

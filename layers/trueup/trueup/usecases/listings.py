"""Reading an account's listings, and small edits of them by the rules of files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from trueup.books.manifest import Manifest, load_manifest
from trueup.books.pages import Page
from trueup.books.reader import BookReader
from trueup.books.schema import ALIASES, LISTINGS
from trueup.domain.errors import ConflictError, Fault, NotFoundError, RejectedError, RetryLaterError
from trueup.domain.keys import listing_key
from trueup.domain.listings import Listing
from trueup.domain.runs import Version
from trueup.domain.time import Clock
from trueup.ports import PageStore, Registry
from trueup.usecases.books import aliases_book, listings_book, pin
from trueup.usecases.ingest.applying import alias_pages
from trueup.usecases.ingest.editions import Edition, Imprint, Shelf, edited, publishing, shelf
from trueup.usecases.ingest.listing_faults import faults_of
from trueup.usecases.ingest.listing_rows import codes_page, listing_of, page_of
from trueup.usecases.ingest.owners import taken
from trueup.usecases.runs import require_account

MAX_EDITS = 500
"""Listings put or deleted by one call."""

_ATTEMPTS = 6
_PATIENCE = timedelta(seconds=12)
"""No try is begun after this: a request has 29 seconds in all."""
_LAST = "\U0010ffff"  # no code holds it: it is not printable


@dataclass(frozen=True)
class ListingDesk:
    """The ports that listings are read and edited with."""

    registry: Registry
    pages: PageStore
    clock: Clock


@dataclass(frozen=True, slots=True)
class Edited:
    """The version that has the edits; `changed` is False where they were there already."""

    version: int
    changed: bool


@dataclass(frozen=True, slots=True)
class ListingsPage:
    """Some listings in key order, the version they are of, and where to go on (None: the end)."""

    items: tuple[Listing, ...]
    version: int
    cursor: str | None


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    schema: int
    seller: str
    book: str
    prefix: str
    version: int
    after: str


def put_listings(
    desk: ListingDesk, account: str, listings: Sequence[Listing], edited_by: str
) -> Edited:
    """Put up to 500 listings in, each replacing the one of its SKU and channel code.

    NotFoundError: no such account; RejectedError: all faults by index.
    """
    _refuse(_too_many(listings) or list(faults_of(listings)))
    return _edit(desk, account, listings, [], edited_by)


def delete_listings(
    desk: ListingDesk, account: str, keys: Sequence[tuple[str, str]], edited_by: str
) -> Edited:
    """Take up to 500 listings out, by SKU and channel code; absent ones are no error."""
    _refuse(_too_many(keys))
    return _edit(desk, account, [], keys, edited_by)


def get_listing(desk: ListingDesk, account: str, sku: str, channel_key: str) -> Listing:
    """NotFoundError if it is not listed."""
    require_account(desk.registry, account)
    key = listing_key(sku, channel_key)
    found = _shelf(desk, account).reader().get([key])
    if key not in found:
        raise NotFoundError(f"{account} has no listing of {sku} as {channel_key}.")
    return listing_of(found[key])


def list_listings(
    desk: ListingDesk,
    account: str,
    *,
    prefix: str = "",
    cursor: str | None = None,
    limit: int = 100,
) -> ListingsPage:
    """Listings whose SKU begins with `prefix`, in SKU order; a cursor stays with its version.

    RejectedError: the cursor is of another list, or its version is no longer kept.
    """
    require_account(desk.registry, account)
    book = listings_book(account)
    seller = desk.registry.seller
    at = _read_cursor(cursor, (1, seller, book, prefix)) if cursor else None
    version, manifest = _version(desk, book, at)
    start = prefix if at is None else at.after + "\x00"
    rows = list(_rows(desk, book, manifest, (start, prefix + _LAST), limit + 1))
    following = None
    if len(rows) > limit:
        following = _make_cursor(_Cursor(1, seller, book, prefix, version, rows[limit - 1].key))
    return ListingsPage(tuple(rows[:limit]), version, following)


def _rows(
    desk: ListingDesk, book: str, manifest: Manifest, span: tuple[str, str], limit: int
) -> Iterator[Listing]:
    """Up to `limit` listings; reads only the frames they are in."""
    for frame in manifest.between(*span):
        one = Manifest.of(LISTINGS.kind, [frame])
        for page in BookReader(desk.pages, book, LISTINGS, one).scan(*span):
            for row in page.slice(0, limit).rows():
                yield listing_of(row)
            limit -= len(page)
        if limit <= 0:
            return


def _version(desk: ListingDesk, book: str, at: _Cursor | None) -> tuple[int, Manifest]:
    if at is None:
        pinned = pin(desk.registry, book)
        if pinned is None:
            return 0, Manifest.of(LISTINGS.kind, ())
        return pinned.version, load_manifest(desk.pages, book, pinned.manifest)
    kept = desk.registry.get(Version, book, f"{at.version:012d}")
    if kept is None:
        raise RejectedError("The version this list was begun with is gone: begin again.")
    return at.version, load_manifest(desk.pages, book, kept.value.manifest)


def _make_cursor(cursor: _Cursor) -> str:
    return msgspec.msgpack.encode(cursor).hex()


def _read_cursor(text: str, wanted: tuple[int, str, str, str]) -> _Cursor:
    wrong = RejectedError("The cursor is not of this list.", (Fault("cursor", "is not valid"),))
    try:
        cursor = msgspec.msgpack.decode(bytes.fromhex(text), type=_Cursor)
    except (ValueError, msgspec.DecodeError) as error:
        raise wrong from error
    if (cursor.schema, cursor.seller, cursor.book, cursor.prefix) != wanted:
        raise wrong
    return cursor


def _shelf(desk: ListingDesk, account: str) -> Shelf:
    return shelf(desk.registry, desk.pages, listings_book(account), LISTINGS)


def _edit(
    desk: ListingDesk,
    account: str,
    puts: Sequence[Listing],
    deletes: Sequence[tuple[str, str]],
    edited_by: str,
) -> Edited:
    require_account(desk.registry, account)
    until = desk.clock() + _PATIENCE
    for _ in range(_ATTEMPTS):
        if desk.clock() > until:
            break  # another try could outlast the gateway, and its answer would be lost
        try:
            return _edit_once(desk, account, puts, deletes, edited_by)
        except ConflictError:
            continue  # the listings changed meanwhile: edit what is there now
    raise RetryLaterError("Others keep changing these listings.", 2)


def _edit_once(
    desk: ListingDesk,
    account: str,
    puts: Sequence[Listing],
    deletes: Sequence[tuple[str, str]],
    edited_by: str,
) -> Edited:
    book = _shelf(desk, account)
    aliases = shelf(desk.registry, desk.pages, aliases_book(account), ALIASES)
    codes = codes_page(puts)
    _refuse(list(_taken(book, aliases, codes)))
    main = edited(book, [page_of(puts)], [listing_key(*pair) for pair in deletes])
    editions = (main, edited(aliases, alias_pages([codes]), _freed(aliases, deletes)))
    if main.unchanged or (book.head is None and not puts):
        return Edited(book.version, changed=False)
    _publish(desk, editions, edited_by)
    return Edited(book.version + 1, changed=True)


def _freed(aliases: Shelf, deletes: Sequence[tuple[str, str]]) -> list[str]:
    """The aliases of deleted listings; a code that another listing has meanwhile is not freed."""
    keys = {code: listing_key(sku, code) for sku, code in deletes if sku != code}
    found = aliases.reader().get(sorted(keys))
    return [code for code, row in found.items() if row["listing_key"] == keys[code]]


def _publish(desk: ListingDesk, editions: Sequence[Edition], edited_by: str) -> None:
    now = desk.clock()
    version = editions[0].shelf.version + 1
    imprint = Imprint(version=version, as_of=now, made_by=edited_by, at=now)
    writes = [write for edition in editions for write in publishing(edition, imprint)]
    desk.registry.write(*writes)


def _taken(book: Shelf, aliases: Shelf, codes: Page) -> Iterator[Fault]:
    for index, code, sku in taken(book, aliases, [codes]):
        yield Fault(f"listings.{index}.channel_key", f"{code} is the channel's code of {sku}")


def _too_many(items: Sequence[object]) -> list[Fault]:
    fine = 0 < len(items) <= MAX_EDITS
    return [] if fine else [Fault("listings", f"must be 1 to {MAX_EDITS}; import a file for more")]


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise RejectedError("The listings have faults.", tuple(faults))

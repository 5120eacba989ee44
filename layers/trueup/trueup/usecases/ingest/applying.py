"""The apply step: a checked file becomes the next version of its book, whole or not at all."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from trueup.books.pages import Page, take
from trueup.domain.errors import ConflictError, RetryLaterError
from trueup.domain.imports import Import, ImportKind, ImportState
from trueup.domain.runs import Head
from trueup.domain.time import milliseconds
from trueup.domain.variances import VarianceDue
from trueup.ports import Create, Replace, Stored, Write
from trueup.usecases.books import pin_of
from trueup.usecases.ingest.carrying import carried
from trueup.usecases.ingest.editions import Edition, Imprint, Shelf, edited, publishing, replaced
from trueup.usecases.ingest.movement_apply import apply_movements
from trueup.usecases.ingest.owners import taken
from trueup.usecases.ingest.seen_again import remembering
from trueup.usecases.ingest.validating import (
    aliases_of,
    book_of,
    codes_of,
    measured,
    outdated,
    require_import,
    rows_of,
)
from trueup.usecases.ingest.work import IngestWork

_ATTEMPTS = 4


def apply_import(work: IngestWork, id_: str, hurried: Callable[[], bool] = lambda: False) -> Import:
    """Apply an accepted import; any other is answered as it is, so repeating does no harm.

    When somebody changed the book meanwhile, a partial file is applied to what is there now.
    Movements may be left for the next call once the caller is `hurried`: the import is still
    Applying then. RetryLaterError: the book keeps changing.
    """
    for _ in range(_ATTEMPTS):
        stored = require_import(work, id_)
        if stored.value.state is not ImportState.APPLYING:
            return stored.value
        try:
            if stored.value.kind is ImportKind.MOVEMENTS:
                return apply_movements(work, stored, hurried)
            return _apply(work, stored)
        except ConflictError:
            continue  # another version, or our own whose acknowledgement was lost: read again
    raise RetryLaterError("Others keep changing this book.", 5)


def _apply(work: IngestWork, stored: Stored[Import]) -> Import:
    item = stored.value
    book = book_of(work, item)
    refusal = _refusal(work, item, book)
    if refusal:
        return _end(work, stored, {"state": ImportState.FAILED, "cause": refusal})
    editions = _editions(work, item, book)
    main = editions[0]
    if main.unchanged and (_complete(item, book) == _is_complete(book)):
        seen = _refreshed(work, item, book, main)
        return _end(work, stored, _unchanged(book), *seen, *_stated(work, item, book, seen))
    changes: dict[str, Any] = {"state": ImportState.APPLIED, "version": book.version + 1}
    if item.base_version != book.version:
        changes["rows_changed"] = measured(work, item, book).changed
    imprint = Imprint(
        version=book.version + 1,
        as_of=_as_of(item, book, main),
        made_by=item.id,
        at=work.clock(),
        complete=_complete(item, book),
        source=item.source,
        stated_to=_stated_to(item, book, main),
    )
    visible = [write for edition in editions for write in publishing(edition, imprint)]
    if item.kind is ImportKind.BASELINE:
        visible += remembering(work.registry, work.clock, book)
    return _end(work, stored, changes, *visible, *_stated(work, item, book, visible))


def _stated(
    work: IngestWork, item: Import, book: Shelf, writes: Iterable[Write]
) -> Iterator[Write]:
    """With a baseline goes that it is yet to be compared with what was expected.

    The same content of the same instant says nothing new.
    """
    heads = (w.entity for w in writes if isinstance(w, Create | Replace))
    head = next((entity for entity in heads if isinstance(entity, Head)), None)
    as_of = item.as_of or item.created_at
    if head is None and book.head is not None and as_of > book.head.value.as_of:
        head = book.head.value
    if item.kind is not ImportKind.BASELINE or head is None:
        return
    due = VarianceDue(
        location=item.target,
        imported=item.id,
        at=work.clock(),
        as_of=as_of,
        before=pin_of(book.head.value) if book.head else None,
        stated=pin_of(head),
        complete=item.complete,
        source=item.source,
    )
    yield Create(due)


def _end(work: IngestWork, stored: Stored[Import], changes: dict[str, Any], *also: Write) -> Import:
    """Record the end and make visible what comes with it, in one transaction."""
    ended = stored.value.model_copy(update=changes | {"finished_at": work.clock()})
    work.registry.write(*also, Replace(ended, stored.version))
    return ended


def _refusal(work: IngestWork, item: Import, book: Shelf) -> str | None:
    """Why an accepted file cannot be applied after all."""
    older = outdated(item, book)
    if older:
        return f"The file {older}."
    if item.base_version == book.version:
        return None
    if item.complete:
        return "Another import changed the book after this file was checked. Upload it again."
    if item.kind is ImportKind.BASELINE:
        return None
    lost = next(taken(book, aliases_of(work, item.target), codes_of(work, item)), None)
    if lost is None:
        return None
    row, code, sku = lost
    return f"Another import gave the channel's code {code} (row {row}) to {sku} meanwhile."


def _editions(work: IngestWork, item: Import, book: Shelf) -> list[Edition]:
    """The book and, for listings, its aliases, as they would be."""
    if item.kind is ImportKind.BASELINE:
        return [_positions(work, item, book)]
    write = replaced if item.complete else edited
    editions = [write(book, rows_of(work, item))]
    if item.kind is ImportKind.LISTINGS:
        aliases = aliases_of(work, item.target)
        editions.append(write(aliases, alias_pages(codes_of(work, item))))
    return editions


def _positions(work: IngestWork, item: Import, book: Shelf) -> Edition:
    """A baseline; rows of a file that leaves out some of the book's keep their own instant."""
    if item.complete or item.rows >= book.manifest.rows:
        write = replaced if item.complete else edited
        edition = write(book, _rows(work, item))
        if book.head is None or edition.manifest.rows == item.rows:
            return edition
    return edited(book, _dated(_rows(work, item), _own_instant(item, book)))


def _rows(work: IngestWork, item: Import) -> Iterator[Page]:
    return carried(work, item, rows_of(work, item))


def _own_instant(item: Import, book: Shelf) -> int:
    """When a file's rows were stated, milliseconds; 0: when the whole book was."""
    at = milliseconds(item.as_of or item.created_at)
    return at if book.head is None or at > milliseconds(book.head.value.as_of) else 0


def _dated(rows: Iterable[Page], at: int) -> Iterator[Page]:
    for page in rows:
        yield Page(page.keys, {**page.ints, "stated_at": [at] * len(page)}, page.texts)


def alias_pages(codes: Iterable[Page]) -> Iterator[Page]:
    """Rows of the aliases book: the codes whose listing has another key."""
    for page in codes:
        keys = page.texts["listing_key"]
        different = [i for i, code in enumerate(page.keys) if code != keys[i]]
        picked = take(page, different)
        yield Page(picked.keys, {}, {"listing_key": picked.texts["listing_key"]})


def _complete(item: Import, book: Shelf) -> bool:
    """Whether a SKU absent from the baseline has none; once declared, it stays so."""
    return item.kind is ImportKind.BASELINE and (item.complete or _is_complete(book))


def _is_complete(book: Shelf) -> bool:
    return book.head is not None and book.head.value.complete


def _as_of(item: Import, book: Shelf, edition: Edition) -> datetime:
    """The instant the whole book is of: a file that leaves out some rows makes it no newer."""
    as_of = item.as_of or item.created_at
    covers_all = edition.manifest.rows == item.rows
    return as_of if book.head is None or covers_all else book.head.value.as_of


def _stated_to(item: Import, book: Shelf, edition: Edition) -> datetime | None:
    """The latest instant that some row is of, where that is later than the whole book's."""
    as_of = _as_of(item, book, edition)
    if item.kind is not ImportKind.BASELINE or book.head is None:
        return None
    if edition.manifest.rows == item.rows:
        return None
    latest = max(item.as_of or item.created_at, book.head.value.stated_to or as_of)
    return latest if latest > as_of else None


def _unchanged(book: Shelf) -> dict[str, Any]:
    cause = "The book has the same content already."
    if book.head is not None:
        cause = f"Same content as version {book.version}, made by {book.head.value.made_by}."
    return {"state": ImportState.UNCHANGED, "cause": cause, "rows_changed": 0}


def _refreshed(work: IngestWork, item: Import, book: Shelf, edition: Edition) -> list[Write]:
    """The same positions seen again are of a later instant: no new version, but a newer head.

    That instant is known from now on; until when it was not, the version says.
    """
    as_of = _as_of(item, book, edition)
    if item.kind is not ImportKind.BASELINE or book.head is None or as_of == book.head.value.as_of:
        return []
    seen = {"as_of": as_of, "source": item.source, "at": work.clock()}
    newer = Replace(book.head.value.model_copy(update=seen), book.head.version)
    return [newer, *remembering(work.registry, work.clock, book)]

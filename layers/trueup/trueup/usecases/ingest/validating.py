"""The validate step: accept a file, reject it with all its faults, or ask first."""

from collections.abc import Iterator
from datetime import timedelta

from trueup.books.pages import Page
from trueup.books.schema import ALIASES
from trueup.domain.errors import NotFoundError
from trueup.domain.imports import Drop, Import, ImportKind, ImportState
from trueup.domain.time import iso
from trueup.ports import Replace, Stored
from trueup.usecases.books import aliases_book, baseline_book, listings_book
from trueup.usecases.ingest import objects
from trueup.usecases.ingest.checking import KINDS, Checked, check_file
from trueup.usecases.ingest.editions import Shelf, shelf
from trueup.usecases.ingest.faults import Faults, report_of
from trueup.usecases.ingest.measuring import Measure, changed_rows, exceeds, measure
from trueup.usecases.ingest.owners import taken
from trueup.usecases.ingest.sorting import CODES, in_order
from trueup.usecases.ingest.work import IngestWork

CONFIRMABLE = timedelta(days=3)
"""How long an import waits for a person."""


def require_import(work: IngestWork, id_: str) -> Stored[Import]:
    found = work.registry.get(Import, id_)
    if found is None:
        raise NotFoundError(f"There is no import {id_}.")
    return found


def book_of(work: IngestWork, item: Import) -> Shelf:
    """The book that an import goes into."""
    named = {ImportKind.BASELINE: baseline_book, ImportKind.LISTINGS: listings_book}
    schema = KINDS[item.kind].schema
    return shelf(work.registry, work.pages, named[item.kind](item.target), schema)


def aliases_of(work: IngestWork, account: str) -> Shelf:
    return shelf(work.registry, work.pages, aliases_book(account), ALIASES)


def rows_of(work: IngestWork, item: Import) -> Iterator[Page]:
    """The checked rows of an import, in key order."""
    segments = objects.segments_of(item, work.seller, objects.ROWS)
    return in_order(work.files, segments, KINDS[item.kind].schema)


def codes_of(work: IngestWork, item: Import) -> Iterator[Page]:
    """The channel codes of a listings import, in their order, with listing keys and rows."""
    return in_order(work.files, objects.segments_of(item, work.seller, objects.CODES), CODES)


def validate_import(work: IngestWork, id_: str) -> Import:
    """Check the file and record what came of it. Repeating it does no harm.

    RetryLaterError, ConflictError: to be tried again.
    """
    stored = require_import(work, id_)
    if stored.value.state is not ImportState.VALIDATING:
        return stored.value
    checked = check_file(work, stored.value)
    item = _with_contents(stored.value, checked)
    book = None if item.kind is ImportKind.MOVEMENTS else book_of(work, item)
    if book is not None and not checked.faults.count:
        _check_against(work, item, book, checked.faults)
    if checked.faults.count or checked.contradictions.count:
        item = _reported(work, item, checked)
    if checked.faults.count:
        item = _rejected(work, item, checked.faults)
    elif book is None:
        item = item.model_copy(update={"state": ImportState.APPLYING})
    else:
        item = _accepted(work, item, book)
    work.registry.write(Replace(item, stored.version))
    return item


def _with_contents(item: Import, checked: Checked) -> Import:
    changes = {
        "rows": checked.rows,
        "sha256": checked.sha256,
        "segments": checked.segments,
        "faults": checked.faults.count,
        "contradictions": checked.contradictions.count,
        "cause": _note(checked),
        "left_out": checked.left_out,
    }
    return item.model_copy(update=changes)


def _note(checked: Checked) -> str | None:
    """What a person should know of a file that is taken."""
    lost = "are numbers in the sheet: if they had leading zeros, these are lost"
    numbers = f"{checked.numbers} SKUs {lost}." if checked.numbers else ""
    count, first = checked.contradictions.count, checked.contradictions.first
    doubted = f"Rows that contradict themselves: {count}; the first: {first}." if count else ""
    return " ".join(filter(None, (numbers, doubted))) or None


def _check_against(work: IngestWork, item: Import, book: Shelf, faults: Faults) -> None:
    """Faults that only show beside what is known already."""
    if item.kind is ImportKind.LISTINGS and not item.complete:
        for row, code, sku in taken(book, aliases_of(work, item.target), codes_of(work, item)):
            faults.add(row, "channel_sku", code, f"is the channel's code of {sku} already")
    older = outdated(item, book)
    if older:
        faults.add(0, "as_of", "", older)


def outdated(item: Import, book: Shelf) -> str | None:
    """Why a baseline is too old for its book, if it is."""
    as_of = item.as_of or item.created_at
    if item.kind is not ImportKind.BASELINE or book.head is None or as_of >= book.head.value.as_of:
        return None
    known = iso(book.head.value.as_of)
    return f"is of {iso(as_of)}, but the positions known are of {known} already"


def _reported(work: IngestWork, item: Import, checked: Checked) -> Import:
    key = objects.report_key(work.seller, item.id)
    body = report_of(checked.faults, checked.contradictions)
    work.files.put(key, body, "text/csv; charset=utf-8")
    return item.model_copy(update={"report_key": key})


def _rejected(work: IngestWork, item: Import, faults: Faults) -> Import:
    changes = {
        "state": ImportState.REJECTED,
        "cause": faults.summary(),
        "faults": faults.count,
        "segments": (),
        "finished_at": work.clock(),
    }
    return item.model_copy(update=changes)


def _accepted(work: IngestWork, item: Import, book: Shelf) -> Import:
    changes = {"state": ImportState.APPLYING, "base_version": book.version}
    accepted = item.model_copy(update=changes | {"rows_changed": item.rows})
    if book.head is None:
        return accepted
    found = measured(work, item, book)
    accepted = accepted.model_copy(update={"rows_changed": found.changed})
    if not exceeds(found.drop, item.max_drop_percent):
        return accepted
    waiting = {
        "state": ImportState.AWAITING_CONFIRMATION,
        "drop": found.drop,
        "cause": _question(found.drop, item.kind),
        "deadline": work.clock() + CONFIRMABLE,
    }
    return accepted.model_copy(update=waiting)


def measured(work: IngestWork, item: Import, book: Shelf) -> Measure:
    """What the file would change; a partial listings file takes nothing away."""
    rows = rows_of(work, item)
    if item.kind is ImportKind.LISTINGS and not item.complete:
        return Measure(book.schema, complete=False, changed=changed_rows(book.reader(), rows))
    return measure(book.schema, book.reader().scan(), rows, complete=item.complete)


def _question(drop: Drop, kind: ImportKind) -> str:
    skus = f"{drop.skus_before - drop.skus_after} of {drop.skus_before}"
    if kind is ImportKind.LISTINGS:
        return f"This would remove {skus} listings. Confirm it if that is right."
    return (
        f"This would leave {skus} SKUs without a known stock, and {drop.units_after} "
        f"units of {drop.units_before}. Confirm it if that is right."
    )

"""Variances as people read them: with what came since they were compared."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from functools import cached_property

from trueup.books.reader import BookReader
from trueup.books.schema import BASELINE, VARIANCES
from trueup.domain.errors import DefectError, Fault, NotFoundError, RejectedError
from trueup.domain.movements import Movement
from trueup.domain.pins import BookPin
from trueup.domain.runs import Version
from trueup.domain.stock import Position
from trueup.domain.time import milliseconds
from trueup.domain.variances import VarianceRun
from trueup.explain.variance_facts import Explained, Told
from trueup.explain.variances import explain_variance
from trueup.ledger.blocks import MOVEMENTS
from trueup.ledger.standings import Standing, stated_by
from trueup.ledger.streams import movements_stream
from trueup.ports import Ledger
from trueup.usecases.books import open_book
from trueup.usecases.exceptions.names import scope_of
from trueup.usecases.ledger.desk import LedgerDesk, ListCursor, read_cursor, write_cursor
from trueup.usecases.ledger.gathering import gather_sku
from trueup.usecases.ledger.states import rows_of
from trueup.usecases.places import require_location
from trueup.usecases.variances.expecting import Expecting, pin_expected, standings
from trueup.usecases.variances.rows import Differing, differing_of
from trueup.usecases.variances.telling import latest_run, variances_book

MAX_TAIL = 200
"""Blocks of a shard, from the comparison on, that late movements are looked for in."""

MAX_LOOKED = 20_000
"""Rows that one page looks at; a page with fewer rows than asked for has a cursor then."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """None: whatever it is. `sku`: how it begins; `direction`: the source states fewer or more."""

    version: int | None = None
    sku: str | None = None
    direction: str | None = None
    cause: str | None = None

    def takes(self, found: Differing) -> bool:
        side = "over" if found.delta < 0 else "short"
        return self.cause in (None, found.cause) and (
            self.direction is None or (found.delta != 0 and self.direction == side)
        )


@dataclass(frozen=True, slots=True)
class VariancesPage:
    run: VarianceRun
    rows: tuple[Differing, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class SkuVariance:
    """One SKU of a statement, whether it differs or not.

    `found` None: nothing was expected, or nothing stated, of it. `movements`: those between the
    baseline before and the statement, and near it, the latest ones.
    """

    run: VarianceRun
    sku: str
    found: Explained | None
    movements: tuple[Movement, ...] = ()


def require_run(desk: LedgerDesk, location: str, version: int | None) -> VarianceRun:
    """NotFoundError: no such location, nothing stated yet, or no such version."""
    require_location(desk.registry, location)
    if version is None:
        run = latest_run(desk.registry, location)
    else:
        stored = desk.registry.get(VarianceRun, location, f"{version:012d}")
        run = stored.value if stored else None
    if run is None:
        raise NotFoundError("No stock was stated here yet, or not by this version.")
    return run


def variances_of(
    desk: LedgerDesk, location: str, wanted: Wanted, *, cursor: str | None, limit: int
) -> VariancesPage:
    """SKUs of which a source states another position than the ledger expects, by SKU.

    All pages are of the version of the first one. Raises as `require_run`; RejectedError: a
    cursor that is of something else, or a version whose SKUs are no longer kept.
    """
    scope = scope_of(desk.registry.seller, "variances", location, *astuple(wanted))
    at = None if cursor is None else read_cursor(cursor, scope)
    run = require_run(desk, location, at.at if at else wanted.version)
    looked, last, rows = 0, at.after if at else "", list[Differing]()
    for found in _rows(desk, run, wanted.sku or "", last):
        if len(rows) == limit or looked == MAX_LOOKED:
            more = ListCursor(1, scope, run.version, 0, last)
            return VariancesPage(run, tuple(rows), write_cursor(more))
        looked, last = looked + 1, found.sku
        rows += [found] if wanted.takes(found) else []
    return VariancesPage(run, tuple(rows), None)


def differing_in(desk: LedgerDesk, run: VarianceRun, sku: str) -> Differing | None:
    """A SKU of the book as it was compared; None: it did not differ."""
    found = _reader(desk, run).get([sku])
    return differing_of(found[sku]) if found else None


def variance_of(
    desk: LedgerDesk, location: str, sku: str, version: int | None = None
) -> SkuVariance:
    """Both sides of one SKU, with all that is known now. Raises as `require_run`."""
    run = require_run(desk, location, version)
    stated = None if run.none else _stated_of(desk, run, sku)
    if stated is None or run.before is None or not _is_kept(desk, run.before):
        return SkuVariance(run, sku, None)
    pin = pin_expected(desk.registry, desk.ledger, location, run.before)
    told = gather_sku(desk.ledger, pin, sku)
    ((_, standing),) = standings(desk.pages, pin, [sku], {sku: told})
    found = explain_variance(_told(run, standing, stated, whole=pin.until <= pin.baseline_at))
    shown = [m for m in standing.movements if m.occurred_at <= milliseconds(run.as_of) + run.near]
    return SkuVariance(run, sku, found, tuple(shown))


def _stated_of(desk: LedgerDesk, run: VarianceRun, sku: str) -> Position | None:
    """None: it is not known what was stated of it."""
    if not _is_kept(desk, run.stated):
        return None
    if not run.whole and differing_in(desk, run, sku) is None:
        return None
    row = rows_of(desk.pages, run.stated, BASELINE, [sku]).get(sku)
    return stated_by(row, complete=run.stated.complete)


def _is_kept(desk: LedgerDesk, pin: BookPin) -> bool:
    return desk.registry.get(Version, pin.book, f"{pin.version:012d}") is not None


def _reader(desk: LedgerDesk, run: VarianceRun) -> BookReader:
    book = variances_book(run.location)
    kept = desk.registry.get(Version, book, f"{run.version:012d}")
    if kept is None:
        fault = Fault("version", "its SKUs are no longer kept; its figures are, in the history")
        raise RejectedError("This version cannot be read any more.", (fault,))
    pin = BookPin(book=book, version=run.version, manifest=kept.value.manifest)
    return open_book(desk.pages, pin, VARIANCES)


def _rows(desk: LedgerDesk, run: VarianceRun, prefix: str, after: str) -> Iterator[Differing]:
    """Rows whose SKU begins so, behind one, with what came late."""
    lo = max(prefix, after + "\x00" if after else "")
    later = _Later(desk, run)
    for page in _reader(desk, run).scan(lo or None):
        for row in page.rows():
            if not row["key"].startswith(prefix):
                return
            found = differing_of(row)
            yield later.told(found) if found.sku in later.skus else found


class _Later:
    """What was recorded since a comparison about the time before it."""

    def __init__(self, desk: LedgerDesk, run: VarianceRun) -> None:
        self._desk = desk
        self._run = run

    @cached_property
    def skus(self) -> frozenset[str]:
        run = self._run
        if run.before is None or not _is_kept(self._desk, run.before):
            return frozenset()
        until = milliseconds(run.as_of) + run.near
        return frozenset(m.sku for m in _tail(self._desk.ledger, run, until))

    @cached_property
    def _expecting(self) -> Expecting:
        desk, run = self._desk, self._run
        if run.before is None:
            raise DefectError("Nothing is late for a statement without an expectation.")
        pin = pin_expected(desk.registry, desk.ledger, run.location, run.before)
        return Expecting(desk.pages, desk.ledger, pin)

    def told(self, found: Differing) -> Differing:
        pin = self._expecting.pin
        standing = self._expecting.standings([found.sku])[found.sku]
        whole = pin.until <= pin.baseline_at
        now = explain_variance(_told(self._run, standing, found.stated, whole=whole))
        if now is None:
            return found
        return Differing(
            found.sku,
            found.expected,
            found.stated,
            now.delta,
            now.primary,
            now.shares,
            now.unexplained,
            found.value,
            late=True,
        )


def _tail(ledger: Ledger, run: VarianceRun, until: int) -> Iterator[Movement]:
    """Movements that were recorded since, of instants up to one."""
    stream = movements_stream(run.location)
    for shard, after in enumerate(run.cut):
        for _, block in ledger.read(stream, shard, after, after + MAX_TAIL):
            if block.first <= until:
                yield from (m for m in MOVEMENTS.entries(block) if m.occurred_at <= until)


def _told(run: VarianceRun, standing: Standing, stated: Position, *, whole: bool) -> Told:
    as_of = milliseconds(run.as_of)
    return Told(standing, stated, as_of, run.near, run.known_at, whole=whole)

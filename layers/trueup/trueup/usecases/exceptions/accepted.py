"""Which rows are accepted: those that have the gap that they had in the version accepted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from trueup.books.schema import ROWS
from trueup.domain.acceptances import Acceptance, Remainder, Rest
from trueup.domain.cases import Case, SubjectKind
from trueup.domain.errors import ConflictError
from trueup.domain.runs import BookPin
from trueup.ports import Create, PageStore, Registry, Remove, Replace, Write
from trueup.usecases.books import open_book
from trueup.usecases.exceptions.stakes import Counting, row_cause, staked
from trueup.usecases.exceptions.visible import Place
from trueup.usecases.rows.candidates import gap_of
from trueup.usecases.whole import all_of


def acceptances_of(
    registry: Registry, account: str, location: str, now: datetime
) -> list[Acceptance]:
    """Those that hold at a channel location, by cause."""
    found = (stored.value for stored in all_of(registry, Acceptance, account, location))
    return [acceptance for acceptance in found if acceptance.holds(now)]


class Pinned:
    """Follows the rows of some acceptances in the order of their keys, reading their sheets."""

    def __init__(
        self,
        pages: PageStore,
        acceptances: Sequence[Acceptance],
        lo: str | None = None,
        hi: str | None = None,
    ) -> None:
        self._feeds = [_Feed(_rows(pages, acceptance, lo, hi)) for acceptance in acceptances]

    def holds(self, key: str, gap: int | None) -> bool:
        """Whether a row is accepted. Keys must come in their order."""
        return any(feed.has(key, gap) for feed in self._feeds)


class _Feed:
    def __init__(self, rows: Iterator[tuple[str, int | None]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def has(self, key: str, gap: int | None) -> bool:
        while self._next is not None and self._next[0] < key:
            self._next = next(self._rows, None)
        return self._next == (key, gap)


def _rows(
    pages: PageStore, acceptance: Acceptance, lo: str | None, hi: str | None
) -> Iterator[tuple[str, int | None]]:
    pin = BookPin(
        book=acceptance.book,
        version=acceptance.version,
        manifest=acceptance.manifest,
    )
    for page in open_book(pages, pin, ROWS).differing(lo, hi):
        for row in page.rows():
            if row_cause(row) == acceptance.cause:
                yield row["key"], gap_of(row)


def count_rest(registry: Registry, pages: PageStore, place: Place, now: datetime) -> None:
    """Count what a location's acceptances leave, unless that is done; nothing where it has none.

    Reads the location's difference sheets, and those of the versions accepted, once each.
    """
    _forget_expired(registry, place, now)
    acceptances = acceptances_of(registry, place.account, place.location, now)
    before = registry.get(Remainder, place.account, place.location)
    if before is None and not acceptances:
        return
    if before is not None and not acceptances:
        registry.write(Remove(before.value, before.version))
        return
    if before is not None and before.value.fits(place.head.version, acceptances):
        return
    counted = Remainder(
        account=place.account,
        location=place.location,
        version=place.head.version,
        rests=tuple(_rests(pages, place, acceptances)),
        counted={acceptance.cause: acceptance.at for acceptance in acceptances},
    )
    registry.write(Create(counted) if before is None else Replace(counted, before.version))


def _forget_expired(registry: Registry, place: Place, now: datetime) -> None:
    for stored in list(all_of(registry, Acceptance, place.account, place.location)):
        if not stored.value.holds(now):
            with suppress(ConflictError):  # somebody accepted anew just now
                registry.write(Remove(stored.value, stored.version))


def _rests(pages: PageStore, place: Place, acceptances: Sequence[Acceptance]) -> Iterator[Rest]:
    pinned, listings = Pinned(pages, acceptances), place.listings(pages)
    accepted: Counter[str] = Counter()
    waiting = Counting()
    for page in place.rows(pages).differing():
        rows = []
        for row in page.rows():
            if pinned.holds(row["key"], gap_of(row)):
                accepted[row_cause(row)] += 1
            else:
                rows.append(row)
        waiting.add(staked(rows, listings))
    for cause, count in sorted(accepted.items()):
        yield Rest(waiting=waiting.group(cause), accepted=count)


def withdrawing(registry: Registry, case: Case) -> list[Write]:
    """The write that ends the acceptance of a case's incident, if it has one."""
    subject = case.subject
    if subject.kind is not SubjectKind.INCIDENT or subject.account is None:
        return []
    held = registry.get(Acceptance, subject.account, subject.location, subject.what)
    return [Remove(held.value, held.version)] if held and held.value.case == case.id else []

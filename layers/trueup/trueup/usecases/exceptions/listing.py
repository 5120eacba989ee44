"""Exceptions of one channel location as rows, those with the most at stake first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge

from trueup.domain.acceptances import Acceptance
from trueup.domain.cases import CaseState, Docket, SubjectKind
from trueup.domain.errors import NotFoundError
from trueup.domain.exceptions import ranked
from trueup.domain.outcomes import Outcome, Reason, outcome_of
from trueup.ports import PageStore, Registry
from trueup.usecases.exceptions.accepted import Pinned, acceptances_of
from trueup.usecases.exceptions.names import Cursor, read_cursor, refused, scope_of, write_cursor
from trueup.usecases.exceptions.stakes import Staked, Values, row_cause, staked
from trueup.usecases.rows.candidates import OpenSource, gap_of
from trueup.usecases.rows.cursors import Pin
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.sources import Source, pinned_sources, visible_sources
from trueup.usecases.rows.view import RowView, row_view
from trueup.usecases.whole import all_of

MAX_RANKED = 20_000
"""Rows that are ranked together; a location with more is ranked stretch by stretch."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for of one channel location. `accepted`: accepted rows instead of others."""

    account: str
    location: str
    cause: str | None = None
    accepted: bool = False

    @property
    def scope(self) -> str:
        return scope_of(self.account, self.location, self.cause, self.accepted)


@dataclass(frozen=True, slots=True)
class Exceptional:
    """A row, what is at stake in it (minor units by currency; empty: unknown), and its case."""

    row: RowView
    cause: str
    value: Mapping[str, int]
    docket: Docket | None


@dataclass(frozen=True, slots=True)
class ExceptionsPage:
    """`whole`: all rows that were asked for were ranked together."""

    rows: list[Exceptional]
    source: Source
    whole: bool
    cursor: str | None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Rows of a range of keys, in their order, and where the next range begins (None: nowhere)."""

    rows: list[Staked]
    start: str
    following: str | None


def list_exceptions(
    registry: Registry,
    pages: PageStore,
    asked: Asked,
    now: datetime,
    *,
    cursor: str | None,
    limit: int,
) -> ExceptionsPage:
    """Rows that wait for somebody, the most urgent first (`domain.exceptions.ranked`).

    The cursor stays with the version it began with. Rows that settle by themselves are left out.
    NotFoundError: no such account, or the location was never compared; RejectedError: the cursor
    is not for this, or its version is no longer kept.
    """
    at = None if cursor is None else read_cursor(cursor, registry.seller, asked.scope)
    source = _source(registry, asked, at)
    view = _View(pages, asked, source, standing_of(registry, asked, now))
    stretch = view.stretch(at.start if at else "")
    order = ranked(stretch.rows, lambda row: row.stake, lambda row: row.key)
    begin = _behind(order, at.after) if at and at.after else 0
    shown = order[begin : begin + limit]
    following = _following(stretch, shown, left=begin + limit < len(order))
    whole = not stretch.start and stretch.following is None
    return ExceptionsPage(
        [view.shown(row) for row in shown],
        source,
        whole,
        None if following is None else _cursor(registry.seller, asked, source, following),
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What people said of the rows of one location, and the moment that they are judged at."""

    now: datetime
    dockets: tuple[Docket, ...]
    acceptances: tuple[Acceptance, ...]


def standing_of(registry: Registry, asked: Asked, now: datetime) -> Standing:
    found = all_of(registry, Docket, SubjectKind.ROW, asked.account, asked.location)
    acceptances = acceptances_of(registry, asked.account, asked.location, now)
    return Standing(now, tuple(stored.value for stored in found), tuple(acceptances))


def every_exception(
    pages: PageStore, asked: Asked, source: Source, standing: Standing
) -> Iterator[Exceptional]:
    """All of them in the order of `list_exceptions`, of a source and a standing that are given."""
    view = _View(pages, asked, source, standing)
    start: str | None = ""
    while start is not None:
        stretch = view.stretch(start)
        yield from map(view.shown, ranked(stretch.rows, lambda r: r.stake, lambda r: r.key))
        start = stretch.following


def _source(registry: Registry, asked: Asked, at: Cursor | None) -> Source:
    filters = Filters(account=asked.account, locations=(asked.location,))
    if at is not None:
        version, _, attempt = at.pin.partition("/")
        if not (version.isascii() and version.isdigit()):
            raise refused("is not one that we gave out")
        pin = Pin(asked.account, asked.location, int(version[:12]), attempt)
        return pinned_sources(registry, (pin,))[0]
    sources = visible_sources(registry, filters)
    if not sources:
        raise NotFoundError("This location was never compared.")
    return sources[0]


def _behind(order: Sequence[Staked], after: str) -> int:
    found = (i for i, row in enumerate(order) if row.key == after)
    return next(found, -1) + 1


def _following(stretch: _Stretch, shown: Sequence[Staked], *, left: bool) -> tuple[str, str] | None:
    """Where to go on: the start of a stretch, and the row to go on behind ("": from its top)."""
    if left:
        return stretch.start, shown[-1].key
    return None if stretch.following is None else (stretch.following, "")


def _cursor(seller: str, asked: Asked, source: Source, following: tuple[str, str]) -> str:
    start, after = following
    pin = f"{source.version.version}/{source.attempt.run}"
    return write_cursor(Cursor(seller, asked.scope, after, pin, start))


class _View:
    """One source's exceptions."""

    def __init__(self, pages: PageStore, asked: Asked, source: Source, standing: Standing) -> None:
        self._pages, self._asked, self._source, self._now = pages, asked, source, standing.now
        self._opened = OpenSource(pages, 0, source)
        self._dockets = {docket.subject.what: docket for docket in standing.dockets}
        self._acceptances = standing.acceptances

    def stretch(self, start: str) -> _Stretch:
        """The exceptions from `start` on, as many as are ranked together."""
        rows: list[Values] = []
        following: str | None = None
        for values in self._fitting(start):
            if len(rows) == MAX_RANKED:
                following = values["key"]
                break
            rows.append(values)
        return _Stretch(list(self._staked(rows)), start, following)

    def shown(self, row: Staked) -> Exceptional:
        overlay = self._source.overlays.get(row.key)
        view = row_view(self._source, row.values, row.listing, overlay)
        return Exceptional(view, row.cause, row.value, self._dockets.get(row.key))

    def _staked(self, rows: Sequence[Values]) -> Iterator[Staked]:
        listings = self._opened.listings
        return staked(rows, listings[1] if listings else None)

    def _fitting(self, start: str) -> Iterator[Values]:
        pinned = Pinned(self._pages, self._acceptances, start or None)
        for values in self._waiting(start):
            if self._asked.cause not in (None, row_cause(values)):
                continue
            gap = gap_of(values)
            accepted = pinned.holds(values["key"], gap) or self._lived_with(values["key"], gap)
            if accepted is self._asked.accepted:
                yield values

    def _lived_with(self, key: str, gap: int | None) -> bool:
        docket = self._dockets.get(key)
        if docket is None or docket.state is not CaseState.ACCEPTED:
            return False
        return docket.gap == gap and bool(docket.expires_at and docket.expires_at > self._now)

    def _waiting(self, start: str) -> Iterator[Values]:
        """Exceptions as they stand now, in key order, those compared again since included."""
        laid = self._source.overlays
        above = [
            {"key": key, **o.values, **o.texts} for key, o in sorted(laid.items()) if key >= start
        ]
        below = (row for row in self._stored(start) if row["key"] not in laid)
        for values in merge(below, above, key=lambda row: row["key"]):
            if outcome_of(Reason(values["reason"])) is Outcome.EXCEPTION:
                yield values

    def _stored(self, start: str) -> Iterator[Values]:
        for page in self._opened.reader.differing(start or None):
            yield from page.rows()

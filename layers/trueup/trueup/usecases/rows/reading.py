"""A page of rows: over all chosen locations, sorted by SKU, then account and location.

Rows are those of the versions that were visible at the first page; the cursor pins them. Rows
compared again since (overlays) are laid over them, as they stand at each page.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import merge

from trueup.domain.keys import is_unlisted
from trueup.ports import PageStore, Registry
from trueup.usecases.rows.candidates import Budget, Candidate, OpenSource, Values, candidates
from trueup.usecases.rows.cursors import Cursor, Position, read_cursor, write_cursor
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.sources import Source, pinned_sources, visible_sources
from trueup.usecases.rows.view import RowView, row_view
from trueup.usecases.rows.why import unsaid

MAX_ROWS = 500
FRAMES = 120
"""Pages that one request may look through for rows that fit, besides one for each location."""
SHOWN_FRAMES = 3
"""Pages that a plain view of one location reads: of rows and of their listings together."""


@dataclass(frozen=True, slots=True)
class RowsPage:
    """Some rows, what they were read from, and where to go on (None: those were all)."""

    rows: list[RowView]
    sources: list[Source]
    cursor: str | None


def read_rows(
    registry: Registry, pages: PageStore, filters: Filters, *, cursor: str | None, limit: int
) -> RowsPage:
    """At most `limit` rows that fit; fewer, also none, when a search has looked long enough.

    RejectedError: unknown location, too many locations, or a cursor that is not for this.
    """
    position = Position("", -1, inclusive=True)
    if cursor is None:
        sources = visible_sources(registry, filters)
    else:
        resumed = read_cursor(cursor, registry.seller, filters.digest)
        position = resumed.position
        sources = pinned_sources(registry, resumed.pins)
    rows, at = _View(pages, filters, sources, position).page(limit)
    return RowsPage(rows, sources, _cursor(registry.seller, filters, sources, at))


def _cursor(
    seller: str, filters: Filters, sources: Sequence[Source], at: Position | None
) -> str | None:
    if at is None:
        return None
    pins = tuple(source.pin for source in sources)
    return write_cursor(Cursor(seller, filters.digest, at, pins))


class _View:
    """The merged rows of some sources, from a position on."""

    def __init__(
        self, pages: PageStore, filters: Filters, sources: Sequence[Source], start: Position
    ) -> None:
        self._filters = filters
        self._start = start
        self._opened = [OpenSource(pages, i, source) for i, source in enumerate(sources)]
        self._found: list[Candidate] = []
        self._budget = self._plain_budget() or Budget(FRAMES + len(sources))

    def page(self, limit: int) -> tuple[list[RowView], Position | None]:
        """Rows, and where to go on."""
        for candidate in self._merged():
            if candidate.values is None or not self._budget.affords(candidate):
                return self._shown(), Position(*candidate.order, inclusive=True)
            if len(self._found) == limit:
                return self._shown(), Position(*self._found[-1].order, inclusive=False)
            self._found.append(candidate)
        return self._shown(), None

    def _plain_budget(self) -> Budget | None:
        """The narrow budget of a view of one location that looks for nothing in particular."""
        if len(self._opened) != 1 or self._filters.searches:
            return None
        opened = self._opened[0]
        return PlainBudget(SHOWN_FRAMES, opened=opened)

    def _merged(self) -> Iterator[Candidate]:
        return merge(*map(self._stream, self._opened), key=lambda candidate: candidate.order)

    def _stream(self, opened: OpenSource) -> Iterator[Candidate]:
        low, high = self._filters.bounds
        lo = max(low or "", self._start.start(opened.index))
        return candidates(opened, self._filters, lo or None, high, self._budget)

    def _shown(self) -> list[RowView]:
        texts = {opened.index: self._texts(opened) for opened in self._opened}
        whys = {opened.index: self._whys(opened) for opened in self._opened}
        return [
            row_view(
                self._opened[c.source].source,
                whys[c.source].get(c.key, c.values),
                texts[c.source].get(c.key),
                c.overlay,
            )
            for c in self._found
            if c.values is not None
        ]

    def _whys(self, opened: OpenSource) -> dict[str, Values]:
        """A source's rows that do not match and were read from pages, as their sheets have them."""
        mine = (c for c in self._found if c.source == opened.index and not c.overlay)
        keys = [c.key for c in mine if c.values and unsaid(c.values)]
        return opened.reader.get_differing(keys) if keys else {}

    def _texts(self, opened: OpenSource) -> dict[str, Values]:
        """The listings of a source's rows, by key."""
        keys = [c.key for c in self._found if c.source == opened.index and not is_unlisted(c.key)]
        listings = opened.listings if keys else None
        return listings[1].get(keys) if listings else {}


@dataclass
class PlainBudget(Budget):
    """Frames of rows and of their listings together: a page ends early rather than read more."""

    opened: OpenSource | None = None
    listed: set[int] = field(default_factory=set)

    def take(self, frames: int) -> bool:
        left = self.taken + frames + max(1, len(self.listed)) <= self.frames
        self.taken += frames if left else 0
        return left

    def affords(self, candidate: Candidate) -> bool:
        needed = self.listed | self._listing_frame(candidate.key)
        fits = self.taken + len(needed) <= self.frames
        if fits:
            self.listed = needed
        return fits

    def _listing_frame(self, key: str) -> set[int]:
        listings = self.opened.listings if self.opened else None
        if listings is None or is_unlisted(key):
            return set()
        return {max(0, bisect_right(listings[0].first_keys, key) - 1)}

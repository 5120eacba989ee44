"""Streams of rows that fit, from one source: lazily, so that only what is shown is read."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import merge
from typing import Any

from trueup.books.manifest import Frame, Manifest, load_manifest
from trueup.books.pages import Page
from trueup.books.reader import BookReader
from trueup.books.schema import LISTINGS, ROWS, RowUnknown
from trueup.domain.outcomes import Reason
from trueup.domain.overlays import Overlay
from trueup.ports import PageStore
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.sources import Source
from trueup.usecases.rows.why import cause_word

Values = dict[str, Any]
BATCH = 12
"""Frames that are read by one call where many will be needed."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row of a source; `values` None: the request's budget of pages is spent, go on here."""

    key: str
    source: int
    values: Values | None
    overlay: Overlay | None = None

    @property
    def order(self) -> tuple[str, int]:
        return self.key, self.source


@dataclass
class Budget:
    """Frames that one request may still read while it looks for rows."""

    frames: int
    taken: int = 0

    def take(self, frames: int) -> bool:
        """Whether there was anything left; the last batch may overdraw it."""
        left = self.taken < self.frames
        self.taken += frames if left else 0
        return left

    def affords(self, candidate: "Candidate") -> bool:  # noqa: ARG002 - narrower budgets look
        """Whether showing a row (its listing has to be read) is within the budget."""
        return True


class OpenSource:
    """A source with its manifests, loaded when first needed."""

    def __init__(self, store: PageStore, index: int, source: Source) -> None:
        self.index = index
        self.source = source
        self.store = store
        self.manifest = load_manifest(store, source.book, source.version.manifest)
        self.reader = BookReader(store, source.book, ROWS, self.manifest)

    @cached_property
    def listings(self) -> tuple[Manifest, BookReader] | None:
        """The listings that the run compared."""
        pinned = self.source.listings
        if pinned is None:
            return None
        manifest = load_manifest(self.store, pinned.book, pinned.manifest)
        return manifest, BookReader(self.store, pinned.book, LISTINGS, manifest)


def candidates(
    opened: OpenSource, filters: Filters, lo: str | None, hi: str | None, budget: Budget
) -> Iterator[Candidate]:
    """The rows of a source that fit, in key order from `lo` to before `hi`.

    Rows that were compared again since are laid over those of the last run.
    """
    below = _stored(opened, filters, lo, hi, budget)
    laid = opened.source.overlays
    if not laid:
        return below
    kept = (c for c in below if c.values is None or c.key not in laid)
    above = list(overlaid(opened, filters, lo, hi))
    return merge(kept, above, key=lambda candidate: candidate.order)


def overlaid(
    opened: OpenSource, filters: Filters, lo: str | None, hi: str | None
) -> Iterator[Candidate]:
    """The overlays that fit: each was checked, whatever became of the last run."""
    rows = (
        Candidate(key, opened.index, overlay.row, overlay)
        for key, overlay in sorted(opened.source.overlays.items())
        if _inside(key, lo, hi)
    )
    fitting = (row for row in rows if fits(filters, row.values or {}, checked=True))
    return _with_title(opened, filters.title, fitting)


def _stored(
    opened: OpenSource, filters: Filters, lo: str | None, hi: str | None, budget: Budget
) -> Iterator[Candidate]:
    checked = opened.source.checked
    if filters.impossible(checked=checked):
        return iter(())
    if filters.only_differing(checked=checked):
        found = _differing(opened, filters, lo, hi, budget)
    elif filters.title:
        found = _titled(opened, filters, lo, hi, budget)
    else:
        found = _all(opened, lo, hi, budget)
    return (c for c in found if c.values is None or fits(filters, c.values, checked=checked))


def fits(filters: Filters, values: Values, *, checked: bool) -> bool:
    reason, gap = Reason(values["reason"]), gap_of(values)
    return filters.accepts(reason, gap, cause_word(values), checked=checked)


def gap_of(values: Values) -> int | None:
    """Publishable - reported, channel units; None where either is unknown."""
    if values["unknown"] & (RowUnknown.SELLABLE | RowUnknown.REPORTED):
        return None
    gap: int = values["publishable"] - values["reported"]
    return gap


def _all(opened: OpenSource, lo: str | None, hi: str | None, budget: Budget) -> Iterator[Candidate]:
    """Page by page: the next is read only when somebody asks for its rows."""
    for frame in opened.manifest.between(lo, hi):
        if not budget.take(1):
            yield _stop(opened, frame.first_key, lo)
            return
        for _, page in opened.reader.pages([frame]):
            yield from _rows(opened, page, lo, hi)


def _differing(
    opened: OpenSource, filters: Filters, lo: str | None, hi: str | None, budget: Budget
) -> Iterator[Candidate]:
    """From the sheets alone; titles only of rows that are in them."""
    frames = [frame for frame in opened.manifest.between(lo, hi) if frame.sheet_rows]
    for batch in _batches(frames):
        if not budget.take(len(batch)):
            yield _stop(opened, batch[0].first_key, lo)
            return
        start, end = _span(opened.manifest, batch)
        for page in opened.reader.differing(_later(start, lo), _earlier(end, hi)):
            yield from _with_title(opened, filters.title, _rows(opened, page, lo, hi))


def _titled(
    opened: OpenSource, filters: Filters, lo: str | None, hi: str | None, budget: Budget
) -> Iterator[Candidate]:
    """Through the listings, and then only the pages of rows that hold a hit."""
    listings = opened.listings
    if listings is None:
        return
    manifest, reader = listings
    for batch in _batches(manifest.between(lo, hi)):
        if not budget.take(len(batch)):
            yield _stop(opened, batch[0].first_key, lo)
            return
        keys = [key for _, page in reader.pages(batch) for key in titled(page, filters.title)]
        rows = opened.reader.get([key for key in keys if _inside(key, lo, hi)])
        yield from (Candidate(key, opened.index, rows[key]) for key in sorted(rows))


def titled(page: Page, part: str) -> Iterator[str]:
    """Keys of a listings page whose title contains `part`, whatever the case."""
    wanted = part.casefold()
    titles = page.texts.get("title", [])
    return (key for key, title in zip(page.keys, titles, strict=True) if wanted in title.casefold())


def _with_title(opened: OpenSource, part: str, rows: Iterator[Candidate]) -> Iterator[Candidate]:
    if not part:
        yield from rows
        return
    listings = opened.listings
    if listings is None:
        return
    kept = {row.key: row for row in rows}
    for key, listing in listings[1].get(list(kept)).items():
        if part.casefold() in listing["title"].casefold():
            yield kept[key]


def _rows(opened: OpenSource, page: Page, lo: str | None, hi: str | None) -> Iterator[Candidate]:
    start = bisect_left(page.keys, lo) if lo else 0
    stop = bisect_left(page.keys, hi) if hi is not None else len(page)
    return (Candidate(page.keys[i], opened.index, page.row(i)) for i in range(start, stop))


def _batches(frames: Sequence[Frame]) -> Iterator[Sequence[Frame]]:
    return (frames[i : i + BATCH] for i in range(0, len(frames), BATCH))


def _span(manifest: Manifest, batch: Sequence[Frame]) -> tuple[str, str | None]:
    """Keys from the first frame's to before the frame after the last."""
    after = bisect_left(manifest.first_keys, batch[-1].first_key) + 1
    end = manifest.first_keys[after] if after < len(manifest.frames) else None
    return batch[0].first_key, end


def _later(key: str, lo: str | None) -> str:
    return key if lo is None else max(key, lo)


def _earlier(key: str | None, hi: str | None) -> str | None:
    both = [bound for bound in (key, hi) if bound is not None]
    return min(both, default=None)


def _inside(key: str, lo: str | None, hi: str | None) -> bool:
    return (lo is None or key >= lo) and (hi is None or key < hi)


def _stop(opened: OpenSource, key: str, lo: str | None) -> Candidate:
    return Candidate(_later(key, lo), opened.index, None)

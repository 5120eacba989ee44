"""Which rows a plan is about, location by location: the part that differs from kind to kind.

A force plan takes the rows of its scope (`Scoped`). A retry and an undo bring `Targets` of their
own and give them to `planning.KINDS`: all else of planning is the same for all kinds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol

from trueup.books.manifest import Manifest, load_manifest
from trueup.books.reader import BookReader
from trueup.books.schema import ROWS
from trueup.domain.accounts import Account
from trueup.domain.force import Scope, Skip
from trueup.domain.keys import BEHIND, sku_of
from trueup.domain.outcomes import Outcome, Status
from trueup.domain.time import milliseconds
from trueup.ports import PageStore
from trueup.usecases.rows.candidates import Budget, OpenSource, candidates
from trueup.usecases.rows.filters import Direction, Filters
from trueup.usecases.rows.sources import Source

_ALL_FRAMES = 2**62
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One row of a plan's scope, as it is visible: the newest overlay of it, else its page's.

    `values`: the columns of DIFFERENCES, or of ROWS where it matched. `captured_at`: milliseconds.
    `version`: the one that it was compared in, 0 for an overlay's, which has no number. `named`:
    somebody asked for this row itself. `restore`: an undo's quantity, channel units, which goes
    before what is publishable; `above`: also where it is more. `skip`: why it is not pushed, where
    that is known before. `retry_of`: the id of the push that is tried again, as the `attempts`-th.
    """

    key: str
    values: Values
    captured_at: int
    version: int
    named: bool = False
    restore: int | None = None
    above: bool = False
    skip: Skip = Skip.NOT_SKIPPED
    attempts: int = 1
    retry_of: str = ""
    note: str = ""


@dataclass(frozen=True)
class Visible:
    """The rows of one channel location that a plan is made from: a version with its overlays."""

    account: Account
    source: Source
    pages: PageStore

    @property
    def location(self) -> str:
        return self.source.place.id

    @property
    def version(self) -> int:
        return self.source.version.version

    @property
    def as_of(self) -> int:
        """When the version was captured, milliseconds."""
        return milliseconds(self.source.version.as_of)

    @property
    def reader(self) -> BookReader:
        return BookReader(self.pages, self.source.book, ROWS, self.manifest)

    @property
    def manifest(self) -> Manifest:
        return load_manifest(self.pages, self.source.book, self.source.version.manifest)

    def wanted(self, values: Values, **more: Any) -> Wanted:
        """A row by its columns, from wherever they were read."""
        key = str(values["key"])
        overlay = self.source.overlays.get(key)
        if overlay is None:
            return Wanted(key, values, self.as_of, self.version, **more)
        return Wanted(key, overlay.row, milliseconds(overlay.captured_at), 0, **more)

    def at(self, keys: Sequence[str]) -> dict[str, Wanted]:
        """Rows of sorted keys by key; those that are not there are left out."""
        reader = self.reader
        found = reader.get(keys) | reader.get_differing(keys)
        laid = {key: self.source.overlays[key].row for key in keys if key in self.source.overlays}
        return {key: self.wanted(row, named=True) for key, row in (found | laid).items()}

    def of_skus(self, skus: Sequence[str], lo: str) -> Iterator[Wanted]:
        """All rows of sorted SKUs from the key `lo` on; reads only the pages that they are in."""
        manifest, wanted = self.manifest, frozenset(skus)
        reader = BookReader(self.pages, self.source.book, ROWS, manifest)
        frames = {
            frame.first_key: frame
            for sku in skus
            if sku + BEHIND > lo
            for frame in manifest.between(max(sku, lo), sku + BEHIND)
        }
        for _, page in reader.pages(list(frames.values())):
            keys = [key for key in page.keys if key >= lo and sku_of(key) in wanted]
            yield from map(itemgetter(1), sorted(self.at(keys).items()) if keys else ())


class Targets(Protocol):
    """What a plan is about."""

    def rows(self, visible: Visible, lo: str) -> Iterator[Wanted]:
        """Rows of one location in the order of their keys, from `lo` on.

        Lazily: as many are read as fit into a turn. Asked again, it gives the same.
        """
        ...


@dataclass(frozen=True, slots=True)
class Scoped:
    """The rows of a force plan: of some SKUs, or those that do not match and fit the filters."""

    scope: Scope

    def rows(self, visible: Visible, lo: str) -> Iterator[Wanted]:
        """As `Targets` says. Of rows that were not named, only the sheets are read."""
        if self.scope.skus:
            return _merged_laid(visible, sorted(set(self.scope.skus)), lo)
        opened = OpenSource(visible.pages, 0, visible.source)
        found = candidates(opened, self._filters, lo or None, None, Budget(_ALL_FRAMES))
        return (visible.wanted(c.values) for c in found if c.values is not None)

    @property
    def _filters(self) -> Filters:
        scope = self.scope
        return Filters(
            status=Status.FAILED,
            cause=scope.cause,
            direction=Direction(scope.direction) if scope.direction else None,
            outcome=Outcome(scope.outcome) if scope.outcome else None,
            title=scope.title,
        )


def _merged_laid(visible: Visible, skus: Sequence[str], lo: str) -> Iterator[Wanted]:
    """Rows of SKUs; also those that only an overlay has, which came after the version."""
    known, stored = frozenset(skus), visible.of_skus(skus, lo)
    laid = {k: o for k, o in visible.source.overlays.items() if k >= lo and sku_of(k) in known}
    above = (visible.wanted(overlay.row, named=True) for _, overlay in sorted(laid.items()))
    both = sorted([*stored, *above], key=lambda wanted: wanted.key)
    return (next(group) for _, group in groupby(both, key=lambda wanted: wanted.key))

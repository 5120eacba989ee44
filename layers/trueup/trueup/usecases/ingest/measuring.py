"""What a file would change in the book it is for: rows, and how much would be lost."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from trueup.books.pages import Page
from trueup.books.reader import BookReader
from trueup.books.schema import BASELINE, BookSchema, Unknown
from trueup.domain.imports import Drop

Row = tuple[Any, ...]
"""Key, then values in the order of the schema's columns, integers first."""

_ON_HAND = 1 + BASELINE.ints.index("on_hand")
_STATED = 1 + BASELINE.ints.index("stated")
_UNKNOWN = 1 + BASELINE.ints.index("unknown")
_WHEN = "stated_at"
"""The same position stated again is no change."""


@dataclass(slots=True)
class Measure:
    """Counts of one comparison of a book with what it would become."""

    schema: BookSchema
    complete: bool
    changed: int = 0
    skus_before: int = 0
    skus_after: int = 0
    units_before: int = 0
    units_after: int = 0

    @property
    def drop(self) -> Drop:
        return Drop(
            skus_before=self.skus_before,
            skus_after=self.skus_after,
            units_before=self.units_before,
            units_after=self.units_after,
        )

    def add(self, old: Row | None, new: Row | None) -> None:
        after = new if new is not None or self.complete else old
        self.changed += old != after
        before_units = _units(self.schema, old)
        after_units = _units(self.schema, after)
        if before_units is not None:
            self.skus_before += 1
            self.skus_after += after_units is not None
        self.units_before += before_units or 0
        self.units_after += after_units or 0


def measure(
    schema: BookSchema, old: Iterable[Page], new: Iterable[Page], *, complete: bool
) -> Measure:
    """Compare a book's rows with a file's; both in key order."""
    counts = Measure(schema, complete)
    for before, after in _paired(_rows(schema, old), _rows(schema, new)):
        counts.add(before, after)
    return counts


def changed_rows(book: BookReader, new: Iterable[Page]) -> int:
    """How many rows of a file the book has not as they are; reads only the frames they are in."""
    changed = 0
    for page in new:
        known = book.get(page.keys)
        changed += sum(known.get(row["key"]) != row for row in page.rows())
    return changed


def exceeds(drop: Drop, percent: int) -> bool:
    """Whether more than `percent` of the SKUs or of the units would be lost."""
    lost_skus = drop.skus_before - drop.skus_after
    lost_units = drop.units_before - drop.units_after
    return lost_skus * 100 > drop.skus_before * percent or (
        lost_units > 0 and lost_units * 100 > drop.units_before * percent
    )


def _units(schema: BookSchema, row: Row | None) -> int | None:
    """Units of a known position; a listing counts as known, without units."""
    if row is None:
        return None
    if schema.kind != BASELINE.kind:
        return 0
    unknown = row[_UNKNOWN]
    if not unknown & Unknown.ON_HAND:
        return int(row[_ON_HAND])
    return None if unknown & Unknown.STATED else int(row[_STATED])


def _rows(schema: BookSchema, pages: Iterable[Page]) -> Iterator[Row]:
    for page in pages:
        ints = (page.ints[name] for name in schema.ints if name != _WHEN)
        yield from zip(page.keys, *ints, *(page.texts[name] for name in schema.texts), strict=True)


def _paired(old: Iterator[Row], new: Iterator[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Rows of both sides by key; None where a side has none."""
    mine, theirs = next(old, None), next(new, None)
    while mine is not None or theirs is not None:
        if theirs is None or (mine is not None and mine[0] < theirs[0]):
            yield mine, None
            mine = next(old, None)
        elif mine is None or theirs[0] < mine[0]:
            yield None, theirs
            theirs = next(new, None)
        else:
            yield mine, theirs
            mine, theirs = next(old, None), next(new, None)

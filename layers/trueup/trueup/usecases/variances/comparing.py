"""Comparing a statement with what was expected, SKU by SKU in their order.

A statement of a million SKUs is read page by page; SKUs that did not move and of which it says
what the baseline before said are not looked at any further.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueup.books.pages import Page
from trueup.books.schema import BASELINE, Unknown
from trueup.domain.stock import Position
from trueup.explain.variance_facts import Told
from trueup.explain.variances import explain_variance
from trueup.ledger.standings import Standing, stated_at, stated_by
from trueup.usecases.variances.costs import CostBook, worth
from trueup.usecases.variances.expecting import Expecting
from trueup.usecases.variances.rows import Counted, Row, page_of

STRETCH = 5_000
"""SKUs that are looked at together."""

_NOTHING = Position(0, 0, 0, 0)
_PARTS = Unknown.ON_HAND | Unknown.COMMITTED | Unknown.DAMAGED | Unknown.ON_HOLD
_UNKNOWN = BASELINE.ints.index("unknown")
Ints = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a source stated. `complete`: a SKU that it does not name has none.

    `as_of`, `near`, `known_at`: see `explain.variances.Told`.
    """

    rows: Iterable[Page]
    complete: bool
    as_of: int
    near: int
    known_at: int


class Comparison:
    """One statement compared; `pages` is to be read once, then `counted` is whole."""

    def __init__(self, expecting: Expecting, costs: CostBook, statement: Statement) -> None:
        self._expecting = expecting
        self._costs = costs
        self._statement = statement
        self.counted = Counted()

    def pages(self, beat: Callable[[], None] = lambda: None) -> Iterator[Page]:
        """The rows that differ, by SKU; `beat` is called before each stretch."""
        lo: str | None = None
        for page in _stretches(self._statement.rows):
            beat()
            hi = page.keys[-1] + "\x00"
            yield from self._paged(lo, hi, _ints_of(page))
            lo = hi
        if self._statement.complete:
            yield from self._paged(lo, None, {})

    def _paged(self, lo: str | None, hi: str | None, stated: Mapping[str, Ints]) -> Iterator[Page]:
        found = self._differing(lo, hi, stated)
        if found:
            costs = self._costs.of([sku for sku, _, _ in found])
            rows = [(sku, why, worth(costs[sku], abs(why.delta))) for sku, why, _ in found]
            self.counted.add(rows)
            yield page_of(rows)

    def _differing(self, lo: str | None, hi: str | None, stated: Mapping[str, Ints]) -> list[Row]:
        expecting = self._expecting
        before, touched = expecting.stated(lo, hi), expecting.touched(lo, hi)
        skus = sorted({*stated, *before, *touched}) if self._statement.complete else stated
        looked = [sku for sku in skus if sku in touched or not self._same(sku, before, stated)]
        moved = expecting.standings([sku for sku in looked if sku in touched])
        rows: list[Row] = []
        for sku in looked:
            standing = moved.get(sku) or self._still(sku, before.get(sku))
            rows += self._explained(sku, standing, self._stated(stated.get(sku)))
        return rows

    def _same(self, sku: str, before: Mapping[str, Ints], stated: Mapping[str, Ints]) -> bool:
        """Whether the baseline before said word for word the same."""
        row = stated.get(sku)
        if row is None or before.get(sku) != row:
            return False
        self._count(known=_is_known(row))
        return True

    def _explained(self, sku: str, standing: Standing, stated: Position) -> list[Row]:
        told = Told(
            standing,
            stated,
            self._statement.as_of,
            self._statement.near,
            self._statement.known_at,
            whole=self._expecting.pin.until <= self._expecting.pin.baseline_at,
        )
        found = explain_variance(told)
        self._count(known=found is not None)
        return [(sku, found, {})] if found and found.differs else []

    def _count(self, *, known: bool) -> None:
        self.counted.compared += known
        self.counted.unknown += not known

    def _still(self, sku: str, row: Ints | None) -> Standing:
        """What did not move since the baseline before."""
        pin = self._expecting.pin
        complete = pin.baseline is not None and pin.baseline.complete
        named = _named(row)
        base = stated_by(named, complete=complete)
        known = base is not None and base.sellable is not None
        parts = base or Position()
        return Standing(sku, base if known else None, max(pin.base_at, stated_at(named)), parts)

    def _stated(self, row: Ints | None) -> Position:
        return _NOTHING if row is None else stated_by(_named(row), complete=False) or Position()


def _named(row: Ints | None) -> dict[str, Any] | None:
    return None if row is None else dict(zip(BASELINE.ints, row, strict=True))


def _is_known(row: Ints) -> bool:
    unknown = row[_UNKNOWN]
    return not unknown & _PARTS or not unknown & Unknown.STATED


def _ints_of(page: Page) -> dict[str, Ints]:
    columns: Sequence[Sequence[int]] = [page.ints[name] for name in BASELINE.ints]
    return dict(zip(page.keys, zip(*columns, strict=True), strict=True))


def _stretches(pages: Iterable[Page]) -> Iterator[Page]:
    for page in pages:
        for start in range(0, len(page), STRETCH):
            yield page.slice(start, min(start + STRETCH, len(page)))

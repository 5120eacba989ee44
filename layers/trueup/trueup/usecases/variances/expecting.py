"""What a location's ledger expects of SKUs at an instant, upon a given baseline."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from trueup.books.schema import BASELINE
from trueup.domain.ledger import LedgerPin
from trueup.domain.movements import Movement
from trueup.domain.pins import BookPin
from trueup.domain.time import milliseconds
from trueup.ledger.books import POSITIONS
from trueup.ledger.fold import OCCURRED, advance
from trueup.ledger.standings import Standing, standing_of
from trueup.ports import Ledger, PageStore, Registry
from trueup.usecases.books import open_book
from trueup.usecases.ledger.checkpoints import Asked, pin_upon
from trueup.usecases.ledger.gathering import gather
from trueup.usecases.ledger.states import stated_for, states_at

_SKU = attrgetter("sku")


def pin_expected(registry: Registry, ledger: Ledger, location: str, before: BookPin) -> LedgerPin:
    """The ledger upon a baseline, with all movements after it apart.

    So that each of them can be told of. They must fit into memory, as for a closing.
    """
    at = 0 if before.as_of is None else milliseconds(before.as_of)
    return pin_upon(registry, ledger, location, before, Asked(at=at))


class Expecting:
    """Standings of SKUs upon a pin. Movements are in memory, books are read by range."""

    def __init__(self, pages: PageStore, ledger: Ledger, pin: LedgerPin) -> None:
        self.pin = pin
        self._pages = pages
        self._told = {sku: list(m) for sku, m in groupby(gather(ledger, pin), key=_SKU)}
        self._moved = sorted(self._told)
        self._positions = pin.positions and open_book(pages, pin.positions, POSITIONS)
        self._base = pin.baseline and open_book(pages, pin.baseline, BASELINE)

    def touched(self, lo: str | None, hi: str | None) -> set[str]:
        """SKUs from `lo` to before `hi` of which more is known than the baseline says."""
        start = bisect_left(self._moved, lo) if lo is not None else 0
        stop = bisect_left(self._moved, hi) if hi is not None else len(self._moved)
        found = set(self._moved[start:stop])
        if self._positions:
            found.update(key for page in self._positions.scan(lo, hi) for key in page.keys)
        return found

    def stated(self, lo: str | None, hi: str | None) -> dict[str, tuple[int, ...]]:
        """Rows of the baseline from `lo` to before `hi`, as `BASELINE.ints`."""
        pages = self._base.scan(lo, hi) if self._base else ()
        return {
            key: row
            for page in pages
            for key, row in zip(
                page.keys, zip(*(page.ints[n] for n in BASELINE.ints), strict=True), strict=True
            )
        }

    def standings(self, skus: Sequence[str]) -> dict[str, Standing]:
        """Of some sorted SKUs."""
        return dict(standings(self._pages, self.pin, skus, self._told))


def standings(
    pages: PageStore, pin: LedgerPin, skus: Sequence[str], told: Mapping[str, list[Movement]]
) -> Iterator[tuple[str, Standing]]:
    """Standings at the pin's base, with all movements after it; `told`: those not covered."""
    states = states_at(pages, pin, skus)
    anew = pin.baseline_at > pin.until
    stated = stated_for(pages, pin, skus) if anew else {}
    for sku, state in states.items():
        moves = told.get(sku, [])
        says = stated.get(sku)
        base_at = max(pin.base_at, says.at) if says else pin.base_at
        split = bisect_right(moves, base_at, key=OCCURRED)
        advance(state, moves[:split], says)
        yield sku, standing_of(sku, state, base_at, moves[split:])

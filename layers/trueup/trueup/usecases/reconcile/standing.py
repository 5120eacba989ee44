"""What a pinned ledger says of the SKUs that moved: shard by shard, so that one is in memory."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from trueup.books.schema import BASELINE
from trueup.domain.ledger import LedgerPin
from trueup.domain.movements import Movement
from trueup.ledger.fold import OCCURRED
from trueup.ledger.standings import Standing, standing_of, stated_by
from trueup.ports import Ledger, PageStore
from trueup.usecases.books import open_book
from trueup.usecases.ledger.gathering import BY_SKU, uncovered
from trueup.usecases.ledger.states import states_at

_SKU = attrgetter("sku")


def standings(pages: PageStore, ledger: Ledger, pin: LedgerPin, shard: int) -> Iterator[Standing]:
    """Of the SKUs of a shard with movements that the pin's checkpoint does not cover, by SKU."""
    movements = sorted(uncovered(ledger, pin, shard), key=BY_SKU)
    yield from standings_of(pages, pin, movements)


def standings_of(
    pages: PageStore, pin: LedgerPin, movements: Sequence[Movement]
) -> Iterator[Standing]:
    """Of some SKUs, from all of their movements by SKU and in fold order."""
    skus = list(dict.fromkeys(movement.sku for movement in movements))
    bases = _Bases(pages, pin, skus)
    for sku, told in groupby(movements, key=_SKU):
        yield bases.standing(sku, _each_once(list(told)))


class _Bases:
    """What the checkpoint and the baseline of a pin say of some SKUs."""

    def __init__(self, pages: PageStore, pin: LedgerPin, skus: Sequence[str]) -> None:
        self._pin = pin
        self._states = states_at(pages, pin, skus)
        self._anchored = pin.baseline is not None and pin.baseline_at > pin.until
        self._rows: Mapping[str, Mapping[str, int]] = {}
        if self._anchored and pin.baseline is not None:
            self._rows = open_book(pages, pin.baseline, BASELINE).get(skus)

    def standing(self, sku: str, movements: list[Movement]) -> Standing:
        state = self._states[sku]
        if self._anchored and self._pin.baseline is not None:
            at = self._pin.baseline_at
            before = [movement for movement in movements if OCCURRED(movement) <= at]
            state.run(before)
            stated = stated_by(self._rows.get(sku), complete=self._pin.baseline.complete)
            state.anchor(stated, at)
            movements = movements[len(before) :]
        return standing_of(sku, state, self._pin.base_at, movements)


def _each_once(movements: list[Movement]) -> list[Movement]:
    """Should an identity ever be stored twice, it counts once all the same."""
    return [m for i, m in enumerate(movements) if not i or m.order != movements[i - 1].order]

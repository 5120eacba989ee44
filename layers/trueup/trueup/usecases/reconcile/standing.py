"""What a pinned ledger says of some SKUs that moved, their bases included."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from operator import attrgetter

from trueup.domain.ledger import LedgerPin
from trueup.domain.movements import Movement
from trueup.domain.stock import Position
from trueup.ledger.fold import OCCURRED, advance
from trueup.ledger.standings import Standing, standing_of
from trueup.ledger.state import Stated
from trueup.ports import PageStore
from trueup.usecases.ledger.states import stated_for, states_at

_SKU = attrgetter("sku")


def standings_of(
    pages: PageStore, pin: LedgerPin, movements: Sequence[Movement]
) -> Iterator[Standing]:
    """Of some SKUs, from all of their movements by SKU and in fold order."""
    told = {sku: _each_once(list(mine)) for sku, mine in groupby(movements, key=_SKU)}
    bases = _Bases(pages, pin, told)
    return (bases.standing(sku, mine) for sku, mine in told.items())


class _Bases:
    """What the checkpoint and the baseline of a pin say of some SKUs."""

    def __init__(
        self, pages: PageStore, pin: LedgerPin, told: Mapping[str, Sequence[Movement]]
    ) -> None:
        self._base_at = pin.base_at
        self._stated: Mapping[str, Stated] | None = None
        if pin.baseline is not None and pin.baseline_at > pin.until:
            self._stated = stated_for(pages, pin, list(told))
        plain = self._stated is not None and pin.positions is None
        earlier = [sku for sku, mine in told.items() if not plain or self._reaches_back(sku, mine)]
        self._states = states_at(pages, pin, earlier)

    def standing(self, sku: str, movements: list[Movement]) -> Standing:
        state = self._states.get(sku)
        if state is None:
            return self._begun(sku, movements)
        if self._stated is None:
            return standing_of(sku, state, self._base_at, movements)
        stated = self._stated[sku]
        split = bisect_right(movements, stated.at, key=OCCURRED)
        advance(state, movements[:split], stated)
        return standing_of(sku, state, stated.at, movements[split:])

    def _reaches_back(self, sku: str, movements: Sequence[Movement]) -> bool:
        return self._stated is not None and movements[0].occurred_at <= self._stated[sku].at

    def _begun(self, sku: str, movements: list[Movement]) -> Standing:
        """Of a SKU of which nothing is known before its baseline."""
        says = self._stated[sku] if self._stated else Stated(None, self._base_at)
        stated = says.position
        known = stated is not None and stated.sellable is not None
        return Standing(
            sku=sku,
            base=stated if known else None,
            base_at=says.at,
            parts=stated or Position(),
            movements=tuple(m for m in movements if not m.claim),
            claims=tuple(m for m in movements if m.claim),
        )


def _each_once(movements: list[Movement]) -> list[Movement]:
    """Should an identity ever be stored twice, it counts once all the same."""
    if len(movements) < 2:  # noqa: PLR2004 - nothing to be twice
        return movements
    first = movements[0]
    return [first, *(m for before, m in pairwise(movements) if not _same(before, m))]


def _same(one: Movement, two: Movement) -> bool:
    return one.occurred_at == two.occurred_at and one.order == two.order

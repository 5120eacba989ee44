"""An account's first live force: of the SKUs that it may push, the most urgent ones."""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from trueup.domain.force import ForcePlan, Skip, StageState
from trueup.domain.keys import sku_of
from trueup.ports import Registry
from trueup.usecases.force.planned_rows import Row
from trueup.usecases.whole import all_of

_Rank = tuple[int, int]


def is_first(registry: Registry, account: str) -> bool:
    """Whether nothing was ever set at the account's channel by a plan that is kept."""
    plans = (stored.value for stored in all_of(registry, ForcePlan, account))
    return not any(_has_set(plan) for plan in plans)


def _has_set(plan: ForcePlan) -> bool:
    ended = (stage for stage in plan.stages if stage.state is StageState.ENDED)
    return any(stage.counts.success + stage.counts.submitted for stage in ended)


class MostUrgent:
    """The so many most urgent SKUs of all rows given, whatever their order.

    By the most urgent row of each: oversold before decreases before increases, then by base
    units, then by SKU. Keeps no more than so many.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._best: dict[str, _Rank] = {}
        self._worst: list[tuple[int, int, _Backwards]] = []

    def take(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if not row["skip"]:
                self._take(sku_of(row["key"]), (row["urgency"], -row["units"]))

    def _take(self, sku: str, rank: _Rank) -> None:
        known = self._best.get(sku)
        if known is not None and known <= rank:
            return
        self._best[sku] = rank
        heappush(self._worst, (-rank[0], -rank[1], _Backwards(sku)))
        while len(self._best) > self._most:
            self._drop()

    def _drop(self) -> None:
        """The worst goes, unless a better row of its SKU was seen since."""
        urgency, units, of = heappop(self._worst)
        if self._best.get(of.text) == (-urgency, -units):
            del self._best[of.text]

    @property
    def skus(self) -> frozenset[str]:
        return frozenset(self._best)


class _Backwards:
    """Text that sorts the other way round."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __lt__(self, other: "_Backwards") -> bool:
        return self.text > other.text


def limited(rows: Iterable[Row], chosen: frozenset[str]) -> Iterator[Row]:
    """The rows, of which those of other SKUs are not pushed."""
    for row in rows:
        beyond = not row["skip"] and sku_of(row["key"]) not in chosen
        yield {**row, "skip": Skip.FIRST_LIMIT} if beyond else row

"""Which gaps are tolerated, for whole columns; `domain.tolerances` says it of one row."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trueup.compare.columns import Bools, Chunk, Ints
from trueup.domain.tolerances import Limits, Tolerances


@dataclass(frozen=True, slots=True)
class Allowance:
    """Limits in channel units and in percent of publishable, by row or one for all.

    In the order of `_figures`; empty: nothing is tolerated.
    """

    figures: Sequence[Ints | int] = ()

    @classmethod
    def of(cls, tolerances: Tolerances, listed: Chunk) -> "Allowance":
        """The limits of listings' rows."""
        if not tolerances:
            return cls()
        base = _figures(tolerances.base)
        found = _ruled(tolerances, listed) if tolerances.skus else []
        if not found:
            return cls(base)
        columns = [np.full(len(listed), figure, np.int64) for figure in base]
        for start, stop, limits in found:
            for column, figure in zip(columns, _figures(limits), strict=True):
                column[start:stop] = figure
        return cls(columns)

    def __bool__(self) -> bool:
        return bool(self.figures)

    def tolerates(self, gap: Ints, publishable: Ints, reported: Ints) -> Bools:
        """Which gaps are not 0 and tolerated: never an oversell."""
        over_units, over_percent, under_units, under_percent = self.figures
        over = np.maximum(over_units, publishable * over_percent // 100)
        under = np.maximum(under_units, publishable * under_percent // 100)
        oversold = (publishable == 0) & (reported > 0)
        within: Bools = (gap != 0) & np.where(gap < 0, -gap <= over, gap <= under) & ~oversold
        return within


def _figures(limits: Limits) -> tuple[int, int, int, int]:
    over, under = limits.over, limits.under
    return over.absolute, over.percent, under.absolute, under.percent


def _ruled(tolerances: Tolerances, listed: Chunk) -> list[tuple[int, int, Limits]]:
    """The rows, from and to before, of SKUs that have a rule of their own."""
    found = []
    for sku, limits in tolerances.skus.items():
        start = bisect_left(listed.keys, sku)
        stop = bisect_left(listed.keys, sku + "\x01", start)
        if start < stop:
            found.append((start, stop, limits))
    return found

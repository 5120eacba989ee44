"""Cutting a location's keys into ranges that are compared side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import pairwise
from typing import Protocol

from trueup.domain.keys import sku_of

ROWS_PER_RANGE = 32_768
_PREVIOUS = 0


class Stretch(Protocol):
    """So many rows from a first key on: a frame of a book, a block of a segment."""

    @property
    def first_key(self) -> str: ...
    @property
    def rows(self) -> int: ...


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Keys from `lo` to before `hi`; None: no bound. Both are SKUs, so that no SKU is split."""

    lo: str | None
    hi: str | None


def plan_ranges(
    previous: Sequence[Stretch],
    listings: Sequence[Stretch],
    blocks: Sequence[Stretch] = (),
    rows_per_range: int = ROWS_PER_RANGE,
) -> list[KeyRange]:
    """Ranges, at least one, that follow each other without a gap and cover all keys.

    They begin where frames of the `previous` rows begin, so that each is written by one range
    only. Where those do not know of many rows (a first run, many new ones), they also begin where
    frames of the listings or blocks of the fetch do. At most
    one for each `rows_per_range` rows.
    """
    sources = (previous, listings, blocks)
    totals = [sum(stretch.rows for stretch in source) for source in sources]
    allowed = max(-(-max(totals) // rows_per_range), 1)
    patience = 2 if 2 * totals[_PREVIOUS] >= max(totals) else 1
    while True:
        cuts = list(_cuts(sources, rows_per_range, patience))
        if len(cuts) < allowed:
            return [KeyRange(lo, hi) for lo, hi in pairwise([None, *cuts, None])]
        rows_per_range += max(rows_per_range // 8, 1)


def _cuts(sources: Sequence[Sequence[Stretch]], target: int, patience: int) -> Iterator[str]:
    """SKUs at which ranges begin: as soon as some source has `target` rows in one.

    Where the previous rows have no frame to begin at, `patience` times as many are waited for.
    """
    rows = [0] * len(sources)
    last = ""
    for sku, source, more in merge(*(_marks(number, part) for number, part in enumerate(sources))):
        enough = target if source == _PREVIOUS else patience * target
        if sku > last and max(rows) >= enough:
            yield sku
            last, rows = sku, [0] * len(sources)
        rows[source] += more


def _marks(number: int, stretches: Sequence[Stretch]) -> Iterator[tuple[str, int, int]]:
    return ((sku_of(stretch.first_key), number, stretch.rows) for stretch in stretches)

"""Positions as of an instant: what happened since the base, folded for many rows at once.

`ledger.fold` says what one SKU's movements come to; a property test holds the two together.
Pages of the MOVEMENTS schema tell what each movement adds to each bucket, so that folding is
sums over runs of rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from trueup.books.pages import Page
from trueup.books.schema import MOVEMENTS, Unknown
from trueup.compare.columns import Bools, Chunk, Ints
from trueup.domain.keys import sku_of
from trueup.domain.stock import MAX_QUANTITY

MOVEMENT_INTS = MOVEMENTS.ints
MOVEMENT_TEXTS = MOVEMENTS.texts
_COMMITTED, _ON_HAND = 2, 1
_PARTS = (("committed", _COMMITTED), ("damaged", 3), ("on_hold", 4))
"""Column, and number in `sets`."""

BASE = ("on_hand", "committed", "damaged", "on_hold", "stated", "unknown")
_SUMMED = ("on_hand", "committed", "damaged", "on_hold", "stated", "netted", "quantity")
_FOLDED = (*BASE, "ordinal", "kind", "occurred_at", "sets", "quantity", "netted", "net_group")
_BEYOND = 2 * MAX_QUANTITY
"""Stands for any quantity too large to count exactly."""


class Moves:
    """The movements of some SKUs at one location, in the order of a MOVEMENTS book.

    Of some with the base that they start from; the others start from what is stored of them.
    """

    def __init__(self, movements: Chunk) -> None:
        self.movements = movements
        self.starts = np.flatnonzero(movements.ints["ordinal"] == 0).astype(np.int64)
        self.ends = np.append(self.starts[1:], len(movements)).astype(np.int64)

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def skus(self) -> list[str]:
        """Ascending, each once."""
        keys = self.movements.keys
        return [sku_of(keys[i]) for i in self.starts.tolist()]

    def of(self, sku: int) -> Page:
        """All rows of one SKU, by index."""
        start, stop = int(self.starts[sku]), int(self.ends[sku])
        told = self.movements
        return Page(
            told.keys[start:stop],
            {name: column[start:stop].tolist() for name, column in told.ints.items()},
            {name: column[start:stop] for name, column in told.texts.items()},
        )

    def quantities(self, index: Ints) -> Mapping[str, Any]:
        """The columns to fold at some rows; of unlimited size where sums might need that."""
        return _exact({name: self.movements.ints[name][index] for name in _FOLDED})


def folded(
    moves: Moves, skus: Ints, until: Ints, stored: Mapping[str, Ints] | None = None
) -> dict[str, Ints]:
    """Positions of SKUs, by index, as of an instant each, in the columns of BASELINE.

    `stored`: where each starts from if `moves` does not say, in the same columns; counted or, if
    on hand is not known, stated. A quantity that is too large is one beyond `MAX_QUANTITY`,
    whatever it is.
    """
    runs = _Runs.of(moves, skus, until, stored)
    base = runs.base
    now = {name: runs.part(name, number) for name, number in _PARTS}
    counted, now["on_hand"] = runs.on_hand()
    beside = sum(now[name] for name, _ in _PARTS)
    beside_then = sum(base[name] for name, _ in _PARTS)
    change = now["on_hand"] - base["on_hand"]
    now["stated"] = base["stated"] + beside_then + change - beside
    unknown = np.where(counted, Unknown.STATED, base["unknown"])
    now["on_hand"] = np.where(unknown & Unknown.ON_HAND, 0, now["on_hand"])
    now["stated"] = np.where(unknown & Unknown.STATED, 0, now["stated"])
    ints = {name: np.clip(column, -_BEYOND, _BEYOND) for name, column in now.items()}
    return {name: column.astype(np.int64) for name, column in ints.items()} | {"unknown": unknown}


@dataclass(frozen=True, slots=True)
class _Runs:
    """What is said of each of some rows, one row's behind the other's, none without a base.

    `ints`: columns in this order. `row`: whose it is; `first`: where each row's begin; `counts`:
    it was open at the base, or has occurred by the row's instant. `base`: of each row.
    """

    ints: Mapping[str, Any]
    row: Ints
    first: Ints
    counts: Bools
    base: Mapping[str, Any]

    @classmethod
    def of(
        cls, moves: Moves, skus: Ints, until: Ints, stored: Mapping[str, Ints] | None
    ) -> "_Runs":
        lengths = moves.ends[skus] - moves.starts[skus]
        first = np.cumsum(lengths) - lengths
        row = np.repeat(np.arange(len(skus), dtype=np.int64), lengths)
        index = np.arange(len(row), dtype=np.int64) + (moves.starts[skus] - first)[row]
        ints = moves.quantities(index)
        told = ints["kind"] != 0
        counts = np.where(told, ints["occurred_at"] <= until[row], ints["ordinal"] > 0)
        base = {name: ints[name][first] for name in BASE}
        if stored is not None:
            base = {n: np.where(told[first], stored[n], column) for n, column in base.items()}
        return cls(ints, row, first, counts, _exact(base))

    def on_hand(self) -> tuple[Bools, Any]:
        """Whether each row's on hand was counted, and what it is."""
        last = self._last_count(_ON_HAND)
        return last >= 0, self._since("on_hand", last)

    def part(self, name: str, number: int) -> Any:
        last = self._last_count(number)
        found = self._since(name, last)
        return found + self._netted(last) if number == _COMMITTED else found

    def _last_count(self, number: int) -> Ints:
        """Where each row's last count of a bucket is; -1: there is none."""
        is_count = self.counts & (self.ints["sets"] == number)
        if not is_count.any():
            return np.full(len(self.first), -1, np.int64)
        places = np.arange(len(self.row), dtype=np.int64)
        last: Ints = np.maximum.reduceat(np.where(is_count, places, -1), self.first)
        return last

    def _since(self, name: str, last: Ints) -> Any:
        """What a bucket comes to: its last count and what followed, or the base and all since."""
        if (last < 0).all():
            sums = np.add.reduceat(np.where(self.counts, self.ints[name], 0), self.first)
            return sums + self.base[name]
        after = self.counts & (np.arange(len(self.row)) > last[self.row])
        sums = np.add.reduceat(np.where(after, self.ints[name], 0), self.first)
        return sums + np.where(last >= 0, self.ints["quantity"][last], self.base[name])

    def _netted(self, last: Ints) -> Any:
        """What the references' commitments changed by since the last count, or else the base."""
        netting = np.flatnonzero(self.counts & (self.ints["net_group"] >= 0))
        rows, units = self.row[netting], self.ints["netted"][netting]
        sums = np.zeros(len(self.first), units.dtype)
        if not netting.size:
            return sums
        groups = self.ints["net_group"][netting]
        by_reference = rows * (1 + int(groups.max())) + groups
        order = np.argsort(by_reference, kind="stable")
        begins = np.flatnonzero(np.diff(by_reference[order], prepend=-1))
        before = (self.ints["kind"][netting] == 0) | (netting <= last[rows])
        was = np.add.reduceat(np.where(before, units, 0)[order], begins)
        now = np.add.reduceat(units[order], begins)
        np.add.at(sums, rows[order[begins]], np.maximum(now, 0) - np.maximum(was, 0))
        return sums


def _exact(ints: Mapping[str, Ints]) -> Mapping[str, Any]:
    """The columns; those of quantities of unlimited size where sums might need that."""
    summed = [name for name in _SUMMED if name in ints]
    largest = max(int(np.abs(ints[name]).max(initial=0)) for name in summed)
    if largest * len(ints[summed[0]]) <= MAX_QUANTITY:
        return ints
    return {**ints, **{name: ints[name].astype(object) for name in summed}}

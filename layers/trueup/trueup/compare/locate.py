"""Where the keys of one sorted list are in another, at the speed of list comparison."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import ne

import numpy as np

from trueup.compare.columns import Bools, Ints
from trueup.domain.errors import DefectError

_STRIDE = 256
"""Keys compared at a time. Longer strides save little; a difference costs a scan of one."""
_FEW = 32
"""Differences are stepped over as long as there is at most one in so many keys."""


@dataclass(frozen=True, slots=True)
class Match:
    """For each of `rows` keys its index in a list of `size`, -1 where it is not there.

    `index` None: the two lists are equal.
    """

    rows: int
    size: int
    index: Ints | None

    @property
    def found(self) -> Bools:
        return np.ones(self.rows, np.bool_) if self.index is None else self.index >= 0

    def gather(self, column: Ints) -> Ints:
        """The column's values for these keys, 0 where there is none."""
        if self.index is None:
            return column
        if not self.size:
            return np.zeros(self.rows, np.int64)
        return np.where(self.index >= 0, column[self.index], 0)

    def gather_flags(self, flags: Bools) -> Bools:
        return self.gather(flags.astype(np.int64)).astype(np.bool_)

    @property
    def indexes(self) -> Ints:
        return np.arange(self.rows, dtype=np.int64) if self.index is None else self.index

    def rows_at(self, rows: Ints) -> "Match":
        """The same for some of the keys alone."""
        return Match(len(rows), self.size, self.indexes[rows])

    def left(self) -> Ints:
        """Indexes of the other list that no key found, ascending."""
        if self.index is None:
            return np.zeros(0, np.int64)
        unused = np.ones(self.size, np.bool_)
        unused[self.index[self.index >= 0]] = False
        return np.flatnonzero(unused).astype(np.int64)


def locate(keys: list[str], others: list[str]) -> Match:
    """Find ascending `keys`, repeats allowed, in strictly ascending `others`.

    Raises DefectError if `others` is found to hold a key twice.
    """
    if keys == others:
        return Match(len(keys), len(others), None)
    index = _by_runs(keys, others)
    if index is None:
        index = _by_dict(keys, others)
    return Match(len(keys), len(others), index)


def _by_dict(keys: list[str], others: list[str]) -> Ints:
    places = dict(zip(others, range(len(others)), strict=True))
    if len(places) != len(others):
        raise DefectError(f"a key is there twice between {others[0]!r} and {others[-1]!r}")
    return np.fromiter(map(places.get, keys, repeat(-1)), np.int64, len(keys))


def _by_runs(keys: list[str], others: list[str]) -> Ints | None:
    """Step over the few differences between long equal runs; None: there are too many."""
    index = np.full(len(keys), -1, np.int64)
    limit = _FEW + len(keys) // _FEW
    for runs, (at, place, length) in enumerate(_runs(keys, others)):
        if runs > limit:
            return None
        index[at : at + length] = np.arange(place, place + length)
    return index


def _runs(keys: list[str], others: list[str]) -> Iterator[tuple[int, int, int]]:
    """Where both lists run alike: index in the one, index in the other, length."""
    i = j = 0
    while i < len(keys):
        if j and keys[i] == others[j - 1]:
            j -= 1  # one more listing of the same SKU
        if j == len(others):
            return
        length = _alike(keys, i, others, j)
        yield i, j, length
        i, j = i + length, j + length
        if i == len(keys) or j == len(others):
            continue
        if j and others[j] <= others[j - 1]:
            raise DefectError(f"a key is there twice or out of order: {others[j]!r}")
        if keys[i] > others[j]:
            j += 1
        elif not j or keys[i] != others[j - 1]:
            i += 1


def _alike(keys: Sequence[str], i: int, others: Sequence[str], j: int) -> int:
    """How many keys from `i` on equal those from `j` on."""
    start = i
    while True:
        mine, theirs = keys[i : i + _STRIDE], others[j : j + _STRIDE]
        if len(mine) != len(theirs):
            size = min(len(mine), len(theirs))
            mine, theirs = mine[:size], theirs[:size]
        if mine != theirs:
            return i - start + list(map(ne, mine, theirs)).index(True)
        i, j = i + len(mine), j + len(mine)
        if len(mine) < _STRIDE:
            return i - start

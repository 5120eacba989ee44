"""Movements as pages of the MOVEMENTS schema: what a run keeps of SKUs whose base is stored.

The same as `ledger.paging.page_of`, without rows of bases, and for many movements at once.
"""

from itertools import pairwise
from operator import add, itemgetter

import numpy as np

from trueup.books.pages import Page
from trueup.books.schema import MOVEMENTS
from trueup.compare.columns import Bools, Ints, Packer
from trueup.domain.movements import BUCKETS, MovementKind
from trueup.ledger.blocks import Columns
from trueup.ledger.paging import key_of, one_unit

_ADDED = (*(bucket.value for bucket in BUCKETS), "netted")
_SAID = ("kind", "quantity", "occurred_at", "releases", "claim", "recorded_at")


def page_of_columns(told: Columns) -> Page:
    """All movements of some SKUs since their bases, in any order, each once in the page."""
    skus = sorted(set(told["sku"]))
    ranks = dict(zip(skus, range(len(skus)), strict=True))
    sku = np.fromiter(map(ranks.__getitem__, told["sku"]), np.int64, len(told["sku"]))
    order = _order(told, sku)
    sku, rows = sku[order], _Rows(told, order)
    first = np.flatnonzero(np.diff(sku, prepend=-1))
    ordinal = np.arange(len(sku)) - first[sku]
    ints = {name: rows.ints(name) for name in _SAID}
    ints |= {"ordinal": ordinal, **_effects(rows, ints)}
    ints["net_group"] = _groups(rows, ints["netted"], sku, first)
    behind = [key_of("", number) for number in range(1 + int(ordinal.max(initial=0)))]
    keys = map(add, rows.texts("sku"), map(behind.__getitem__, ordinal.tolist()))
    texts = {name: rows.texts(name) for name in MOVEMENTS.texts}
    return Page(list(keys), Packer().packed(ints), {n: c for n, c in texts.items() if any(c)})


class _Rows:
    """Columns in another order."""

    def __init__(self, told: Columns, order: Ints) -> None:
        self._told = told
        self._order = order
        # Asked for its first as well, since of one row alone it answers no tuple.
        self._pick = itemgetter(0, *order.tolist())

    def ints(self, name: str) -> Ints:
        return np.array(self._told[name], np.int64)[self._order]

    def texts(self, name: str) -> list[str]:
        column = self._told[name]
        if column[0] == column[-1] and column.count(column[0]) == len(column):
            return column[: len(self._order)]
        return list(self._pick(column)[1:])


def _order(told: Columns, sku: Ints) -> Ints:
    """By SKU and in fold order. Should an identity ever be stored twice, it counts once."""
    at = np.array(told["occurred_at"], np.int64)
    order = np.lexsort((at, sku))
    alike = (np.diff(sku[order]) == 0) & (np.diff(at[order]) == 0)
    return _by_identity(told, sku, order.tolist()) if alike.any() else order.astype(np.int64)


def _by_identity(told: Columns, sku: Ints, order: list[int]) -> Ints:
    names = ("occurred_at", "source", "id")
    identities = list(zip(sku.tolist(), *(told[name] for name in names), strict=True))
    order.sort(key=identities.__getitem__)
    twice = (row for before, row in pairwise(order) if identities[before] == identities[row])
    again = set(twice)
    return np.array([row for row in order if row not in again], np.int64)


def _effects(rows: _Rows, said: dict[str, Ints]) -> dict[str, Ints]:
    """What each adds to each bucket and to the commitment of its reference, and what it sets."""
    kinds = np.where(said["claim"] == 0, said["kind"], 0)
    *units, sets = _one_units(kinds, rows.texts("bucket"), rows.texts("disposition"))
    changes = [unit * said["quantity"] for unit in units]
    effects = dict(zip(_ADDED, changes, strict=True))
    _release(effects, said["releases"], kinds == MovementKind.SHIP, rows.texts("reference"))
    return effects | {"sets": sets}


def _one_units(kinds: Ints, buckets: list[str], dispositions: list[str]) -> Ints:
    """`one_unit` of each, which are few."""
    numbers: dict[tuple[int, str, str], int] = {}
    known = numbers.setdefault
    alike = zip(kinds.tolist(), buckets, dispositions, strict=True)
    which = [known(kind, len(numbers)) for kind in alike]
    units: Ints = np.array([one_unit(*kind) for kind in numbers], np.int64)[which].T
    return units


def _release(effects: dict[str, Ints], releases: Ints, ships: Bools, references: list[str]) -> None:
    """A ship releases what it says itself, or else what its reference has reserved."""
    says = ships & (releases >= 0)
    effects["committed"][says] = -releases[says]
    nameless = np.array([not reference for reference in references])
    effects["netted"][says | (ships & nameless)] = 0


def _groups(rows: _Rows, netted: Ints, sku: Ints, first: Ints) -> Ints:
    """Numbers the references that commitments are netted by, small ones within each SKU; or -1."""
    numbers: dict[str, int] = {}
    found = [numbers.setdefault(text, len(numbers)) for text in rows.texts("reference")]
    groups = np.array(found, np.int64)
    least = np.minimum.reduceat(groups, first)
    return np.where(netted != 0, groups - least[sku], -1)

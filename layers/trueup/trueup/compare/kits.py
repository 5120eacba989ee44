"""Kits: listings of which as many can be sold as their components make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import numpy as np

from trueup.books.schema import Unknown
from trueup.compare.pools import UNCOUNTED, Stock
from trueup.domain.stock import MAX_QUANTITY, Position, kit_units, pooled, shared

_MAX_REMEMBERED = 100_000
_decode = msgspec.json.Decoder(list[tuple[str, int]]).decode


class Positions(Protocol):
    """Rows of a baseline by sorted keys; `books.reader.BookReader` fits."""

    def get(self, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class KitMember:
    """A member of the pool as kits see it. `reader` None: the location has no baseline."""

    share: int
    reader: Positions | None
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Component:
    """A component's pooled sellable; None where unknown. `beyond`: it is too large to count."""

    sellable: int | None
    beyond: bool = False


_BEYOND = Component(None, beyond=True)


class KitStock:
    """Looks up components over the whole of the baselines, since they may be in any key range."""

    def __init__(self, members: Sequence[KitMember] = ()) -> None:
        self._members = tuple(members)
        self._known: dict[str, Component] = {}

    def overlay(self, stock: Stock, components: Sequence[str]) -> Stock:
        """The stock with that of kits (rows with `components`, as JSON) put in its place."""
        if not any(components):
            return stock
        recipes = {i: _decode(text) for i, text in enumerate(components) if text}
        self._look_up({sku for recipe in recipes.values() for sku, _ in recipe})
        kits = [self._kit(recipe) for recipe in recipes.values()]
        return stock.with_rows(np.array(list(recipes), np.int64), _stock(kits))

    def _kit(self, recipe: Sequence[tuple[str, int]]) -> Component:
        parts = [(self._known[sku], quantity) for sku, quantity in recipe]
        if any(part.beyond for part, _ in parts):
            return _BEYOND
        return Component(kit_units([(part.sellable, quantity) for part, quantity in parts]))

    def _look_up(self, skus: set[str]) -> None:
        if len(self._known) + len(skus) > _MAX_REMEMBERED:
            self._known.clear()
            wanted = sorted(skus)
        else:
            wanted = sorted(skus - self._known.keys())
        found = [m.reader.get(wanted) if m.reader and wanted else {} for m in self._members]
        for sku in wanted:
            self._known[sku] = self._pooled([rows.get(sku) for rows in found])

    def _pooled(self, rows: Sequence[Mapping[str, Any] | None]) -> Component:
        parts = []
        for member, row in zip(self._members, rows, strict=True):
            if row and any(abs(row[name]) > MAX_QUANTITY for name in _QUANTITIES):
                return _BEYOND
            parts.append(shared(_position(row, complete=member.complete).sellable, member.share))
        total = pooled(parts)
        return _BEYOND if total is not None and abs(total) > MAX_QUANTITY else Component(total)


_QUANTITIES = ("on_hand", "committed", "damaged", "on_hold", "stated")


def _position(row: Mapping[str, Any] | None, *, complete: bool) -> Position:
    if row is None:
        return Position(on_hand=0 if complete else None)
    return Position(
        on_hand=None if row["unknown"] & UNCOUNTED else row["on_hand"],
        committed=row["committed"],
        damaged=row["damaged"],
        on_hold=row["on_hold"],
        stated=None if row["unknown"] & Unknown.STATED else row["stated"],
    )


def _stock(kits: Sequence[Component]) -> Stock:
    """Kits have no on hand of their own, only what could be made."""
    zeros, no = np.zeros(len(kits), np.int64), np.zeros(len(kits), np.bool_)
    return Stock(
        (zeros,) * 4 + (np.array([kit.sellable or 0 for kit in kits], np.int64),),
        total_known=no,
        known=np.array([kit.sellable is not None for kit in kits], np.bool_),
        beyond=np.array([kit.beyond for kit in kits], np.bool_),
        kit=~no,
    )

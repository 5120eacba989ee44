"""Kits: listings of which as many can be sold as their components make."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import numpy as np

from trueup.books.pages import Page
from trueup.compare.columns import Chunk, Piece
from trueup.compare.locate import locate
from trueup.compare.pools import BASELINE_INTS, Stock, pooled, stock_of
from trueup.domain.stock import kit_units

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
    beyond: bool


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
        return Component(
            kit_units([(part.sellable, quantity) for part, quantity in parts]), beyond=False
        )

    def _look_up(self, skus: set[str]) -> None:
        if len(self._known) + len(skus) > _MAX_REMEMBERED:
            self._known.clear()
            wanted = sorted(skus)
        else:
            wanted = sorted(skus - self._known.keys())
        if wanted:
            stock = pooled([_found(m, wanted) for m in self._members], len(wanted), wide=True)
            self._known.update(zip(wanted, _components(stock), strict=True))


def _found(member: KitMember, wanted: list[str]) -> Stock:
    """A member's stock of the SKUs wanted, which are sorted."""
    rows = member.reader.get(wanted) if member.reader else {}
    keys = [sku for sku in wanted if sku in rows]
    ints = {name: [rows[sku][name] for sku in keys] for name in BASELINE_INTS}
    pieces = [Piece(Page(keys, ints), 0, len(keys))] if keys else []
    positions = Chunk(pieces, BASELINE_INTS, ())
    return stock_of(positions, member.share).at(locate(wanted, keys), complete=member.complete)


def _components(stock: Stock) -> Iterator[Component]:
    columns = (stock.sellable.tolist(), stock.known.tolist(), stock.beyond.tolist())
    for sellable, known, beyond in zip(*columns, strict=True):
        yield Component(sellable if known else None, beyond)


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

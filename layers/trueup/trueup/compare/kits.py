"""Kits: listings of which as many can be sold as their components make."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import numpy as np

from trueup.books.pages import Page
from trueup.compare.columns import Chunk, Ints, Piece
from trueup.compare.moving import MOVEMENT_INTS, Moves
from trueup.compare.origin import Source
from trueup.compare.pools import BASELINE_INTS, Stock, pooled
from trueup.domain.keys import SEPARATOR
from trueup.domain.stock import kit_units

_MAX_REMEMBERED = 100_000
_decode = msgspec.json.Decoder(list[tuple[str, int]]).decode


class Positions(Protocol):
    """Rows of a baseline by sorted keys; `books.reader.BookReader` fits."""

    def get(self, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]: ...


class Movements(Protocol):
    """What happened to sorted SKUs, in the columns of the MOVEMENTS schema."""

    def get(self, skus: Sequence[str]) -> Page: ...


@dataclass(frozen=True, slots=True)
class KitMember:
    """A member of the pool as kits see it. `reader` None: the location has no baseline.

    `movements` None: nothing tells of any.
    """

    share: int
    reader: Positions | None
    complete: bool = False
    movements: Movements | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """A component's pooled sellable; None where unknown. `beyond`: it is too large to count."""

    sellable: int | None
    beyond: bool


_BEYOND = Component(None, beyond=True)
_Moment = tuple[str, int]
"""A component's SKU, and the instant that its stock is asked of: milliseconds since 1970."""


class KitStock:
    """Looks up components over the whole of the baselines, since they may be in any key range."""

    def __init__(self, members: Sequence[KitMember] = ()) -> None:
        self._members = tuple(members)
        self._moving = any(member.movements is not None for member in members)
        self._known: dict[_Moment, Component] = {}

    def overlay(self, stock: Stock, components: Sequence[str], instants: Ints) -> Stock:
        """The stock with that of kits (rows with `components`, as JSON) put in its place."""
        if not any(components):
            return stock
        recipes = {i: _decode(text) for i, text in enumerate(components) if text}
        at = {i: int(instants[i]) if self._moving else 0 for i in recipes}
        self._look_up({(sku, at[i]) for i, recipe in recipes.items() for sku, _ in recipe})
        kits = [self._kit(recipe, at[i]) for i, recipe in recipes.items()]
        return stock.with_rows(np.array(list(recipes), np.int64), _stock(kits))

    def _kit(self, recipe: Sequence[tuple[str, int]], at: int) -> Component:
        parts = [(self._known[sku, at], quantity) for sku, quantity in recipe]
        if any(part.beyond for part, _ in parts):
            return _BEYOND
        return Component(
            kit_units([(part.sellable, quantity) for part, quantity in parts]), beyond=False
        )

    def _look_up(self, moments: set[_Moment]) -> None:
        if len(self._known) + len(moments) > _MAX_REMEMBERED:
            self._known.clear()
            wanted = sorted(moments)
        else:
            wanted = sorted(moments - self._known.keys())
        if wanted:
            stock = pooled([_found(m, wanted) for m in self._members], len(wanted), wide=True)
            self._known.update(zip(wanted, _components(stock), strict=True))


def _found(member: KitMember, wanted: Sequence[_Moment]) -> Stock:
    """A member's stock at the moments wanted, which are sorted."""
    skus = list(dict.fromkeys(sku for sku, _ in wanted))
    rows = member.reader.get(skus) if member.reader else {}
    keys = [sku for sku in skus if sku in rows]
    ints = {name: [rows[sku][name] for sku in keys] for name in BASELINE_INTS}
    positions = _chunk(Page(keys, ints), BASELINE_INTS)
    moves = None
    if member.movements is not None:
        moves = Moves(_chunk(member.movements.get(skus), MOVEMENT_INTS))
    asked = _chunk(Page([f"{sku}{SEPARATOR}{at:015}" for sku, at in wanted], {}), ())
    source = Source.of(asked, positions, moves, complete=member.complete)
    return source.stock(member.share, np.array([at for _, at in wanted], np.int64))


def _chunk(page: Page, ints: Sequence[str]) -> Chunk:
    return Chunk([Piece(page, 0, len(page))] if len(page) else [], ints, ())


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

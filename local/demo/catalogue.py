"""What the demo seller has: 500 articles at three locations. The same every time, by arithmetic."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from local.demo.events import moved

LOCATIONS: Final = {"north": "North warehouse", "south": "South warehouse", "shop": "Shop floor"}
SHOP_BUFFER: Final = 1
"""Base units that the shop keeps back from every channel."""

ORDERS: Final = (
    (("TRU-0011", 2), ("TRU-0012", 1)),
    (("TRU-0013", 4),),
    (("TRU-0014", 1), ("TRU-0040", 3), ("000007", 2)),
    (("TRU-0060", 5),),
    (("000012", 1), ("TRU-0011", 3)),
    (("TRU-0101", 6),),
    (("TRU-0123", 2), ("TRU-0124", 2)),
    (("TRU-0150", 1),),
)
"""Open orders of the Vendure shop, (SKU, units) a line: paid, not shipped, so still on hand."""

UNCOUNTED: Final = {"north": ("TRU-0301", "TRU-0302"), "south": (), "shop": ("TRU-0042",)}
"""SKUs that a location's file leaves blank: nobody knows how many there are."""

SOLD_OUT: Final = ("TRU-0310", "TRU-0311", "000031")
"""SKUs that the file of `south` leaves out. It declares itself complete: there are none."""


@dataclass(frozen=True, slots=True)
class Article:
    """Something the seller sells. ``price`` is in cents of a euro."""

    sku: str
    title: str
    gtin: str
    price: int


@dataclass(frozen=True, slots=True)
class Position:
    """Base units of one SKU at one location."""

    on_hand: int
    committed: int = 0
    damaged: int = 0
    on_hold: int = 0

    @property
    def sellable(self) -> int:
        return self.on_hand - self.committed - self.damaged - self.on_hold


@cache
def articles() -> Sequence[Article]:
    """440 plain SKUs, 40 with leading zeros, 20 that a careless CSV reader takes apart."""
    plain = [(f"TRU-{number:04d}", f"Test article {number}") for number in range(1, 441)]
    zeros = [(f"{number:06d}", f"Crème brûlée dish {number}") for number in range(1, 41)]
    awkward = [(f'Größe {n}, 1/2"', f"Slipper; felt, size {n}") for n in range(36, 56)]
    named = enumerate([*plain, *zeros, *awkward])
    return [Article(sku, title, _gtin(i), 199 + 50 * (i * 7 % 90)) for i, (sku, title) in named]


def _gtin(index: int) -> str:
    """An EAN-13 of the range that companies use inside, check digit included."""
    body = f"2000000{index:05d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


@cache
def counted(location: str) -> Mapping[str, Position]:
    """What a location's file tells: positions by SKU."""
    left_out = {*UNCOUNTED[location], *(SOLD_OUT if location == "south" else ())}
    return {
        article.sku: _STOCK[location](index, article.sku)
        for index, article in enumerate(articles())
        if article.sku not in left_out
    }


def sellable(location: str, sku: str) -> int | None:
    """Base units, after all that moved since the count; None where nobody knows."""
    if sku in UNCOUNTED[location]:
        return None
    position = counted(location).get(sku)
    return (0 if position is None else position.sellable) + moved(location).get(sku, 0)


def ordered() -> Mapping[str, int]:
    """Units by SKU that the open orders hold, all of them at `north`."""
    held: Counter[str] = Counter()
    for order in ORDERS:
        held.update(dict(order))
    return held


def _north(index: int, sku: str) -> Position:
    """Committed to other customers, and to the open orders."""
    return Position(
        on_hand=30 + index * 37 % 170,
        committed=index % 4 + ordered().get(sku, 0),
        damaged=int(index % 25 == 0),
        on_hold=2 * int(index % 40 == 7),  # noqa: PLR2004 - any 40th
    )


def _south(index: int, _sku: str) -> Position:
    """Nothing on hand and something committed now and then: sellable is negative there."""
    return Position(on_hand=index * 53 % 90, committed=int(index % 5 == 0))


def _shop(index: int, _sku: str) -> Position:
    return Position(on_hand=3 + index * 11 % 20)


_STOCK: Final[Mapping[str, Callable[[int, str], Position]]] = {
    "north": _north,
    "south": _south,
    "shop": _shop,
}

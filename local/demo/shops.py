"""The three shops of the demo, the errors in them, and the counts that have to come out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from local.demo.catalogue import Article, articles
from local.demo.offers import Offer, Place, Shop


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of one place. `over` and `under` are channel units shown too many and too few.

    `settling` rows differ for causes that pass by themselves; they are not among the `differing`.
    """

    rows: int
    matching: int
    differing: int
    settling: int
    over: int
    under: int


class Why(NamedTuple):
    """What was done to a row, as the product has to find it out."""

    cause: str
    outcome: str


_TERMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "TRU-0005": {"buffer": 10},
    "TRU-0006": {"cap": 25},
    "000009": {"backorder": 5},
}
"""Listings with terms of their own; all others go by those of the account and the location."""

_KIT: Final = Offer(
    "KIT-PICNIC",
    "Picnic set: one basket, two plates",
    4_990,
    channel_sku="KIT-PICNIC",
    components=(("TRU-0001", 1), ("TRU-0002", 2)),
)
_SIX_PACK: Final = Offer(
    "TRU-0003", "Test article 3, pack of six", 2_490, channel_sku="TRU-0003-6", pack_size=6
)


def _by_sku(article: Article) -> Offer:
    """Named by its own SKU, GTIN or not."""
    terms = _TERMS.get(article.sku, {})
    return Offer(
        article.sku,
        article.title,
        article.price,
        channel_sku=article.sku,
        gtin=article.gtin,
        **terms,
    )


def _by_gtin(article: Article) -> Offer:
    """The channel knows nothing but the GTIN."""
    return Offer(article.sku, article.title, article.price, gtin=article.gtin)


def _gtin(sku: str) -> str:
    return next(article.gtin for article in articles() if article.sku == sku)


SANDBOX: Final = Shop(
    account="sandbox",
    channel="sandbox",
    name="Sandbox shop",
    offers=(*map(_by_sku, articles()), _KIT, _SIX_PACK),
    places=(
        Place(
            name="web",
            feeds=("north", "south"),
            errors={
                "TRU-0003": 5,
                # 118 units are 19 packs of six; it counts packs as units.
                "TRU-0003-6": 118 - 19,
                # The warehouse has 2 on hold, and the shop sells them.
                "TRU-0048": 2,
                # Delivery 72 came minutes ago, and does not show yet.
                "TRU-0210": -24,
                # Delivery 71 was booked twice.
                "TRU-0215": 30,
                # Sold there; the warehouse has not heard of the order.
                "TRU-0265": -3,
                "TRU-0020": -4,
                "TRU-0100": 12,
                "TRU-0200": -9,
                "000005": 1,
                # All that the south has of it.
                'Größe 40, 1/2"': -2,
                "KIT-PICNIC": 2,
            },
            missing=("TRU-0250",),
            strangers={"OLD-0001": 7, "1": 3},
        ),
        Place(
            name="collect",
            feeds=("shop",),
            errors={"TRU-0007": 1, "TRU-0030": -2, "000020": 6},
        ),
    ),
)

FILE: Final = Shop(
    account="file",
    channel="file",
    name="Retailer, by file",
    offers=tuple(map(_by_gtin, articles()[100:400])),
    places=(
        Place(
            name="retail",
            feeds=("south",),
            errors={
                _gtin("TRU-0120"): 3,
                _gtin("TRU-0121"): -7,
                _gtin("TRU-0222"): 10,
                _gtin("TRU-0310"): 2,
                _gtin("TRU-0399"): -1,
            },
            missing=(_gtin("TRU-0333"),),
            strangers={"2999999000008": 11},
        ),
    ),
    buffer=3,
)

VENDURE: Final = Shop(
    account="vendure-eu",
    channel="vendure",
    name="Vendure, Europe",
    offers=tuple(
        Offer(article.sku, article.title, article.price)
        for article in (*articles()[:180], *articles()[440:480])
    ),
    places=(
        Place(
            name="North warehouse",
            feeds=("north",),
            errors={
                "TRU-0002": 4,
                "TRU-0011": -2,
                "TRU-0050": -10,
                "TRU-0077": 8,
                # 2 on hold, shown like the rest.
                "TRU-0088": 2,
                "000003": 1,
                "000040": -6,
            },
            missing=("TRU-0170",),
            strangers={"OLD-0002": 5},
        ),
        Place(
            name="Shop floor",
            feeds=("shop",),
            errors={"TRU-0002": -1, "TRU-0090": 3},
            missing=("TRU-0170",),
            strangers={"OLD-0002": 0},
        ),
    ),
)

SHOPS: Final = (SANDBOX, FILE, VENDURE)

EXPECTED: Final[Mapping[tuple[str, str], Counts]] = {
    # 502 listings and 2 strangers; 2 not counted at north, 1 missing, 12 errors, 2 of them new
    ("sandbox", "web"): Counts(
        rows=504, matching=487, differing=10, settling=2, over=151, under=42
    ),
    # 502 listings; 1 not counted at the shop, 3 errors
    ("sandbox", "collect"): Counts(
        rows=502, matching=498, differing=3, settling=0, over=7, under=2
    ),
    # 300 listings and a stranger; 1 missing, 5 errors
    ("file", "retail"): Counts(rows=301, matching=294, differing=5, settling=0, over=15, under=8),
    # 220 listings and a stranger; 1 missing, 7 errors; none of the 33 units in open orders
    ("vendure-eu", "North warehouse"): Counts(
        rows=221, matching=212, differing=7, settling=0, over=15, under=18
    ),
    # the same, and 1 not counted at the shop; 2 errors
    ("vendure-eu", "Shop floor"): Counts(
        rows=221, matching=216, differing=2, settling=0, over=3, under=1
    ),
}
"""By account and place. Rows that are neither matching nor differing could not be compared."""

CAUSES: Final[Mapping[tuple[str, str, str], Why]] = {
    ("sandbox", "web", 'Größe 40, 1/2"'): Why("pool", "exception"),
    ("sandbox", "web", "TRU-0003-6"): Why("pack_as_units", "exception"),
    ("sandbox", "web", "TRU-0048"): Why("hold_shown", "exception"),
    ("sandbox", "web", "TRU-0210"): Why("lag", "explained"),
    ("sandbox", "web", "TRU-0215"): Why("duplicate_event", "exception"),
    ("sandbox", "web", "TRU-0265"): Why("orders_not_imported", "explained"),
    ("vendure-eu", "North warehouse", "TRU-0088"): Why("hold_shown", "exception"),
}
"""By account, place and channel key: the errors of which the cause can be known at the first run.

The two that are explained pass by themselves. An hour later (`settle_seconds` of the warehouse
system) they have not, and are exceptions.
"""

"""Fills a shop from a plan. The same plan twice leaves the shop as it is."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from local.vendure.admin import VendureAdmin
from local.vendure.values import Location, NewVariant, OrderLine


@dataclass(frozen=True, slots=True)
class SeedVariant:
    """``on_hand`` has units for each of the plan's locations, in their order; None is no level."""

    sku: str
    title: str
    price: int
    on_hand: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class SeedPlan:
    """SKUs are unique within a plan; each order is its lines, (SKU, units)."""

    locations: tuple[str, ...]
    variants: tuple[SeedVariant, ...]
    orders: tuple[tuple[tuple[str, int], ...], ...]

    def allocated(self) -> dict[str, int]:
        """Units by SKU that the plan's open orders hold."""
        totals: Counter[str] = Counter()
        for order in self.orders:
            for sku, units in order:
                totals[sku] += units
        return dict(totals)


@dataclass(frozen=True, slots=True)
class Seeded:
    """What is in the shop now: its locations in the plan's order, and variant ids by SKU."""

    locations: tuple[Location, ...]
    variant_ids: dict[str, str]


def seed(admin: VendureAdmin, plan: SeedPlan) -> Seeded:
    """Make what the plan has and the shop lacks. Stock of what is already there stays as it is.

    An interrupted seeding is continued by the next.
    """
    admin.prepare()
    locations = admin.ensure_locations(plan.locations)
    known = admin.variant_ids()
    missing = [variant for variant in plan.variants if variant.sku not in known]
    made = admin.create_variants([_new(variant, locations) for variant in missing])
    ids = known | {variant.sku: key for variant, key in zip(missing, made, strict=True)}
    for order in plan.orders[admin.placed_orders() :]:
        admin.place_order([OrderLine(ids[sku], units) for sku, units in order])
    return Seeded(tuple(locations), ids)


def _new(variant: SeedVariant, locations: Sequence[Location]) -> NewVariant:
    pairs = zip(locations, variant.on_hand, strict=True)
    on_hand = {location.id: units for location, units in pairs if units is not None}
    return NewVariant(variant.sku, variant.title, variant.price, on_hand)


def random_plan(
    locations: Sequence[str], variants: int, orders: int, seed_number: int = 1
) -> SeedPlan:
    """A plan that depends on its arguments only.

    An order has one to three lines, each of fewer units than the first stocked location has left.
    """
    dice = random.Random(seed_number)  # noqa: S311 - test data
    made = tuple(_random_variant(dice, number, len(locations)) for number in range(variants))
    left = {variant.sku: _first_stock(variant) for variant in made}
    bought = tuple(_random_order(dice, left) for _ in range(orders))
    return SeedPlan(tuple(locations), made, bought)


def _random_variant(dice: random.Random, number: int, locations: int) -> SeedVariant:
    units = [dice.choice((0, dice.randint(1, 12), dice.randint(20, 400))) for _ in range(locations)]
    price = dice.randrange(199, 19_999, 50)
    return SeedVariant(f"TRU-{number:05d}", f"Test article {number}", price, tuple(units))


def _first_stock(variant: SeedVariant) -> int:
    return next((units for units in variant.on_hand if units), 0)


def _random_order(dice: random.Random, left: dict[str, int]) -> tuple[tuple[str, int], ...]:
    stocked = [sku for sku, units in left.items() if units > 1]
    skus = dice.sample(stocked, min(dice.randint(1, 3), len(stocked)))
    lines = tuple((sku, dice.randint(1, min(5, left[sku] - 1))) for sku in skus)
    left.update({sku: left[sku] - units for sku, units in lines})
    return lines

"""A real Vendure server, from npm, for tests and the demo. Never part of the product."""

from local.vendure.admin import VendureAdmin, VendureError
from local.vendure.seeding import Seeded, SeedPlan, SeedVariant, random_plan, seed
from local.vendure.server import VendureServer
from local.vendure.values import Level, Location, NewVariant, OrderLine, StockChange

__all__ = [
    "Level",
    "Location",
    "NewVariant",
    "OrderLine",
    "SeedPlan",
    "SeedVariant",
    "Seeded",
    "StockChange",
    "VendureAdmin",
    "VendureError",
    "VendureServer",
    "random_plan",
    "seed",
]

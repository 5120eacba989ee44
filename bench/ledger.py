"""`python -m bench ledger`: what appending, closing, folding and reading movements uses.

Units are counted by a store in memory as DynamoDB bills them, closing and its memories of ids
included where that is said. Ids are random UUIDs, the worst to compress.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import process_time
from typing import Any
from unittest.mock import patch
from uuid import UUID

from bench.metered import MeteredRegistry
from trueup.adapters.memory_ledger import MemoryLedger
from trueup.adapters.memory_pages import MemoryPages
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.domain.accounts import Location
from trueup.domain.movements import Movement, MovementKind
from trueup.domain.stock import Position
from trueup.domain.time import milliseconds
from trueup.ledger.fold import fold
from trueup.ledger.streams import movements_stream
from trueup.ports import Create, Meter, Registry
from trueup.usecases.ledger import appending
from trueup.usecases.ledger.appending import append
from trueup.usecases.ledger.closing import ClosingWork, close_ledger
from trueup.usecases.ledger.desk import LedgerDesk
from trueup.usecases.ledger.known import Knowledge
from trueup.usecases.ledger.positions import position_of

BUDGETS = Path(__file__).parent / "budgets.json"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SKUS = 50_000
KINDS = (MovementKind.RESERVE, MovementKind.SHIP, MovementKind.RECEIPT, MovementKind.RELEASE)


@dataclass
class Warehouse:
    """A seller's ledger on stores that count."""

    now: datetime = NOW
    meter: Meter = field(default_factory=Meter)

    def __post_init__(self) -> None:
        self.ledger = MemoryLedger(self.meter)
        self.pages = MemoryPages(self.clock, self.meter)
        self.registry: Registry = MeteredRegistry(MemoryRegistries().of("acme"), self.meter)
        self.registry.write(Create(Location(code="l0", name="One")))

    def clock(self) -> datetime:
        return self.now

    def append(self, movements: list[Movement], location: str = "l0") -> None:
        found = append(self.ledger, self.clock, movements_stream(location), movements)
        assert len(found.accepted) == len(movements)


def movements(count: int, seed: int = 1, skus: int = SKUS) -> Iterator[Movement]:
    """Orders, shipments and receipts of the last twelve hours."""
    random, at = Random(seed), milliseconds(NOW)
    for _ in range(count):
        yield Movement(
            kind=int(random.choice(KINDS)),
            sku=f"SKU-{random.randrange(skus):06}",
            location="l0",
            quantity=random.randrange(1, 6),
            occurred_at=at - random.randrange(12 * 3_600_000),
            source="wms",
            id=str(UUID(int=random.getrandbits(128))),
            reference=f"ORDER-{random.randrange(10**7)}",
        )


def write_units(locations: int = 1, batch: int = 1_000, batches: int = 10) -> float:
    """Write units per 1,000 movements, in batches that are spread over locations."""
    warehouse = Warehouse()
    before = warehouse.meter.usage.write_units
    for turn in range(batches):
        told = list(movements(batch, turn))
        for place in range(locations):
            warehouse.append(told[place::locations], f"l{place}")
    used = warehouse.meter.usage.write_units - before
    return round(used / (batch * batches) * 1_000, 1)


def fold_seconds(count: int = 100_000) -> float:
    """Processor seconds for one fold of so many movements, the best of three."""
    told = sorted(movements(count), key=lambda movement: movement.order)

    def once() -> float:
        start = process_time()
        fold(Position(10), True, 0, {}, told, milliseconds(NOW))
        return process_time() - start

    return round(min(once() for _ in range(3)), 3)


def life(count: int = 100_000) -> dict[str, float]:
    """Units of closing so many movements, of a SKU's position before and after, of a cold start."""
    warehouse = Warehouse()
    for turn in range(count // 1_000):
        warehouse.append(list(movements(1_000, turn)))
    before = reading(warehouse)
    warehouse.now += timedelta(hours=6)
    written, start = warehouse.meter.usage.write_units, process_time()
    work = ClosingWork(warehouse.registry, warehouse.pages, warehouse.ledger, warehouse.clock)
    assert close_ledger(work, "l0") is not None
    closing, seconds = warehouse.meter.usage.write_units - written, process_time() - start
    read = warehouse.meter.usage.read_units
    with patch.object(appending, "SHARED", Knowledge()):
        warehouse.append(list(movements(1, seed=count)))
    return {
        "write units of closing per 1000": round(closing / count * 1_000, 1),
        "seconds of closing": round(seconds, 2),
        "read units of a position before closing": before,
        "read units of a position after closing": reading(warehouse),
        "read units of a cold writer": warehouse.meter.usage.read_units - read,
    }


def reading(warehouse: Warehouse) -> float:
    desk = LedgerDesk(warehouse.registry, warehouse.pages, warehouse.ledger, warehouse.clock)
    before = warehouse.meter.usage.read_units
    position_of(desk, "l0", "SKU-000007")
    return warehouse.meter.usage.read_units - before


def figures(count: int = 100_000) -> dict[str, float]:
    """All that is printed."""
    return {
        "write units per 1000: one location": write_units(),
        "write units per 1000: 20 locations": write_units(locations=20),
        "write units per 1000: batches of 10": write_units(batch=10, batches=100),
        "write units per 1000: one by one": write_units(batch=1, batches=300),
        "seconds to fold 100000": fold_seconds(),
        **life(count),
    }


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: argparse.Namespace) -> int:
    """Print the figures beside their budgets; 1 if one is missed."""
    reached = figures()
    budgets: dict[str, float] = json.loads(BUDGETS.read_text())["ledger"]
    missed = [what for what, limit in budgets.items() if reached[what] > limit]
    if options.json:
        print(json.dumps({"ledger": reached, "budgets": budgets, "missed": missed}))
    else:
        for what, value in reached.items():
            print(f"{what:<45} {value:>10g}{_beside(what, budgets, missed)}")
    return int(bool(missed))


def _beside(what: str, budgets: dict[str, Any], missed: list[str]) -> str:
    if what not in budgets:
        return ""
    return f"   of {budgets[what]:g}{' MISSED' if what in missed else ''}"

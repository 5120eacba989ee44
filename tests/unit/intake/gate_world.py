"""A seller with two locations, a warehouse system and an account's order feed, in memory."""

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from tests.unit.intake.reading import WMS
from trueup.adapters.memory_ledger import MemoryLedger
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.domain.accounts import Account, ChannelLocation, Location
from trueup.domain.movements import Movement
from trueup.domain.sources import Source
from trueup.ledger.blocks import MOVEMENTS
from trueup.ledger.streams import SHARDS, movements_stream
from trueup.ports import Create, Ledger, Registry
from trueup.usecases.intake.taking import Fate, Gate, Outcome, take

NOW = datetime(2026, 3, 1, 13, tzinfo=UTC)
SELLER = "acme"
PLACES = ("berlin", "paris")
TILLS = Source(code="pos", name="Tills", kind="pos")
ORDERS = Source(code="orders", name="Orders", kind="channel", account="eu")
STATES = Source(code="erp", name="Books", provides="snapshots")  # type: ignore[arg-type]


class GateWorld:
    """Ports are attributes, so that a test can wrap any of them."""

    def __init__(self) -> None:
        self.now = NOW
        self.registries: Any = MemoryRegistries()
        self.registry: Registry = self.registries.of(SELLER)
        self.ledger: Ledger = MemoryLedger()
        place = ChannelLocation(id="1", code="1", name="One")
        account = Account(id="eu", channel="sandbox", name="EU", created_at=NOW, locations=(place,))
        self.registry.write(
            Create(account),
            *(Create(Location(code=code, name=code)) for code in PLACES),
            *(Create(source) for source in (WMS, TILLS, ORDERS, STATES)),
        )

    def clock(self) -> datetime:
        return self.now

    def gate(self) -> Gate:
        return Gate(self.registry, self.ledger, self.clock)

    def take(self, *events: dict[str, Any], source: str = "wms") -> list[Outcome]:
        return take(self.gate(), source, events)

    def fates(self, *events: dict[str, Any], source: str = "wms") -> list[Fate]:
        return [outcome.fate for outcome in self.take(*events, source=source)]

    def content(self) -> set[Movement]:
        """All that the ledger holds; each movement is there once."""
        found = contents(self.ledger)
        assert len(set(found)) == len(found)
        return set(found)


def contents(ledger: Ledger) -> list[Movement]:
    return [
        replace(movement, recorded_at=0)
        for place in PLACES
        for shard in range(SHARDS)
        for _, block in ledger.read(movements_stream(place), shard)
        for movement in MOVEMENTS.entries(block)
    ]

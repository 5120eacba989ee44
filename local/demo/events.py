"""What moved since the count: events of the warehouse system, and orders that a channel tells.

What each event does to the sellable units of its location is written beside it by hand, so the
positions to be found are known without the product's ledger.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

COUNTED_HOURS_AGO: Final = 3
"""The files of stock are of so many hours before the demo's first start."""

WMS: Final = "wms"
FEED: Final = "sandbox-orders"
SOURCES: Final[Mapping[str, Mapping[str, Any]]] = {
    WMS: {
        "name": "Warehouse system",
        "kind": "wms",
        "statuses": {"QC": "on_hold"},
        "units": {"case": 12},
        "settle_seconds": 3600,
    },
    FEED: {"name": "Orders of the sandbox shop", "kind": "channel", "account": "sandbox"},
}
OWNED: Final = ("north", "south")
"""Locations whose movements only the warehouse system tells; what the shop tells is a claim."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event, so many `minutes` after the count. `sellable`: base units more or less by it."""

    id: str
    minutes: int
    kind: str
    sku: str
    quantity: int
    sellable: int
    location: str = "north"
    more: Mapping[str, str] = field(default_factory=dict)

    def body(self, counted_at: datetime) -> dict[str, Any]:
        """As the API takes it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "sku": self.sku,
            "location": self.location,
            "quantity": self.quantity,
            "occurred_at": (counted_at + timedelta(minutes=self.minutes)).isoformat(),
            **self.more,
        }


EVENTS: Final[Mapping[str, tuple[Event, ...]]] = {
    WMS: (
        Event("receipt-1", 10, "receipt", "TRU-0215", 30, 30, more={"reference": "delivery 71"}),
        # Two cases of twelve.
        Event("receipt-2", 12, "receipt", "000030", 2, 24, more={"unit": "case"}),
        Event("order-1", 20, "reserve", "TRU-0220", 2, -2, more={"reference": "order 1001"}),
        Event("pick-1", 30, "pick", "TRU-0220", 2, 0, more={"reference": "order 1001"}),
        Event("ship-1", 40, "ship", "TRU-0220", 2, 0, more={"reference": "order 1001"}),
        Event("order-2", 45, "reserve", "TRU-0225", 5, -5, more={"reference": "order 1002"}),
        Event("order-3", 50, "reserve", "TRU-0270", 2, -2, more={"reference": "sandbox 500"}),
        Event(
            "transfer-1",
            60,
            "transfer_out",
            "TRU-0230",
            10,
            -10,
            more={"reference": "transfer 9", "counterpart": "south"},
        ),
        Event(
            "transfer-2",
            110,
            "transfer_in",
            "TRU-0230",
            10,
            10,
            "south",
            {"reference": "transfer 9", "counterpart": "north"},
        ),
        # Under way: no longer at north, not yet at south.
        Event(
            "transfer-3",
            115,
            "transfer_out",
            "TRU-0235",
            12,
            -12,
            more={"reference": "transfer 10", "counterpart": "south"},
        ),
        Event("hold-1", 70, "hold", "TRU-0240", 4, -4, more={"reason": "quality"}),
        Event("damage-1", 75, "damage", "TRU-0255", 1, -1, more={"actor": "truck 2"}),
        Event("return-1", 80, "return", "TRU-0260", 1, 1, more={"disposition": "restock"}),
        Event("return-2", 85, "return", "TRU-0261", 1, 0, more={"status": "QC"}),
        # 48 were expected on the shelf.
        Event("count-1", 90, "count", "TRU-0245", 46, -2, more={"actor": "aisle 4"}),
        # Minutes before the first start: a channel may not show it yet.
        Event("receipt-3", 175, "receipt", "TRU-0210", 24, 24, more={"reference": "delivery 72"}),
    ),
    FEED: (
        Event("500", 50, "reserve", "TRU-0270", 2, 0, more={"reference": "sandbox 500"}),
        # The warehouse has not heard of this one: no position changes.
        Event("501", 174, "reserve", "TRU-0265", 3, 0, more={"reference": "sandbox 501"}),
    ),
}


@cache
def moved(location: str) -> Mapping[str, int]:
    """Sellable base units more or less since the count, by SKU."""
    found: Counter[str] = Counter()
    for events in EVENTS.values():
        for event in events:
            if event.location == location:
                found[event.sku] += event.sellable
    return found

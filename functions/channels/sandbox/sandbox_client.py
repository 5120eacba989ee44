"""Orders for a sandbox shop from outside: through the Lambda, or any function that answers alike.

    def call(event):  # invoke the connector's Lambda
        answer = client.invoke(FunctionName=name, Payload=json.dumps(event))
        return json.load(answer["Payload"])

    shop = SandboxClient(call, {"seller": "acme", "account": "sandbox-1"})
    shop.seed({"L1": [("SKU-1", 5), ("SKU-2", 0, 3)]})
    shop.faults(throttle_every=3, retry_after_seconds=2)

Needs the standard library only. An item is `(key, available, allocated, product_id, gtin, title,
read_only)`, where those after `available` may be left out from the end.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Answer = dict[str, Any]
Item = Sequence[Any]

ITEMS_AT_ONCE = 20_000
"""As many as surely fit in an event of 6 MB."""


class RefusedError(Exception):
    """The shop refused an order."""


class SandboxClient:
    """`call` hands an event to the connector and gives its answer."""

    def __init__(self, call: Callable[[Answer], Answer], account: Mapping[str, Any]) -> None:
        self._call = call
        self._account = dict(account)

    def seed(
        self,
        items: Mapping[str, Sequence[Item]],
        *,
        names: Mapping[str, str] | None = None,
        reports: str = "available",
    ) -> dict[str, int]:
        """Fill the shop anew with items by location; how many each location has then."""
        locations = [{"id": id_, "name": (names or {}).get(id_, id_)} for id_ in items]
        done = self._order("seed", locations=locations, reports=reports)
        for location, rows in items.items():
            ordered = sorted(rows, key=lambda row: str(row[0]))
            for start in range(0, len(ordered), ITEMS_AT_ONCE):
                batch = ordered[start : start + ITEMS_AT_ONCE]
                done = self._order("append", location=location, items=batch)
        counts: dict[str, int] = done["locations"]
        return counts

    def generate(
        self, locations: Sequence[str], items: int, *, seed: int = 1, reports: str = "available"
    ) -> dict[str, int]:
        """Fill the shop anew with made-up items, the same for the same arguments."""
        places = [{"id": location} for location in locations]
        made = {"items": items, "seed": seed}
        done = self._order("seed", locations=places, reports=reports, generate=made)
        counts: dict[str, int] = done["locations"]
        return counts

    def sell(self, location: str, key: str, units: int = 1, *, ship: bool = True) -> int:
        """Sell units; what is then available. RefusedError if there are fewer."""
        done = self._order("sell", location=location, key=key, units=units, ship=ship)
        return int(done["items"][0][1])

    def edit(self, location: str, available: Mapping[str, int | None]) -> None:
        """Set what is available, as somebody at the channel might."""
        self._order("edit", location=location, available=dict(available))

    def put(self, location: str, items: Sequence[Item]) -> None:
        """Add items, or replace those of the same keys."""
        self._order("edit", location=location, put=list(items))

    def remove(self, location: str, keys: Sequence[str]) -> None:
        self._order("edit", location=location, remove=list(keys))

    def faults(self, **faults: Any) -> None:
        """From now on go wrong so (see `sandbox_shop.Faults`); without arguments, no more."""
        self._order("faults", faults=faults or None)

    def look(self, location: str, keys: Sequence[str]) -> list[list[Any]]:
        """Items as they are now."""
        found: list[list[Any]] = self._order("look", location=location, keys=list(keys))["items"]
        return found

    def _order(self, order: str, **arguments: Any) -> Answer:
        event = {"operation": f"sandbox.{order}", "account": self._account, **arguments}
        done = self._call(event)
        if done.get("outcome") != "ok":
            raise RefusedError(done.get("reason") or str(done))
        return done

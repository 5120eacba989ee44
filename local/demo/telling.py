"""Tells the product what moved, as the seller's own systems would."""

from datetime import datetime
from typing import Final

from local.demo.api import Api
from local.demo.errors import DemoError
from local.demo.events import EVENTS, OWNED, SOURCES, WMS
from local.demo.screen import Screen

_WHAT: Final = "accepted", "duplicates", "conflicts", "refused"


class Telling:
    """Adds sources and sends their events; telling again changes nothing."""

    def __init__(self, api: Api, counted_at: datetime, screen: Screen) -> None:
        self._api = api
        self._counted_at = counted_at
        self._screen = screen

    def tell(self, source: str) -> None:
        """Add the source if it is new, and send all that it has to tell, in one batch."""
        if self._api.find(f"/v1/sources/{source}") is None:
            self._api.post("/v1/sources", {"code": source, **SOURCES[source]})
        if source == WMS:
            self._own(source)
        events = [event.body(self._counted_at) for event in EVENTS[source]]
        done = self._api.post("/v1/movements", {"source": source, "movements": events})
        if done["conflicts"]:
            raise DemoError(f"{source} told other things before; start anew after `make clean`.")
        told = ", ".join(f"{done[what]} {what}" for what in _WHAT if done[what])
        self._screen.item("movements", f"{source}: {told}")

    def _own(self, source: str) -> None:
        rules = self._api.get("/v1/ownerships")["ownerships"]
        owned = {rule["location"] for rule in rules if rule["domain"] == "movements"}
        for location in set(OWNED) - owned:
            rule = {"source": source, "others": "claim"}
            self._api.put(f"/v1/ownerships/movements/{location}", rule)

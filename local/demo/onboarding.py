"""Sets the demo seller up through the API. Whatever is there already is left as it is."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from local.demo import catalogue, imports
from local.demo.api import Api
from local.demo.errors import DemoError
from local.demo.events import COUNTED_HOURS_AGO
from local.demo.files import SOURCES, Source, write
from local.demo.home import Home
from local.demo.offers import Place, Shop
from local.demo.screen import Screen

CADENCE: Final = {"every_minutes": 5}


class Onboarding:
    """One seller's way from nothing to three accounts that are due."""

    def __init__(self, api: Api, home: Home, screen: Screen) -> None:
        self._api = api
        self._home = home
        self._screen = screen
        self._applied = imports.applied(api)
        self.counted_at = self._counted_at()

    def _counted_at(self) -> datetime:
        """The instant of all stock files, also of those that an earlier start imported."""
        stock = [at for (kind, _), at in self._applied.items() if kind == "baseline"]
        now = datetime.now(UTC).replace(microsecond=0)
        return min(stock, default=now - timedelta(hours=COUNTED_HOURS_AGO))

    def add_locations(self) -> None:
        known = {place["code"] for place in self._api.get("/v1/locations")["locations"]}
        for code, name in catalogue.LOCATIONS.items():
            if code not in known:
                buffer = catalogue.SHOP_BUFFER if code == "shop" else None
                self._api.post("/v1/locations", {"code": code, "name": name, "buffer": buffer})
        self._screen.item("locations", ", ".join(catalogue.LOCATIONS))

    def import_file(self, kind: str, target: str) -> None:
        """Import the demo's file of this kind, unless such a file was imported before."""
        source = next(s for s in SOURCES if (s.kind, s.target) == (kind, target))
        if (kind, target) in self._applied:
            self._screen.item(kind, f"{target}: imported before")
            return
        self._screen.live(f"  importing {source.name} ...")
        as_of = self.counted_at if kind == "baseline" else None
        done = imports.run_import(self._api, source, write(source, self._home.files), as_of)
        self._screen.item(kind, f"{target}: {done['rows']} rows from {_described(source)}")

    def connect(self, shop: Shop, config: Mapping[str, Any], secret: str | None = None) -> None:
        """The shop's account with its listings and links, not yet due."""
        account = self._account(shop, config, secret)
        self.import_file("listings", shop.account)
        self._link(shop, account)
        feeds = [f"{place.name} <- {' + '.join(place.feeds)}" for place in shop.places]
        self._screen.item("account", f"{shop.account} ({shop.channel}): {', '.join(feeds)}")

    def _account(self, shop: Shop, config: Mapping[str, Any], secret: str | None) -> Any:
        path = f"/v1/accounts/{shop.account}"
        found = self._api.find(path)
        if found is None:
            new = {
                "id": shop.account,
                "channel": shop.channel,
                "name": shop.name,
                "cadence": CADENCE,
                "buffer": shop.buffer,
                "config": dict(config),
                "secret": secret,
            }
            found = self._api.post("/v1/accounts", new)
            # Else the schedule could start a run between two of its links.
            self._api.patch(path, {"enabled": False})
        elif found["config"] != dict(config):
            told = f"{shop.account} was connected with another address: {found['config']}."
            raise DemoError(f"{told} Free its port, or start anew after `make clean`.")
        return found

    def _link(self, shop: Shop, account: Any) -> None:
        links = self._api.get(f"/v1/accounts/{shop.account}/links")["links"]
        linked = {link["channel_location"] for link in links}
        for place in shop.places:
            known = location_of(account, place)
            if known["id"] not in linked:
                members = [{"location": code, "share": 100} for code in place.feeds]
                path = f"/v1/accounts/{shop.account}/links/{known['token']}"
                self._api.put(path, {"members": members})

    def make_due(self, shop: Shop) -> None:
        """Enable an account that never ran; one that was disabled later stays so."""
        path = f"/v1/accounts/{shop.account}"
        if not self._api.get(f"{path}/runs?limit=1")["runs"]:
            self._api.patch(path, {"enabled": True})


def location_of(account: Any, place: Place) -> Any:
    """The account's location of a place's name; DemoError if the channel has none."""
    for known in account["locations"]:
        if place.name in (known["id"], known["name"]):
            return known
    raise DemoError(f"{account['id']} has no location {place.name}.")


def _described(source: Source) -> str:
    said = {",": "comma", ";": "semicolon", "\t": "tab"}[source.style.separator]
    csv = f", {said}{', BOM' if source.style.mark else ''}"
    whole = ", complete" if source.complete else ""
    return f"{source.name}{csv if source.style.format == 'csv' else ''}{whole}"

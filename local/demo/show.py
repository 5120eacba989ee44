"""The demo from beginning to end."""

import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from local.demo import channels, people
from local.demo.api import Api
from local.demo.calling import curl_lines
from local.demo.errors import DemoError
from local.demo.events import FEED, WMS
from local.demo.findings import NOTES, findings
from local.demo.forcing import Forcing
from local.demo.functions import invoke
from local.demo.home import Home
from local.demo.onboarding import Onboarding
from local.demo.reasons import exceptions, reasons
from local.demo.screen import Screen
from local.demo.shops import FILE, SANDBOX, SHOPS, VENDURE
from local.demo.telling import Telling
from local.demo.watching import Awaited, settled, watch
from local.embedded import Embedded
from local.vendure import VendureError, VendureServer
from local.vendure.packages import InstallError, NoNodeError, find_node
from local.vendure.server import ServerError

_INTERRUPTED: Final = 130
_TROUBLE: Final = (
    DemoError,
    InstallError,
    NoNodeError,
    ServerError,
    VendureError,
    httpx.TransportError,
)


def run(trueup: Embedded, *, once: bool) -> int:
    """Run the demo on a deployed stack; the exit code: 0 if every account was reconciled.

    Unless `once`, it stays up until KeyboardInterrupt, which it lets through. `once` it is an end
    without every account reconciled: 130.
    """
    demo = Demo(trueup, Screen(sys.stdout))
    try:
        find_node()  # before anything that takes long
        return demo.run(once=once)
    except KeyboardInterrupt:
        print("\nStopping; what was done is kept ...", flush=True)
        if not once:
            raise
        return _INTERRUPTED
    except _TROUBLE as error:
        print(f"\nThe demo cannot go on: {error}", file=sys.stderr)
        return 1


_DROP_HOURS: Final = 30 * 24
"""A start drops a new list; between starts it may be as old as the bucket keeps it."""


class Demo:
    """One start of the demo."""

    def __init__(self, trueup: Embedded, screen: Screen) -> None:
        self._trueup = trueup
        self._screen = screen
        self._home = Home.of(trueup)
        self._began = self._counted_at = datetime.now(UTC)

    def run(self, *, once: bool) -> int:
        with self._signed_in() as api, self._vendure() as server:
            self._set_up(api, server)
            runs = self._reconcile(api)
            self._show(api, runs)
            failed = [run for run in runs if run is None or run["state"] != "Succeeded"]
            if not once:
                self._stay(server)
            return 1 if failed else 0

    @contextmanager
    def _signed_in(self) -> Iterator[Api]:
        login = people.ensure_login(self._trueup, self._home.login)
        people.write_private(self._home.sign_in, people.sign_in_body(self._trueup, login))
        api = Api(self._trueup.api_url, lambda: people.access_token(self._trueup, login))
        with closing(api):
            yield api

    @contextmanager
    def _vendure(self) -> Iterator[VendureServer]:
        self._screen.title("Channels")
        self._screen.live("  starting a Vendure server; the first time, npm fetches it ...")
        home = self._home
        with VendureServer.start(home.vendure, database=home.vendure_database) as server:
            yield server

    def _set_up(self, api: Api, server: VendureServer) -> None:
        self._fill_channels(api, server)
        self._screen.title(f"Seller {people.SELLER}, set up through the API")
        onboarding = Onboarding(api, self._home, self._screen)
        self._counted_at = onboarding.counted_at
        onboarding.add_locations()
        for location in ("north", "south", "shop"):
            onboarding.import_file("baseline", location)
        telling = Telling(api, self._counted_at, self._screen)
        telling.tell(WMS)
        onboarding.connect(SANDBOX, {})
        telling.tell(FEED)
        onboarding.connect(FILE, {"max_age_hours": _DROP_HOURS})
        onboarding.connect(VENDURE, {"url": server.url}, channels.SECRET)
        for shop in SHOPS:
            onboarding.make_due(shop)

    def _fill_channels(self, api: Api, server: VendureServer) -> None:
        self._screen.live("  filling the Vendure shop through its own API ...")
        variants, orders = channels.fill_vendure(server)
        channels.keep_secret(self._trueup, server)
        told = f"{server.url}, {variants} variants, {orders} open orders"
        self._screen.item(VENDURE.account, told)
        filled = "filled before"
        if api.find(f"/v1/accounts/{SANDBOX.account}") is None:
            filled = f"{channels.fill_sandbox(self._trueup)} items"
        self._screen.item(SANDBOX.account, filled)
        dropped = channels.drop_file(self._trueup)
        self._screen.item(FILE.account, f"a stock list of {dropped} rows, with its manifest")

    def _reconcile(self, api: Api) -> list[dict[str, Any] | None]:
        self._screen.title("Reconciliation")
        awaited = [self._awaited(api, shop.account) for shop in SHOPS]
        watch(api, self._screen, awaited)
        return [one.run if one.over else None for one in awaited]

    def _awaited(self, api: Api, account: str) -> Awaited:
        """The first run is the schedule's; if all there are come from earlier, ask for another."""
        path = f"/v1/accounts/{account}/runs"
        earlier = settled(api, account, self._began, self._sweep)
        asked = api.post(path) if earlier else None
        return Awaited(account, self._began, asked)

    def _sweep(self) -> None:
        invoke(self._trueup, "sweep", {})

    def _show(self, api: Api, runs: list[dict[str, Any] | None]) -> None:
        done = [run for run in runs if run is not None]
        told = [(api.get(f"/v1/accounts/{run['account']}"), run) for run in done]
        lines = findings(
            (account, run, api.get(f"/v1/accounts/{account['id']}/links")["links"])
            for account, run in told
        )
        self._screen.say()
        for line in (*lines, "", *NOTES):
            self._screen.say(line)
        self._explain(api)
        for shop, run in zip(SHOPS, runs, strict=True):
            self._complain(api, shop.account, run)
        if VENDURE.account in {run["account"] for run in done if run["state"] == "Succeeded"}:
            Forcing(api, self._screen, VENDURE.account, self._home.files).run()
        self._tell_how_to_call(api)

    def _explain(self, api: Api) -> None:
        self._screen.title("Why: differences of which the cause was found")
        for line in reasons(api, [shop.account for shop in SHOPS]):
            self._screen.say(f"  {line}")
        self._screen.title("First things first: incidents, by what may oversell and by money")
        for line in exceptions(api):
            self._screen.say(f"  {line}")

    def _complain(self, api: Api, account: str, run: dict[str, Any] | None) -> None:
        if run is None:
            note = api.get(f"/v1/accounts/{account}")["note"] or "the schedule started no run"
            self._screen.say(f"{account} was not reconciled in time: {note}")
            return
        if run["cause"] and not run["locations"]:
            self._screen.say(f"{account}: {run['cause']}")
        for result in run["locations"]:
            if result["cause"]:
                self._screen.say(f"{account}, {result['channel_location']}: {result['cause']}")

    def _tell_how_to_call(self, api: Api) -> None:
        self._screen.title("The API")
        self._screen.item("address", api.url)
        self._screen.item("described", f"{api.url}/openapi.json")
        self._screen.item("sign in", f"as {people.EMAIL}, password in {self._home.login}")
        self._screen.say(
            "\nPaste these to sign in (for 15 minutes); read differences, incidents, and when one"
            "\nbegan; verify the audit trail; read a position at an instant; and reconcile now:"
        )
        address = self._trueup.endpoint_url, api.url
        for line in curl_lines(*address, self._home.sign_in, self._counted_at):
            self._screen.say(f"\n{line}")

    def _stay(self, server: VendureServer) -> None:
        """Until Ctrl-C; DemoError if the stack ends by itself."""
        self._screen.say("\nRunning; the schedule reconciles every 5 minutes. Ctrl-C ends it.")
        self._screen.say(f"State is kept in {self._home.state}, the shop is at {server.url}")
        while self._trueup.stack.process.poll() is None:
            time.sleep(0.5)
        raise DemoError(f"the stack ended, see {self._trueup.stack.log}")

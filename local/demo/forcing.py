"""Sets a channel right: a plan, its confirmation, what became of it, and an export of the view."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

from local.demo.api import Api
from local.demo.errors import DemoError
from local.demo.reasons import differing
from local.demo.screen import Screen, table

_WAIT_SECONDS: Final = 180
_PAUSE_SECONDS: Final = 0.25
_OPEN: Final = ("planning", "forcing", "Pending")
_LOG: Final = ("location", "item", "status", "showed", "set to", "shows now")
_SHOWN: Final = 12
_COLUMNS: Final = (
    *("product_name", "seller_identifier", "seller_inventory.sellable"),
    *("channel_inventory.location_name", "channel_inventory.inventory"),
    *("delta", "status", "cause", "recon_date"),
)


class Forcing:
    """One account, from what differs there to a file that says how it is now."""

    def __init__(self, api: Api, screen: Screen, account: str, files: Path) -> None:
        self._api = api
        self._screen = screen
        self._account = account
        self._path = f"/v1/accounts/{account}"
        self._files = files

    def run(self) -> None:
        """Force it, where there is something to force. DemoError: it cannot be planned."""
        self._screen.title(f"Force: make {self._account} show what can be sold there")
        self._go_live()
        plan = self._planned()
        if self._may_be_confirmed(plan):
            self._confirm(plan)
        self._export()

    def _go_live(self) -> None:
        self._api.patch(self._path, {"mode": "live"})
        until = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._api.put(f"{self._path}/orders-covered", {"until": until})
        self._screen.item("live", f"{self._account}; all orders until now are in the ledger")

    def _planned(self) -> Any:
        places = [place["id"] for place in self._api.get(self._path)["locations"]]
        body = {"account": self._account, "locations": places}
        begun = self._api.post("/v1/force-plans", body)
        plan = self._until(f"{self._path}/force-plans/{begun['id']}", "the plan is being made")
        for name, text in told(plan):
            self._screen.item(name, text)
        return plan

    def _may_be_confirmed(self, plan: Mapping[str, Any]) -> bool:
        if plan["state"] != "proposed":
            raise DemoError(f"there is no plan to force {self._account}: {plan['cause']}")
        cools = max(place["left"] or 0 for place in plan["locations"])
        if cools:
            self._screen.item("cooldown", f"for another {cools} s; nothing is sent until then")
        elif plan["approvals"]:
            self._screen.item("limits", "a second person has to approve it; nothing is sent")
        return bool(plan["summary"]["rows"]) and not cools and not plan["approvals"]

    def _confirm(self, plan: Mapping[str, Any]) -> None:
        path = f"{self._path}/force-plans/{plan['id']}"
        self._api.post(f"{path}/confirm", {"hash": plan["hash"]})
        (part,) = self._until(path, "the channel is being set")["parts"]
        counts = part["counts"]
        done = f"{counts['success']} Success, {counts['error']} Error"
        self._screen.item(
            "confirmed", f"{done}{': ' if part['cause'] else ''}{part['cause'] or ''}"
        )
        pushes = self._api.get(f"/v1/pushes?plan={plan['id']}&limit={_SHOWN}")["pushes"]
        self._screen.say("\nThe push log:")
        for line in table(_LOG, [_logged(push) for push in pushes], 3):
            self._screen.say(f"  {line}")
        self._screen.say(f"\n{self._compared(pushes)}")

    def _compared(self, pushes: Sequence[Mapping[str, Any]]) -> str:
        """What the view says of the rows that were set, right after."""
        differ = {_place_and_key(row) for row in differing(self._api, self._account)}
        right = sum((push["location_id"], push["channel_sku"]) not in differ for push in pushes)
        shown = f"{right} of these {len(pushes)} rows are Success in the view"
        return f"{shown}; {len(differ)} rows of {self._account} still differ."

    def _export(self) -> None:
        columns = [{"name": name} for name in _COLUMNS]
        body = {"of": "rows", "filters": {"account": self._account}, "columns": columns}
        begun = self._api.post("/v1/exports", body)
        path = f"/v1/exports/{begun['id']}"
        export = self._until(path, "the view is being exported")
        if export["state"] != "Success":
            raise DemoError(f"the export failed: {export['cause']}")
        link = self._api.get(f"{path}/link")
        file = self._files / link["file_name"]
        file.write_bytes(_downloaded(link["url"]))
        self._screen.item("export", f"{export['rows']} rows, downloaded by a link to {file}")

    def _until(self, path: str, doing: str) -> Any:
        """What is at the path once it is over."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while (found := self._api.get(path))["state"] in _OPEN:
            if time.monotonic() > deadline:
                raise DemoError(f"{doing} for {_WAIT_SECONDS} s; look at {path}")
            self._screen.live(f"  {doing} ...")
            time.sleep(_PAUSE_SECONDS)
        return found


def told(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Lines that say what a plan would do."""
    summary = plan["summary"]
    up, down = summary["up"], summary["down"]
    rows = f"{up['rows']} rows up by {up['units']} units, {down['rows']} down by {down['units']}"
    calls = f"{summary['calls']} calls"
    yield "plan", f"{rows}; {summary['oversold']} oversold, {summary['to_zero']} to zero; {calls}"
    for change in summary["largest"][:3]:
        yield "largest", f"{change['channel_identifier']}: {change['showed']} -> {change['target']}"
    skipped = (f"{n} {why.replace('_', ' ')}" for why, n in sorted(summary["skipped"].items()))
    yield "left alone", ", ".join(skipped) or "nothing"


def _place_and_key(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["channel_inventory"]["location_id"], row["channel_identifier"]


def _logged(push: Mapping[str, Any]) -> tuple[str, ...]:
    quantities = (push["showed"], push["quantity"], push["after"])
    texts = (push["location_name"], push["channel_sku"], push["status"])
    return (*texts, *("?" if one is None else str(one) for one in quantities))


def _downloaded(url: str) -> bytes:
    """As a browser would, without a token."""
    answer = httpx.get(url, trust_env=False)
    if not answer.is_success:
        raise DemoError(f"the link of an export: {answer.status_code} {answer.text[:200]}")
    return answer.content

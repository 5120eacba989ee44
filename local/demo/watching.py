"""Waits for runs and shows how they come on."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from local.demo.api import Api
from local.demo.errors import DemoError
from local.demo.screen import Screen

FINAL: Final = ("Succeeded", "Partial", "Failed")
_WAIT_SECONDS: Final = 600
_PAUSE_SECONDS: Final = 0.25
_ACTIVE: Final = ("Queued", "Running")
_SETTLE_SECONDS: Final = 400
"""A run whose execution never started is started by the sweeper, which comes every 5 minutes."""


@dataclass
class Awaited:
    """A run that is waited for: the account's first that was opened at `since` or later."""

    account: str
    since: datetime
    run: dict[str, Any] | None = None

    @property
    def over(self) -> bool:
        return self.run is not None and self.run["state"] in FINAL

    def look(self, api: Api) -> None:
        path = f"/v1/accounts/{self.account}/runs"
        if self.run is not None:
            self.run = api.get(f"{path}/{self.run['id']}")
            return
        found = [run for run in api.get(f"{path}?limit=20")["runs"] if self._is_wanted(run)]
        self.run = found[-1] if found else None

    def _is_wanted(self, run: dict[str, Any]) -> bool:
        return run["state"] != "Skipped" and datetime.fromisoformat(run["opened_at"]) >= self.since

    def told(self) -> str:
        """Where it stands."""
        if self.run is None:
            return "waiting for the schedule"
        progress = self.run["progress"]
        fetched, expected = progress["rows_fetched"], progress["rows_expected"]
        of = f" of {expected:,}" if expected is not None else ""
        rows = f", {fetched:,}{of} rows fetched" if fetched else ""
        return f"{progress['phase']}{rows}"


def watch(api: Api, screen: Screen, awaited: Sequence[Awaited]) -> None:
    """Look again and again until all are over, or ten minutes are."""
    deadline = time.monotonic() + _WAIT_SECONDS
    open_ = list(awaited)
    while open_ and time.monotonic() < deadline:
        for one in open_:
            one.look(api)
        for one in [one for one in open_ if one.over]:
            open_.remove(one)
            screen.item(one.account, ended(one.run or {}))
        screen.progress({one.account: one.told() for one in open_})
        time.sleep(_PAUSE_SECONDS if open_ else 0)


def settled(api: Api, account: str, before: datetime) -> bool:
    """Whether the account's newest run is of `before`; waits until it is over if it is."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < deadline:
        runs = api.get(f"/v1/accounts/{account}/runs?limit=1")["runs"]
        if not runs or datetime.fromisoformat(runs[0]["opened_at"]) >= before:
            return False
        if runs[0]["state"] not in _ACTIVE:
            return True
        time.sleep(_PAUSE_SECONDS)
    raise DemoError(f"{account}: the run {runs[0]['id']} of an earlier start does not end.")


def ended(run: dict[str, Any]) -> str:
    """How a run ended, in a line."""
    told = f"{run['state']} in {seconds(run):.1f} s, started by the {run['trigger']}"
    return f"{told}: {run['cause']}" if run["cause"] else told


def seconds(run: dict[str, Any]) -> float:
    """How long a run took, from its opening on."""
    start, end = (datetime.fromisoformat(run[key]) for key in ("opened_at", "finished_at"))
    return (end - start).total_seconds()

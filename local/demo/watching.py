"""Waits for runs and shows how they come on."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from local.demo.api import Api
from local.demo.errors import DemoError
from local.demo.screen import Screen

FINAL: Final = ("Succeeded", "Partial", "Failed")
_WAIT_SECONDS: Final = 600
_PAUSE_SECONDS: Final = 0.25
SKIPPED: Final = "Skipped"
_SETTLE_SECONDS: Final = 400
"""A run whose execution never started is started by the sweeper after a while."""


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
        return run["state"] != SKIPPED and _opened(run) >= self.since

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


def settled(api: Api, account: str, before: datetime, sweep: Callable[[], object]) -> bool:
    """Whether the account's newest run is of `before`; waits until it is over if it is.

    A stack that stops takes the executions of its runs with it. The sweeper, which ends such runs,
    comes every 5 minutes: here it is asked to come at once.
    """
    newest = _newest(api, account)
    if newest is not None and newest["state"] not in FINAL and _opened(newest) < before:
        sweep()
    deadline = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < deadline:
        newest = _newest(api, account)
        if newest is None or _opened(newest) >= before:
            return False
        if newest["state"] in FINAL:
            return True
        time.sleep(_PAUSE_SECONDS)
    raise DemoError(f"{account}: a run of an earlier start does not end.")


def _newest(api: Api, account: str) -> dict[str, Any] | None:
    runs = api.get(f"/v1/accounts/{account}/runs?limit=20")["runs"]
    return next((run for run in runs if run["state"] != SKIPPED), None)


def _opened(run: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(run["opened_at"])


def ended(run: dict[str, Any]) -> str:
    """How a run ended, in a line."""
    told = f"{run['state']} in {seconds(run):.1f} s, started by the {run['trigger']}"
    return f"{told}: {run['cause']}" if run["cause"] else told


def seconds(run: dict[str, Any]) -> float:
    """How long a run took, from its opening on."""
    start, end = (datetime.fromisoformat(run[key]) for key in ("opened_at", "finished_at"))
    return (end - start).total_seconds()

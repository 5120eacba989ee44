"""Lambda: finds the accounts that are due and opens a run for each."""

from dataclasses import asdict
from typing import Any

from trueup.entry.edge import Context, Event, logger, worker
from trueup.entry.settings import DispatchSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.dispatching import dispatch


@worker(DispatchSettings)
def handler(wired: Wiring, _event: Event, _context: Context) -> Any:
    found = dispatch(wired.plant())
    if found.broken:
        logger.error("Accounts that are due cannot be read.", accounts=found.broken)
    return asdict(found) | {"broken": len(found.broken)}

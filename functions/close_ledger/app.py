"""Lambda: closes books of movements into checkpoints."""

from dataclasses import asdict
from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import CloseLedgerSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.ledger.closing import close_due


@worker(CloseLedgerSettings)
def handler(wired: Wiring, _event: Event, context: Context) -> Any:
    remaining = context.get_remaining_time_in_millis
    return asdict(close_due(wired.registries, wired.clock, wired.closing, remaining))

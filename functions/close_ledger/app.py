"""Lambda: closes books of movements into checkpoints, and compares baselines that wait for it."""

from dataclasses import asdict
from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import CloseLedgerSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.ledger.closing import close_due
from trueup.usecases.variances.telling import tell_due


@worker(CloseLedgerSettings)
def handler(wired: Wiring, _event: Event, context: Context) -> Any:
    remaining = context.get_remaining_time_in_millis
    closed = close_due(wired.registries, wired.clock, wired.closing, remaining)
    compared = tell_due(wired.registries, wired.clock, wired.ingest, remaining)
    closed.require_sound()
    return asdict(closed) | {"compared": compared}

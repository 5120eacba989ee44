"""Lambda: ends what nobody else ends, and forgets old versions."""

from dataclasses import asdict
from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import SweepSettings
from trueup.entry.wiring import HEAD_TRIES, Wiring
from trueup.usecases.alerts.checking import sweep_alerts
from trueup.usecases.audit.anchoring import anchor_due
from trueup.usecases.retention import LEAST_MS, keep_house
from trueup.usecases.sweeping import sweep_open


@worker(SweepSettings)
def handler(wired: Wiring, _event: Event, context: Context) -> Any:
    remaining = context.get_remaining_time_in_millis
    swept = sweep_open(wired.plant(), remaining)
    told = sweep_alerts(wired.plant())
    noted = anchor_due(
        wired.plant(), wired.ledger, lambda: remaining() >= LEAST_MS, HEAD_TRIES.tries
    )
    kept = keep_house(wired.plant(), wired.pages, remaining)
    swept.require_sound()
    told.require_sound()
    noted.require_sound()
    return asdict(swept) | asdict(told) | asdict(noted) | asdict(kept)

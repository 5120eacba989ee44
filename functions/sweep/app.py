"""Lambda: ends what nobody else ends, and forgets old versions."""

from dataclasses import asdict
from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import SweepSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.alerts.checking import sweep_alerts
from trueup.usecases.retention import keep_house
from trueup.usecases.sweeping import sweep_open


@worker(SweepSettings)
def handler(wired: Wiring, _event: Event, context: Context) -> Any:
    swept = sweep_open(wired.plant())
    told = sweep_alerts(wired.plant())
    kept = keep_house(wired.plant(), wired.pages, context.get_remaining_time_in_millis)
    swept.require_sound()
    told.require_sound()
    return asdict(swept) | asdict(told) | asdict(kept)

"""Lambda: looks after cases once a run has ended, and what of cases and corrections is due."""

from dataclasses import asdict
from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import AttendSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.exceptions.attending import attend


@worker(AttendSettings)
def handler(wired: Wiring, event: Event, context: Context) -> Any:
    attended = attend(wired.office(), context.get_remaining_time_in_millis, event)
    attended.require_sound()
    return asdict(attended)

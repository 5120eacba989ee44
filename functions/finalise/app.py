"""Lambda: ends a run or import that could not end itself."""

from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import FinaliseSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.finalising import ending_of, finalise


@worker(FinaliseSettings)
def handler(wired: Wiring, event: Event, _context: Context) -> Any:
    return finalise(wired.plant(), ending_of(event))

"""Lambda: takes in the movements that come by the queue."""

from functools import partial
from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.queue import take_each
from trueup.entry.settings import TakeMovementsSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.intake.messages import take_message


@worker(TakeMovementsSettings)
def handler(wired: Wiring, event: Event, _context: Context) -> Any:
    return take_each(event, partial(take_message, wired.gate))

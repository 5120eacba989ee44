"""Lambda: compares one key range of one channel location."""

from dataclasses import asdict
from typing import Any

import msgspec

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import CompareSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.reconcile.comparing import compare_range
from trueup.usecases.reconcile.parts import PlanItem


@worker(CompareSettings)
def handler(wired: Wiring, event: Event, _context: Context) -> Any:
    item = msgspec.convert(event, PlanItem)
    return asdict(compare_range(wired.work(item.seller), item))

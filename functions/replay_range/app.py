"""Lambda: compares one key range of a past run again."""

from dataclasses import asdict
from typing import Any

import msgspec

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import ReplayRangeSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.replays.job import ReplayItem
from trueup.usecases.replays.ranges import replay_range


@worker(ReplayRangeSettings)
def handler(wired: Wiring, event: Event, _context: Context) -> Any:
    item = msgspec.convert(event, ReplayItem)
    return asdict(replay_range(wired.work(item.seller), item))

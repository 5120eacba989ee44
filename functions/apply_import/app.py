"""Lambda: makes an accepted file the next version of its book, and compares it."""

from typing import Any

from trueup.entry.edge import Context, Event, hurried, worker
from trueup.entry.settings import ApplyImportSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.ingest.stepping import take_step
from trueup.usecases.ingest.steps import answer, read_order
from trueup.usecases.ingest.validating import require_import


@worker(ApplyImportSettings)
def handler(wired: Wiring, event: Event, context: Context) -> Any:
    order = read_order(event)
    plain = wired.ingest(order.seller)
    asked_by = require_import(plain, order.import_).value.requested_by
    work = wired.ingest(order.seller, asked_by) if order.step == "import" else plain
    return answer(take_step(work, order, hurried(context)))

"""Lambda: makes an accepted file the next version of its book."""

from typing import Any

from trueup.entry.edge import Context, Event, hurried, worker
from trueup.entry.settings import ApplyImportSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.ingest.applying import apply_import
from trueup.usecases.ingest.steps import answer, read_order
from trueup.usecases.ingest.validating import require_import


@worker(ApplyImportSettings)
def handler(wired: Wiring, event: Event, context: Context) -> Any:
    order = read_order(event)
    asked_by = require_import(wired.ingest(order.seller), order.import_).value.requested_by
    work = wired.ingest(order.seller, asked_by)
    return answer(apply_import(work, order.import_, hurried(context)))

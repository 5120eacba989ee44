"""Lambda: finds every fault of an uploaded file."""

from typing import Any

from trueup.entry.edge import Context, Event, worker
from trueup.entry.settings import ValidateImportSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.ingest.steps import answer, read_order
from trueup.usecases.ingest.validating import validate_import


@worker(ValidateImportSettings)
def handler(wired: Wiring, event: Event, _context: Context) -> Any:
    order = read_order(event)
    return answer(validate_import(wired.ingest(order.seller), order.import_))

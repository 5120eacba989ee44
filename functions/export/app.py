"""Lambda: builds the file of an export."""

from typing import Any

from trueup.entry.edge import Context, Event, hurried, worker
from trueup.entry.settings import ExportSettings
from trueup.entry.wiring import Wiring
from trueup.usecases.exports.building import build_export
from trueup.usecases.exports.job import ExportJob


@worker(ExportSettings)
def handler(wired: Wiring, event: Event, context: Context) -> Any:
    job = ExportJob.model_validate(event)
    built = build_export(wired.exporting(job.seller), job, hurried(context))
    return {"state": built.state, "rows": built.rows, "cause": built.cause}

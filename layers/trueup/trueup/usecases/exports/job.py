"""What an execution of the machine `export` is given."""

from typing import Any

from trueup.domain.exports import Export
from trueup.usecases.step_input import StepInput


class ExportJob(StepInput):
    """The input of the step."""

    export: str
    tries: int


def payload(seller: str, export: Export) -> dict[str, Any]:
    """The input of an execution: the same for every start of the same try."""
    return {"schema": 1, "seller": seller, "export": export.id, "tries": export.tries}

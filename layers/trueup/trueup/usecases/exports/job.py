"""What an execution of the machine `export` is given."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from trueup.domain.exports import Export


class ExportJob(BaseModel):
    """The input of the step. Unknown fields are what earlier steps added."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)
    schema_version: Literal[1] = Field(1, alias="schema")
    seller: str
    export: str
    tries: int


def payload(seller: str, export: Export) -> dict[str, Any]:
    """The input of an execution: the same for every start of the same try."""
    return {"schema": 1, "seller": seller, "export": export.id, "tries": export.tries}

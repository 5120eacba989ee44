"""What the steps of every state machine are given."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class StepInput(BaseModel):
    """Whose work it is. Unknown fields are what earlier steps added."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)
    schema_version: Literal[1] = Field(1, alias="schema")
    seller: str

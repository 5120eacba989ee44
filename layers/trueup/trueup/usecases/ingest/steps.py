"""What the ingest state machine's steps are asked and answer."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from trueup.domain.imports import Import

SCHEMA = 1


class Order(msgspec.Struct, frozen=True, rename={"import_": "import"}):
    """An execution's input: which import of which seller; `step`: what of it is asked."""

    schema: Literal[1]
    seller: str
    import_: str
    step: Literal["import", "variances"] = "import"


def read_order(event: Mapping[str, Any]) -> Order:
    """msgspec.ValidationError if it is none."""
    return msgspec.convert(dict(event), Order)


def order(seller: str, import_: str) -> dict[str, Any]:
    """The input of an execution, the same for every start of the same import."""
    return {"schema": SCHEMA, "seller": seller, "import": import_}


def answer(item: Import) -> dict[str, Any]:
    """What a step tells the machine: counts, never rows."""
    return {
        "schema": SCHEMA,
        "state": item.state.value,
        "kind": item.kind.value,
        "rows": item.rows,
        "faults": item.faults,
        "rows_changed": item.rows_changed,
    }

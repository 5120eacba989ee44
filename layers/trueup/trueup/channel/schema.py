"""The JSON Schema of the contract, for connectors that are not written in Python.

python -m trueup.channel.schema > docs/channels/contract.schema.json
"""

import sys
from inspect import cleandoc
from typing import Any

import msgspec

from trueup.channel import contract

REQUESTS = (
    contract.DescribeRequest,
    contract.FetchRequest,
    contract.PushRequest,
    contract.CheckRequest,
)
RESPONSES = (
    contract.DescribeResponse,
    contract.FetchResponse,
    contract.PushResponse,
    contract.CheckResponse,
    contract.Failure,
)


def contract_schema() -> dict[str, Any]:
    """All types under `$defs`; the whole describes a request."""
    _, definitions = msgspec.json.schema_components(
        (*REQUESTS, *RESPONSES), ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Trueup channel contract, version {contract.CONTRACT_VERSION}",
        "oneOf": [{"$ref": f"#/$defs/{request.__name__}"} for request in REQUESTS],
        "$defs": {name: _tidy(definition) for name, definition in definitions.items()},
    }


def _tidy(definition: dict[str, Any]) -> dict[str, Any]:
    """Its description without indentation, which Python removes itself from 3.13 on."""
    described = definition.get("description")
    return definition if described is None else definition | {"description": cleandoc(described)}


def schema_text() -> str:
    return msgspec.json.format(msgspec.json.encode(contract_schema()), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())

"""The JSON Schema of the contract, for connectors that are not written in Python.

python -m trueup.channel.schema > docs/channels/contract.schema.json
"""

import sys
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
        "$defs": definitions,
    }


def schema_text() -> str:
    return msgspec.json.format(msgspec.json.encode(contract_schema()), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())

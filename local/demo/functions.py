"""Calls functions of the deployed stack directly, as its owner may."""

import json
from typing import Any

from local.demo.errors import DemoError
from local.deploy import STACK_NAME
from local.embedded import Embedded


def invoke(trueup: Embedded, name: str, event: dict[str, Any]) -> Any:
    """What the function of this short name answers; DemoError if it fails."""
    answer = trueup.client("lambda").invoke(
        FunctionName=f"{STACK_NAME}-{name}", Qualifier="live", Payload=json.dumps(event)
    )
    body = json.load(answer["Payload"])
    if "FunctionError" in answer:
        raise DemoError(f"{name} failed: {body.get('errorMessage', body)}")
    return body

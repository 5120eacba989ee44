"""Answers the HTTP API."""

from typing import Any

from trueup_api.deployed import deployed


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return deployed()(event, context)

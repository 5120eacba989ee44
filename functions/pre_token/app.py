"""Puts a member's seller and roles into their access token."""

from typing import Any

from trueup.entry.settings import PreTokenSettings
from trueup.entry.wiring import wiring
from trueup.usecases.auth import token_response


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    return token_response(event, wiring(PreTokenSettings).members)

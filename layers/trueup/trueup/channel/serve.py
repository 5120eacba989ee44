"""How a connector Lambda in Python answers: decode, dispatch, encode."""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from trueup.channel.contract import (
    CONTRACT_VERSION,
    CheckRequest,
    CheckResponse,
    DescribeRequest,
    DescribeResponse,
    Failure,
    FetchRequest,
    FetchResponse,
    PushRequest,
    PushResponse,
    Request,
    Response,
)


class Connector(Protocol):
    """The four operations; see `contract` for what each must answer."""

    def describe(self, request: DescribeRequest) -> DescribeResponse | Failure: ...
    def fetch(self, request: FetchRequest) -> FetchResponse: ...
    def push(self, request: PushRequest) -> PushResponse: ...
    def check(self, request: CheckRequest) -> CheckResponse: ...


def answer(connector: Connector, event: dict[str, Any]) -> dict[str, Any]:
    """The response to an event, as JSON values; msgspec.ValidationError on a bad request."""
    request = msgspec.convert(event, Request)
    if request.version > CONTRACT_VERSION:
        message = f"Contract version {request.version} is newer than this connector knows"
        raise msgspec.ValidationError(message)
    response = _operation(connector, request)(request)
    encoded: dict[str, Any] = msgspec.to_builtins(response)
    return encoded


def _operation(connector: Connector, request: Request) -> Callable[[Any], Response]:
    match request:
        case DescribeRequest():
            return connector.describe
        case FetchRequest():
            return connector.fetch
        case PushRequest():
            return connector.push
        case CheckRequest():
            return connector.check

"""Reads a connector's answer: JSON of the type that the request's operation calls for."""

import msgspec

from trueup.channel.contract import (
    CONTRACT_VERSION,
    MAX_RESPONSE_BYTES,
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
from trueup.domain.errors import DefectError


class _Outcome(msgspec.Struct):
    outcome: str


def read_answer(request: Request, body: bytes) -> Response:
    """The response to `request`; DefectError for anything the contract does not allow."""
    if len(body) > MAX_RESPONSE_BYTES:
        msg = f"The connector answered {len(body)} bytes; {MAX_RESPONSE_BYTES} are allowed."
        raise DefectError(msg)
    try:
        response = _decode(request, body)
    except msgspec.DecodeError as error:  # ValidationError is one
        msg = f"The connector's answer is off the contract: {error}"
        raise DefectError(msg) from error
    _check(request, response)
    return response


def _decode(request: Request, body: bytes) -> Response:
    match request:
        case DescribeRequest():
            if msgspec.json.decode(body, type=_Outcome).outcome == "ok":
                return msgspec.json.decode(body, type=DescribeResponse)
            return msgspec.json.decode(body, type=Failure)
        case FetchRequest():
            return msgspec.json.decode(body, type=FetchResponse)
        case PushRequest():
            return msgspec.json.decode(body, type=PushResponse)
        case CheckRequest():
            return msgspec.json.decode(body, type=CheckResponse)


def _check(request: Request, response: Response) -> None:
    if response.version != CONTRACT_VERSION:
        msg = f"The connector speaks version {response.version} of the contract."
        raise DefectError(msg)
    if isinstance(request, PushRequest) and isinstance(response, PushResponse):
        given, asked = len(response.results), len(request.rows)
        if given > asked or (response.outcome == "ok" and given != asked):
            msg = f"The connector gave {given} results for {asked} rows."
            raise DefectError(msg)

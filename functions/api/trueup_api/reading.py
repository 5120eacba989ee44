"""Reading a request: its query, its body, its headers; all faults at once."""

import base64
import binascii
from http import HTTPStatus
from typing import Any, TypeVar, get_origin
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from trueup.domain.errors import Fault
from trueup_api.problems import RequestError, faults_of

MAX_BODY_BYTES = 1_000_000
MAX_KEY_LENGTH = 128
M = TypeVar("M", bound=BaseModel)
Event = dict[str, Any]


def header(event: Event, name: str) -> str | None:
    """A header's value; names are compared as HTTP does."""
    headers = event.get("headers") or {}
    return next((value for key, value in headers.items() if key.lower() == name), None)


def read_query(event: Event, model: type[M]) -> M:
    """The query as its model. 400 with every unknown, repeated or wrong parameter."""
    try:
        pairs = parse_qsl(
            event.get("rawQueryString") or "", keep_blank_values=True, errors="strict"
        )
    except ValueError as error:
        raise RequestError(HTTPStatus.BAD_REQUEST, "The query cannot be read.") from error
    values, faults = _gathered(pairs, model)
    try:
        read = model.model_validate(values)
    except ValidationError as error:
        faults.extend(faults_of(error, pointers=False))
    if faults:
        detail = "The query has parameters that are wrong."
        raise RequestError(HTTPStatus.BAD_REQUEST, detail, tuple(faults))
    return read


def _gathered(
    pairs: list[tuple[str, str]], model: type[BaseModel]
) -> tuple[dict[str, Any], list[Fault]]:
    """Values by name: a tuple for the parameters that may be repeated."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in pairs:
        field = model.model_fields.get(name)
        if field is not None and get_origin(field.annotation) is tuple:
            values[name] = (*values.get(name, ()), value)
        elif name in values:
            faults.append(Fault(name, "is given more than once"))
        else:
            values[name] = value
    return values, faults


def raw_body(event: Event) -> bytes:
    """The bytes of the body; 413 where there are too many."""
    body = event.get("body") or ""
    try:
        raw = (
            base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
        )
    except (binascii.Error, UnicodeEncodeError) as error:
        raise RequestError(HTTPStatus.BAD_REQUEST, "The body cannot be read.") from error
    if len(raw) > MAX_BODY_BYTES:
        detail = f"The body may have {MAX_BODY_BYTES} bytes; use an upload for larger files."
        raise RequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
    return raw


def read_body(event: Event, raw: bytes, model: type[M]) -> M:
    """The body as its model. 400: not JSON; 415: another type; 422 with every fault."""
    media_type = (header(event, "content-type") or "application/json").partition(";")[0]
    if media_type.strip().lower() != "application/json":
        detail = "The body must be application/json."
        raise RequestError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
    try:
        return model.model_validate_json(raw or b"null", strict=True)
    except ValidationError as error:
        raise _unreadable(error) from error


def _unreadable(error: ValidationError) -> RequestError:
    faults = faults_of(error, pointers=True)
    if error.errors()[0]["type"] == "json_invalid":
        return RequestError(HTTPStatus.BAD_REQUEST, "The body is not JSON.", faults)
    detail = "The body has values that are wrong."
    return RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, detail, faults)


def idempotency_key(event: Event) -> str | None:
    key = header(event, "idempotency-key")
    if key is None:
        return None
    if not (0 < len(key) <= MAX_KEY_LENGTH and key.isascii() and key.isprintable()):
        fault = Fault("Idempotency-Key", f"must be 1-{MAX_KEY_LENGTH} printable characters")
        raise RequestError(HTTPStatus.BAD_REQUEST, "A header is wrong.", (fault,))
    return key

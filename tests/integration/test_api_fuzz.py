"""Requests that nobody thought of: no 5xx, and no answer that the OpenAPI document does not give.

schemathesis makes them from the served document and sends them to the Lambda's handler.
"""

from collections.abc import Callable, Iterable
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.hooks import HookContext
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.unit.api.api_world import ApiWorld, event
from tests.unit.api.furnished import furnish

StartResponse = Callable[[str, list[tuple[str, str]]], object]
API = ApiWorld()
NAMED = furnish(API, "acme").named
TOKEN = "good"


def lambda_as_wsgi(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """What the HTTP API does: verify the token, make the event, return the answer."""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") or name == "CONTENT_TYPE"
    }
    claims = API.claims() if headers.get("authorization") == f"Bearer {TOKEN}" else None
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    given = event(environ["REQUEST_METHOD"], path, None, claims, {})
    given["rawPath"] = path
    given["rawQueryString"] = environ.get("QUERY_STRING", "")
    given["headers"] = headers
    given["body"] = body.decode(errors="replace") if body else None
    reply = API.send(given)
    start_response(f"{reply.status} X", [(k, str(v)) for k, v in reply.headers.items()])
    return [reply.text.encode()]


schema = schemathesis.openapi.from_wsgi("/openapi.json", lambda_as_wsgi)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    unsupported_method,
]


@schema.hook
def map_path_parameters(_: HookContext, given: dict[str, Any] | None) -> dict[str, Any] | None:
    """Half of the time things that are there: else every answer would be 404."""
    if not given:
        return given
    return {n: NAMED[n] if len(str(v)) % 2 else v for n, v in given.items()}


@schema.hook
def map_query(_: HookContext, given: dict[str, Any] | None) -> dict[str, Any] | None:
    if not given:
        return given
    known = {"account": NAMED["account"], "location": "1"}
    return {n: known[n] if n in known and len(str(v)) % 2 else v for n, v in given.items()}


@schema.parametrize()
@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_request_gets_an_answer_that_is_not_documented(case: "Case[Any]") -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKS)


@schema.parametrize()
@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_request_without_a_token_gets_anything(case: "Case[Any]") -> None:
    response = case.call_and_validate(checks=[not_a_server_error, status_code_conformance])
    if case.path.startswith("/v1/"):
        assert response.status_code in (401, 404, 405)

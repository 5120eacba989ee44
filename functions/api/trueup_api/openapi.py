"""The OpenAPI document, made from the table of routes."""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from trueup_api.problems import MEDIA_TYPE, Problem, phrase
from trueup_api.reading import MAX_BODY_BYTES, MAX_KEY_LENGTH
from trueup_api.routing import NoQuery, Route
from trueup_api.table import ROUTES

Json = dict[str, Any]
API_VERSION = "1.0"
_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"<(\w+)>")
_SEGMENT = "^[A-Za-z0-9~_-][A-Za-z0-9~._-]*$"
_ALWAYS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_WITH_BODY = (
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
PATH_PARAMETERS = {
    "account": "Your code of the account",
    "location": "Your code of the location",
    "channel_location": "The `token` of a channel location, as its account gives it",
    "sku": "The `token` of a SKU, as the list gives it",
    "run": "A run's id",
    "import": "An import's id",
    "replay": "A replay's id",
    "export": "An export's id",
    "plan": "A force plan's id",
    "threshold": "A threshold's id",
    "source": "Your code of the source",
    "domain": "`movements`, `statuses`, `positions` or `sku_master`",
    "place": "Your code of a location, or `~Kg` for everywhere",
    "incident": "An incident's id, as the list of incidents gives it",
    "case": "A case's id",
    "rule": "Your code of the rule",
    "adjustment": "An adjustment's id",
    "push": "A push's id, as the push log gives it",
}
_DESCRIPTION = f"""Compares what you can sell with what your channels show.

Every request needs an access token, which also says for which seller it is. Errors are problem
details (RFC 9457) and name all faults at once. Bodies may have {MAX_BODY_BYTES:,} bytes. Unknown
query parameters and fields are refused. Instants are ISO 8601 in UTC."""

Models = Mapping[Any, Json]


def document(routes: Sequence[Route] = ROUTES) -> Json:
    """OpenAPI 3.1, with every status that each route can answer."""
    references, schemas = models_json_schema(
        sorted(_models(routes), key=lambda pair: (pair[0].__name__, pair[1])), ref_template=_REF
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Trueup", "version": API_VERSION, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{"accessToken": []}],
        "paths": _paths(routes, references),
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"accessToken": _SECURITY},
        },
    }


_SECURITY = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "An access token of the user pool. Id tokens are refused.",
}


def _models(routes: Sequence[Route]) -> set[tuple[type[BaseModel], JsonSchemaMode]]:
    found: set[tuple[type[BaseModel], JsonSchemaMode]] = {(Problem, "serialization")}
    for route in routes:
        if route.takes_body:
            found.add((route.body, "validation"))
        if route.answer[1] is not None:
            found.add((route.answer[1], "serialization"))
    return found


def _paths(routes: Sequence[Route], models: Models) -> Json:
    paths: Json = {}
    for route in routes:
        path = _PARAMETER.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, models)
    return paths | _PUBLIC


def _operation(route: Route, models: Models) -> Json:
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "description": f"Needs the role {route.role}.",
        "tags": [route.path.split("/")[2]],
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_headers(route)],
        "responses": {str(int(s)): r for s, r in sorted(_responses(route, models).items())},
    }
    if route.takes_body:
        operation["requestBody"] = _request_body(route, models)
    return operation


def _request_body(route: Route, models: Models) -> Json:
    content: Json = {"schema": models[route.body, "validation"]}
    if route.example:
        content["example"] = dict(route.example)
    return {"required": True, "content": {"application/json": content}}


def _path_parameters(route: Route) -> Iterator[Json]:
    for name in _PARAMETER.findall(route.path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": PATH_PARAMETERS[name],
            "schema": {
                "type": "string",
                "minLength": 1,
                "pattern": r"^[A-Za-z0-9~_-][A-Za-z0-9~._-]*$",
            },
        }


def _query_parameters(route: Route) -> Iterator[Json]:
    if route.query is NoQuery:
        return
    schema = route.query.model_json_schema(ref_template=_REF)
    for name, stated in schema["properties"].items():
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": _plain(stated),
        }


def _plain(stated: Json) -> Json:
    """A parameter's schema: one that may be absent is never null."""
    choices = [choice for choice in stated.get("anyOf", ()) if choice != {"type": "null"}]
    kept = {k: v for k, v in stated.items() if k not in ("anyOf", "title", "default")}
    if stated.get("default") not in (None, []):
        kept["default"] = stated["default"]
    return kept | (choices[0] if choices else {})


def _headers(route: Route) -> Iterator[Json]:
    if route.repeatable:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same key and body get the same answer; another body gets 409.",
            "schema": {
                "type": "string",
                "maxLength": MAX_KEY_LENGTH,
                "pattern": "^[!-~]+$",
            },
        }


def statuses(route: Route) -> set[HTTPStatus]:
    """Every status that a route may answer with."""
    found = {route.answer[0], *_ALWAYS, *route.problems}
    if "<" in route.path:
        found.add(HTTPStatus.NOT_FOUND)
    if route.takes_body:
        found.update(_WITH_BODY)
    if route.repeatable:
        found.update((HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
    return found


def _responses(route: Route, models: Models) -> dict[HTTPStatus, Json]:
    responses = {status: _problem(status) for status in statuses(route)}
    status, model = route.answer
    good: Json = {"description": phrase(status)}
    if model is not None:
        content: Json = {"schema": models[model, "serialization"]}
        if route.example and not route.takes_body:
            content["example"] = dict(route.example)
        good["content"] = {"application/json": content}
    if status in (HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
        good["headers"] = {"Location": _header("Where it can be read", "string")}
    responses[status] = good
    return responses


def _problem(status: HTTPStatus) -> Json:
    problem: Json = {
        "description": phrase(status),
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}},
    }
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        problem["headers"] = {"Retry-After": _header("Seconds", "integer")}
    if status is HTTPStatus.UNAUTHORIZED:
        problem["headers"] = {"WWW-Authenticate": _header("Bearer", "string")}
    return problem


def _header(description: str, kind: Literal["string", "integer"]) -> Json:
    return {"description": description, "schema": {"type": kind}}


def _public(name: str, summary: str) -> Json:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {
        "get": {
            "operationId": name,
            "summary": summary,
            "tags": ["service"],
            "security": [],
            "responses": {"200": {"description": "OK", "content": content}},
        }
    }


_PUBLIC = {
    "/health": _public("health", "Whether the API answers"),
    "/openapi.json": _public("openapi", "This document"),
}


def write(path: str) -> None:
    """Write the document to a file, as it is kept in docs/."""
    Path(path).write_text(json.dumps(document(), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    write(sys.argv[1])

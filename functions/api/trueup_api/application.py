"""From an event of the HTTP API to its answer."""

import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as NoRouteError

from trueup.usecases import receipts
from trueup.usecases.auth import caller_of
from trueup_api.problems import (
    MEDIA_TYPE,
    RequestError,
    headers_of,
    problem_of,
    status_of,
)
from trueup_api.reading import Event, idempotency_key, raw_body, read_body, read_query
from trueup_api.routing import Answer, Call, NoBody, Route
from trueup_api.table import ROUTES
from trueup_api.tokens import unquoted
from trueup_api.world import Shop, World

logger = Logger()
Handler = Callable[[Event, Any], dict[str, Any]]
_JSON = "application/json"


def application(world: World, routes: Sequence[Route] = ROUTES) -> Handler:
    """A Lambda handler that answers the routes of the table."""
    resolver = APIGatewayHttpResolver()
    for route in routes:
        resolver.route(route.path, method=route.method)(_endpoint(resolver, world, route))
    resolver.get("/health")(_health)
    resolver.get("/openapi.json")(_document)
    resolver.not_found(_no_route(resolver, routes))
    resolver.exception_handler(Exception)(_told)
    return resolver.resolve


def _endpoint(
    resolver: APIGatewayHttpResolver, world: World, route: Route
) -> Callable[..., Response[str]]:
    def endpoint(**path: str) -> Response[str]:
        return _answer(world, route, resolver.current_event.raw_event, path)

    return endpoint


def _answer(world: World, route: Route, event: Event, path: dict[str, str]) -> Response[str]:
    shop = world.of(caller_of(_claims(event), world.clock()), _request_id(event))
    shop.caller.require(route.role)
    query = read_query(event, route.query)
    raw = raw_body(event)
    body = read_body(event, raw, route.body) if route.takes_body else NoBody()
    key = idempotency_key(event) if route.repeatable else None
    call: Call[Any, Any] = Call(shop, unquoted(path), query, body, key)
    if key is None:
        return _response(_packed(route.run(call)))
    return _response(_once(shop, event, key, raw, lambda: _packed(route.run(call))))


def _once(shop: Shop, event: Event, key: str, raw: bytes, act: Callable[[], str]) -> str:
    scope = f"{event['requestContext']['http']['method']} {event['rawPath']}"
    query = (event.get("rawQueryString") or "").encode()
    return receipts.once(shop.registry, shop.world.clock, scope, key, query + b"\n" + raw, act)


def _request_id(event: Event) -> str | None:
    given = (event.get("requestContext") or {}).get("requestId")
    return given if isinstance(given, str) else None


def _claims(event: Event) -> dict[str, Any] | None:
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    claims = (authorizer.get("jwt") or {}).get("claims")
    return claims if isinstance(claims, dict) else None


def _packed(answer: Answer) -> str:
    """An answer as text, as an idempotency receipt keeps it."""
    body = None if answer.body is None else answer.body.model_dump_json(by_alias=True)
    return json.dumps({"status": answer.status, "location": answer.location, "body": body})


def _response(packed: str) -> Response[str]:
    answer = json.loads(packed)
    headers = {"Cache-Control": "no-store"}
    if answer["location"]:
        headers["Location"] = answer["location"]
    kind = _JSON if answer["body"] is not None else None
    # A body is always text: not every gateway takes null for none.
    return Response(answer["status"], kind, answer["body"] or "", headers=headers)


def _told(error: Exception) -> Response[str]:
    """The one broad catch: what nobody foresaw is logged, and told as a problem."""
    if status_of(error) is HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("The API failed", exc_info=error)
    headers = {"Cache-Control": "no-store", **headers_of(error)}
    body = problem_of(error).model_dump_json(exclude_none=True)
    return Response(int(status_of(error)), MEDIA_TYPE, body, headers=headers)


def _no_route(
    resolver: APIGatewayHttpResolver, routes: Sequence[Route]
) -> Callable[[NoRouteError], Response[str]]:
    def no_route(_: NoRouteError) -> Response[str]:
        event = resolver.current_event
        return _told(_missing(event.http_method, event.path, routes))

    return no_route


def _missing(method: str, path: str, routes: Sequence[Route]) -> RequestError:
    """405 where another method is known, else 404: also for ids with characters no id has."""
    allowed = [route.method for route in routes if _fits(route, path)]
    if path in ("/health", "/openapi.json"):
        allowed = ["GET"]
    if not allowed or method in allowed:
        return RequestError(HTTPStatus.NOT_FOUND, "There is no such address.")
    detail = "This address does not take that method."
    return RequestError(HTTPStatus.METHOD_NOT_ALLOWED, detail, Allow=", ".join(allowed))


def _fits(route: Route, path: str) -> bool:
    pattern, given = route.path.split("/"), path.split("/")
    return len(pattern) == len(given) and all(
        (part.startswith("<") and text) or part == text
        for part, text in zip(pattern, given, strict=True)
    )


def _health() -> Response[str]:
    return Response(200, _JSON, json.dumps({"status": "ok"}))


def _document() -> Response[str]:
    from trueup_api.openapi import document  # noqa: PLC0415 - its cost is nobody else's

    return Response(200, _JSON, json.dumps(document()))

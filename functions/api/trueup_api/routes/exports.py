"""Exports: a view as a file, as it was when it was asked for; their history and links."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from trueup.domain.exports import Export
from trueup.usecases.auth import Role
from trueup.usecases.exports.linking import LINK_SECONDS, ExpiredError, link_to
from trueup.usecases.exports.slots import WAIT_SECONDS, TooManyError
from trueup.usecases.exports.starting import require_export, retry_export, start_export
from trueup_api.problems import RequestError
from trueup_api.routes.export_forms import (
    ExportBody,
    ExportsQuery,
    ExportsView,
    ExportView,
    LinkView,
    export_view,
    wish_of,
)
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, accepted, ok

_TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS


def create_export(call: Call[NoQuery, ExportBody]) -> Answer:
    wish = wish_of(call.body)
    return _begun(call, lambda: start_export(call.shop.exporting, wish))


def retry_failed_export(call: Call[NoQuery, NoBody]) -> Answer:
    return _begun(call, lambda: retry_export(call.shop.exporting, call.path["export"]))


def _begun(call: Call[Any, Any], begin: Callable[[], Export]) -> Answer:
    try:
        export = begin()
    except TooManyError as error:
        wait = {"Retry-After": str(WAIT_SECONDS)}
        raise RequestError(_TOO_MANY, str(error), (), **wait) from error
    return accepted(export_view(export, call.shop.world.clock()), f"/v1/exports/{export.id}")


def list_exports(call: Call[ExportsQuery, NoBody]) -> Answer:
    query, shop = call.query, call.shop
    found = shop.registry.list(Export, cursor=query.cursor, limit=query.limit, newest_first=True)
    views = [export_view(stored.value, shop.world.clock()) for stored in found.items]
    return ok(ExportsView(exports=views, cursor=found.cursor))


def get_export(call: Call[NoQuery, NoBody]) -> Answer:
    shop = call.shop
    export = require_export(shop.registry, call.path["export"]).value
    return ok(export_view(export, shop.world.clock()))


def get_export_link(call: Call[NoQuery, NoBody]) -> Answer:
    shop, world = call.shop, call.shop.world
    try:
        link = link_to(shop.registry, world.exports, call.path["export"], world.clock())
    except ExpiredError as error:
        raise RequestError(HTTPStatus.GONE, str(error)) from error
    return ok(LinkView(url=link.url, file_name=link.file_name, expires_in=LINK_SECONDS))


EXAMPLE: dict[str, Any] = {
    "of": "rows",
    "format": "xlsx",
    "filters": {"account": "shop-eu", "status": "Failed"},
    "columns": [
        {"name": "product_name", "width": 40},
        {"name": "seller_identifier"},
        {"name": "seller_inventory.sellable"},
        {"name": "channel_inventory.inventory"},
        {"name": "delta"},
    ],
}
_EXPORT = "/v1/exports/<export>"
ROUTES = (
    Route(
        "POST",
        "/v1/exports",
        Role.VIEWER,
        create_export,
        (HTTPStatus.ACCEPTED, ExportView),
        "Export a view as a file, as it is now",
        body=ExportBody,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, _TOO_MANY),
        repeatable=True,
        example=EXAMPLE,
    ),
    Route(
        "GET",
        "/v1/exports",
        Role.VIEWER,
        list_exports,
        (HTTPStatus.OK, ExportsView),
        "Export history, the newest first",
        query=ExportsQuery,
        problems=(HTTPStatus.UNPROCESSABLE_ENTITY,),
    ),
    Route(
        "GET",
        _EXPORT,
        Role.VIEWER,
        get_export,
        (HTTPStatus.OK, ExportView),
        "One export: how far it is, and what came of it",
    ),
    Route(
        "POST",
        f"{_EXPORT}/retry",
        Role.VIEWER,
        retry_failed_export,
        (HTTPStatus.ACCEPTED, ExportView),
        "Build a failed export again, of just what was pinned for it",
        problems=(HTTPStatus.CONFLICT, _TOO_MANY),
    ),
    Route(
        "GET",
        f"{_EXPORT}/link",
        Role.VIEWER,
        get_export_link,
        (HTTPStatus.OK, LinkView),
        "A link to the file, good for five minutes",
        problems=(HTTPStatus.CONFLICT, HTTPStatus.GONE),
    ),
)

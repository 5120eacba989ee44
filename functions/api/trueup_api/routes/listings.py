"""Listings: what ties SKUs to an account."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from trueup.domain.errors import Fault, RejectedError
from trueup.domain.listings import Listing
from trueup.usecases import listings
from trueup.usecases.auth import Role
from trueup.usecases.listings import MAX_EDITS, Edited, ListingDesk
from trueup_api.fields import CodeText
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, Strict, ok
from trueup_api.world import Shop


class ListingsQuery(Strict):
    sku_prefix: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=8000)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class ListingsView(Strict):
    """Listings in SKU order, and the version they are of; the cursor stays with it."""

    listings: list[Listing]
    version: int
    cursor: str | None


class ListingsBody(Strict):
    """Each replaces the listing of the same SKU and channel code."""

    listings: Annotated[list[Listing], Field(min_length=1, max_length=MAX_EDITS)]


class ListingName(Strict):
    sku: CodeText
    channel_key: CodeText


class RemovalsBody(Strict):
    """Listings to take out; absent ones are no error."""

    listings: Annotated[list[ListingName], Field(min_length=1, max_length=MAX_EDITS)]


class EditedView(Strict):
    """The version of the listings that has the edits. `changed`: whether they were news."""

    version: int
    changed: bool


def list_listings(call: Call[ListingsQuery, NoBody]) -> Answer:
    query = call.query
    page = listings.list_listings(
        _desk(call.shop),
        call.path["account"],
        prefix=query.sku_prefix or "",
        cursor=query.cursor,
        limit=query.limit,
    )
    return ok(ListingsView(listings=list(page.items), version=page.version, cursor=page.cursor))


def put_listings(call: Call[NoQuery, ListingsBody]) -> Answer:
    desk, user = _desk(call.shop), call.shop.caller.user
    account, given = call.path["account"], call.body.listings
    return _edited(lambda: listings.put_listings(desk, account, given, user))


def remove_listings(call: Call[NoQuery, RemovalsBody]) -> Answer:
    desk, user = _desk(call.shop), call.shop.caller.user
    account = call.path["account"]
    names = [(name.sku, name.channel_key) for name in call.body.listings]
    return _edited(lambda: listings.delete_listings(desk, account, names, user))


def _edited(edit: Callable[[], Edited]) -> Answer:
    """The answer to an edit; faults are told as pointers into the body."""
    try:
        edited = edit()
    except RejectedError as error:
        pointed = (Fault("/" + f.where.replace(".", "/"), f.reason) for f in error.faults)
        raise RejectedError(str(error), tuple(pointed)) from error
    return ok(EditedView(version=edited.version, changed=edited.changed))


def _desk(shop: Shop) -> ListingDesk:
    return ListingDesk(shop.registry, shop.pages, shop.world.clock)


_LISTING: dict[str, Any] = {
    "sku": "SHIRT-RED-M",
    "channel_key": "4006381333931",
    "title": "Red shirt, M",
    "gtin": "4006381333931",
    "price": 1999,
    "currency": "EUR",
}
_PATH = "/v1/accounts/<account>/listings"
_REJECTS = (HTTPStatus.UNPROCESSABLE_ENTITY,)
ROUTES = (
    Route(
        "GET",
        _PATH,
        Role.VIEWER,
        list_listings,
        (HTTPStatus.OK, ListingsView),
        "Listings of an account, by SKU",
        query=ListingsQuery,
        problems=_REJECTS,
    ),
    Route(
        "PUT",
        _PATH,
        Role.OPERATOR,
        put_listings,
        (HTTPStatus.OK, EditedView),
        "Put some listings in; for many, import a file",
        body=ListingsBody,
        problems=_REJECTS,
        example={"listings": [_LISTING]},
    ),
    Route(
        "POST",
        f"{_PATH}/removals",
        Role.OPERATOR,
        remove_listings,
        (HTTPStatus.OK, EditedView),
        "Take some listings out",
        body=RemovalsBody,
        problems=_REJECTS,
        example={"listings": [{"sku": "SHIRT-RED-M", "channel_key": "4006381333931"}]},
    ),
)

"""The seller's locations, and links from them to an account's channel locations."""

from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field

from trueup.domain.accounts import Link, Location, Member, Slug, Units
from trueup.usecases import places
from trueup.usecases.auth import Role
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of
from trueup_api.fields import Name
from trueup_api.routing import (
    NO_CONTENT,
    Answer,
    Call,
    NoBody,
    NoQuery,
    Route,
    Strict,
    created,
    ok,
)
from trueup_api.tokens import from_path_token, path_token


class NewLocation(Strict):
    """Where the seller has stock. `buffer` in base units; null: the account's."""

    code: Slug
    name: Name
    buffer: Units | None = None


class LocationChange(Strict):
    """The fields to set; what is absent stays."""

    name: Name = ""
    buffer: Units | None = None


class LocationView(Strict):
    code: str
    name: str
    buffer: int | None


class LocationsView(Strict):
    locations: list[LocationView]


class LinkBody(Strict):
    """What feeds a channel location: one location of the seller's, or a pool of several.

    `share` is the percent of a location's stock that this link draws on. A location that feeds
    several channel locations of one account needs shares that add up to at most 100.
    """

    members: Annotated[list[Member], Field(min_length=1, max_length=50)]
    buffer: Units | None = None


class LinkView(Strict):
    account: str
    channel_location: str
    token: str
    members: list[Member]
    buffer: int | None


class LinksView(Strict):
    links: list[LinkView]


_FIELDS = tuple(LocationView.model_fields)


def location_view(location: Location) -> LocationView:
    return LocationView(**{name: getattr(location, name) for name in _FIELDS})


def link_view(link: Link) -> LinkView:
    return LinkView(
        account=link.account,
        channel_location=link.channel_location,
        token=path_token(link.channel_location),
        members=list(link.members),
        buffer=link.buffer,
    )


def add_location(call: Call[NoQuery, NewLocation]) -> Answer:
    location = places.add_location(call.shop.registry, call.body.model_dump())
    return created(location_view(location), f"/v1/locations/{location.code}")


def list_locations(call: Call[NoQuery, NoBody]) -> Answer:
    found = all_of(call.shop.registry, Location)
    return ok(LocationsView(locations=[location_view(stored.value) for stored in found]))


def get_location(call: Call[NoQuery, NoBody]) -> Answer:
    stored = places.require_location(call.shop.registry, call.path["location"])
    return ok(location_view(stored.value))


def change_location(call: Call[NoQuery, LocationChange]) -> Answer:
    fields = call.body.model_dump(exclude_unset=True)
    changed = places.change_location(call.shop.registry, call.path["location"], fields)
    return ok(location_view(changed))


def list_links(call: Call[NoQuery, NoBody]) -> Answer:
    account = require_account(call.shop.registry, call.path["account"]).value
    found = places.list_links(call.shop.registry, account.id)
    return ok(LinksView(links=[link_view(stored.value) for stored in found]))


def get_link(call: Call[NoQuery, NoBody]) -> Answer:
    place = from_path_token(call.path["channel_location"])
    stored = places.require_link(call.shop.registry, call.path["account"], place)
    return ok(link_view(stored.value))


def put_link(call: Call[NoQuery, LinkBody]) -> Answer:
    account = require_account(call.shop.registry, call.path["account"]).value
    place = from_path_token(call.path["channel_location"])
    wanted = places.link_of(account, place, call.body.members, call.body.buffer)
    return ok(link_view(places.put_link(call.shop.registry, call.shop.world.clock, wanted)))


def remove_link(call: Call[NoQuery, NoBody]) -> Answer:
    place = from_path_token(call.path["channel_location"])
    places.remove_link(call.shop.registry, call.path["account"], place)
    return NO_CONTENT


LOCATION: dict[str, Any] = {"code": "berlin", "name": "Berlin warehouse", "buffer": None}
LINK: dict[str, Any] = {"members": [{"location": "berlin", "share": 100}], "buffer": 1}
_REJECTS = (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
_LINK = "/v1/accounts/<account>/links/<channel_location>"
ROUTES = (
    Route(
        "POST",
        "/v1/locations",
        Role.ADMIN,
        add_location,
        (HTTPStatus.CREATED, LocationView),
        "Add a location where you have stock",
        body=NewLocation,
        problems=_REJECTS,
        repeatable=True,
        example=LOCATION,
    ),
    Route(
        "GET",
        "/v1/locations",
        Role.VIEWER,
        list_locations,
        (HTTPStatus.OK, LocationsView),
        "All your locations",
    ),
    Route(
        "GET",
        "/v1/locations/<location>",
        Role.VIEWER,
        get_location,
        (HTTPStatus.OK, LocationView),
        "One of your locations",
    ),
    Route(
        "PATCH",
        "/v1/locations/<location>",
        Role.ADMIN,
        change_location,
        (HTTPStatus.OK, LocationView),
        "Change a location",
        body=LocationChange,
        problems=_REJECTS,
        example={"buffer": 3},
    ),
    Route(
        "GET",
        "/v1/accounts/<account>/links",
        Role.VIEWER,
        list_links,
        (HTTPStatus.OK, LinksView),
        "What feeds the locations of an account",
    ),
    Route(
        "GET",
        _LINK,
        Role.VIEWER,
        get_link,
        (HTTPStatus.OK, LinkView),
        "What feeds one channel location",
    ),
    Route(
        "PUT",
        _LINK,
        Role.ADMIN,
        put_link,
        (HTTPStatus.OK, LinkView),
        "Set what feeds a channel location",
        body=LinkBody,
        problems=_REJECTS,
        example=LINK,
    ),
    Route(
        "DELETE",
        _LINK,
        Role.ADMIN,
        remove_link,
        (HTTPStatus.NO_CONTENT, None),
        "Stop comparing a channel location",
        problems=(HTTPStatus.CONFLICT,),
    ),
)

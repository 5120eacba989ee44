"""The seller's sources of movements and positions, and which of them owns what."""

from http import HTTPStatus
from typing import Any

from trueup.domain.errors import NotFoundError
from trueup.domain.sources import Domain, Ownership, Source
from trueup.usecases import sources
from trueup.usecases.auth import Role
from trueup_api.routes.source_forms import (
    NewSource,
    OwnershipBody,
    OwnershipsView,
    OwnershipView,
    SourceBody,
    SourcesView,
    SourceView,
    ownership_view,
    source_view,
)
from trueup_api.routing import (
    NO_CONTENT,
    Answer,
    Call,
    NoBody,
    NoQuery,
    Route,
    created,
    ok,
)
from trueup_api.tokens import from_path_token

_DOMAINS = {domain.value: domain for domain in Domain}


def add_source(call: Call[NoQuery, NewSource]) -> Answer:
    source = sources.add_source(call.shop.registry, Source(**call.body.model_dump()))
    return created(source_view(source), f"/v1/sources/{source.code}")


def list_sources(call: Call[NoQuery, NoBody]) -> Answer:
    found = sources.list_sources(call.shop.registry)
    return ok(SourcesView(sources=[source_view(source) for source in found]))


def get_source(call: Call[NoQuery, NoBody]) -> Answer:
    stored = sources.require_source(call.shop.registry, call.path["source"])
    return ok(source_view(stored.value))


def replace_source(call: Call[NoQuery, SourceBody]) -> Answer:
    registry, code = call.shop.registry, call.path["source"]
    sources.require_source(registry, code)
    source = Source(code=code, **call.body.model_dump())
    return ok(source_view(sources.replace_source(registry, source)))


def remove_source(call: Call[NoQuery, NoBody]) -> Answer:
    sources.remove_source(call.shop.registry, call.path["source"])
    return NO_CONTENT


def list_ownerships(call: Call[NoQuery, NoBody]) -> Answer:
    found = sources.list_ownerships(call.shop.registry)
    return ok(OwnershipsView(ownerships=[ownership_view(rule) for rule in found]))


def set_ownership(call: Call[NoQuery, OwnershipBody]) -> Answer:
    domain, location = _owned(call)
    sources.require_place(call.shop.registry, location)  # before it is taken for a location
    rule = Ownership(domain=domain, location=location, **call.body.model_dump())
    return ok(ownership_view(sources.set_ownership(call.shop.registry, rule)))


def remove_ownership(call: Call[NoQuery, NoBody]) -> Answer:
    sources.remove_ownership(call.shop.registry, *_owned(call))
    return NO_CONTENT


def _owned(call: Call[Any, Any]) -> tuple[Domain, str]:
    """What a path names; NotFoundError: there is no such domain."""
    domain = _DOMAINS.get(call.path["domain"])
    if domain is None:
        raise NotFoundError(f"There is no domain {call.path['domain']}.")
    return domain, from_path_token(call.path["place"])


SOURCE: dict[str, Any] = {
    "name": "Warehouse system",
    "kind": "wms",
    "statuses": {"GOOD": "sellable", "QC": "on_hold", "BROKEN": "damaged"},
    "units": {"case": 12},
}
_REJECTS = (HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
_ONE = "/v1/sources/<source>"
_RULE = "/v1/ownerships/<domain>/<place>"
ROUTES = (
    Route(
        "POST",
        "/v1/sources",
        Role.ADMIN,
        add_source,
        (HTTPStatus.CREATED, SourceView),
        "Add a system that tells positions or movements",
        body=NewSource,
        problems=_REJECTS,
        repeatable=True,
        example={"code": "wms", **SOURCE},
    ),
    Route(
        "GET",
        "/v1/sources",
        Role.VIEWER,
        list_sources,
        (HTTPStatus.OK, SourcesView),
        "All your sources",
    ),
    Route("GET", _ONE, Role.VIEWER, get_source, (HTTPStatus.OK, SourceView), "One of your sources"),
    Route(
        "PUT",
        _ONE,
        Role.ADMIN,
        replace_source,
        (HTTPStatus.OK, SourceView),
        "Set what a source is and how it speaks",
        body=SourceBody,
        problems=_REJECTS,
        example=SOURCE,
    ),
    Route(
        "DELETE",
        _ONE,
        Role.ADMIN,
        remove_source,
        (HTTPStatus.NO_CONTENT, None),
        "Take no more from a source; what it told stays",
        problems=(HTTPStatus.CONFLICT,),
    ),
    Route(
        "GET",
        "/v1/ownerships",
        Role.VIEWER,
        list_ownerships,
        (HTTPStatus.OK, OwnershipsView),
        "Which source owns what",
    ),
    Route(
        "PUT",
        _RULE,
        Role.ADMIN,
        set_ownership,
        (HTTPStatus.OK, OwnershipView),
        "Say which source alone tells something, at a location or (token ~Kg) everywhere",
        body=OwnershipBody,
        problems=_REJECTS,
        example={"source": "wms", "others": "claim"},
    ),
    Route(
        "DELETE",
        _RULE,
        Role.ADMIN,
        remove_ownership,
        (HTTPStatus.NO_CONTENT, None),
        "Let every source tell it again",
        problems=(HTTPStatus.CONFLICT,),
    ),
)

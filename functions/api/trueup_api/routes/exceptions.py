"""Incidents and exceptions: what needs somebody's judgement, the most urgent first."""

from http import HTTPStatus

from trueup.usecases.auth import Role
from trueup.usecases.exceptions import accepting, incidents, listing, names
from trueup_api.routes.case_forms import CaseView, case_view
from trueup_api.routes.cases import cabinet_of
from trueup_api.routes.exception_forms import (
    AcceptRowsBody,
    ExceptionsQuery,
    ExceptionsView,
    IncidentsQuery,
    IncidentsView,
    IncidentView,
    exception_view,
    incident_view,
)
from trueup_api.routes.rows import source_view
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, ok


def list_incidents(call: Call[IncidentsQuery, NoBody]) -> Answer:
    query, shop = call.query, call.shop
    wanted = incidents.Wanted(**query.model_dump(exclude={"limit", "cursor"}))
    page = incidents.list_incidents(
        shop.registry, wanted, shop.world.clock(), cursor=query.cursor, limit=query.limit
    )
    views = [incident_view(incident) for incident in page.incidents]
    return ok(IncidentsView(incidents=views, total=page.total, cursor=page.cursor))


def get_incident(call: Call[NoQuery, NoBody]) -> Answer:
    subject = names.incident_of(call.path["incident"])
    now = call.shop.world.clock()
    return ok(incident_view(incidents.require_incident(call.shop.registry, subject, now)))


def accept_incident(call: Call[NoQuery, AcceptRowsBody]) -> Answer:
    body, subject = call.body, names.incident_of(call.path["incident"])
    terms = accepting.Terms(body.note, body.expires_at, rows_version=body.rows_version)
    return ok(case_view(accepting.accept_incident(cabinet_of(call.shop), subject, terms)))


def list_exceptions(call: Call[ExceptionsQuery, NoBody]) -> Answer:
    query, shop = call.query, call.shop
    asked = listing.Asked(**query.model_dump(exclude={"limit", "cursor"}))
    now = shop.world.clock()
    page = listing.list_exceptions(
        shop.registry, shop.pages, asked, now, cursor=query.cursor, limit=query.limit
    )
    views = [exception_view(found) for found in page.rows]
    source = source_view(page.source)
    return ok(
        ExceptionsView.model_construct(
            exceptions=views, location=source, whole=page.whole, cursor=page.cursor
        )
    )


_INCIDENT = "/v1/incidents/<incident>"
ROUTES = (
    Route(
        "GET",
        "/v1/incidents",
        Role.VIEWER,
        list_incidents,
        (HTTPStatus.OK, IncidentsView),
        "What differs, by account, location and cause: the most urgent first",
        query=IncidentsQuery,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    ),
    Route(
        "GET",
        _INCIDENT,
        Role.VIEWER,
        get_incident,
        (HTTPStatus.OK, IncidentView),
        "One incident as it stands now",
    ),
    Route(
        "POST",
        f"{_INCIDENT}/accept",
        Role.APPROVER,
        accept_incident,
        (HTTPStatus.OK, CaseView),
        "Accept all rows of an incident until their gaps change or the time is up",
        body=AcceptRowsBody,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
        example={
            "rows_version": 1,
            "note": "First report: shop stock is kept by hand until May.",
            "expires_at": "2026-06-01T00:00:00Z",
        },
    ),
    Route(
        "GET",
        "/v1/exceptions",
        Role.VIEWER,
        list_exceptions,
        (HTTPStatus.OK, ExceptionsView),
        "Rows of one channel location that need somebody: the most at stake first",
        query=ExceptionsQuery,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    ),
)

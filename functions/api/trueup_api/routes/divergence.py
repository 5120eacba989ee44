"""Since when rows do not match, and what moved at the divergence."""

from datetime import datetime
from http import HTTPStatus

from trueup.domain.movements import Movement, MovementKind
from trueup.domain.time import from_milliseconds
from trueup.usecases.auth import Role
from trueup.usecases.rows.divergence import Capture, Divergence, Rows
from trueup.usecases.rows.view import RowView
from trueup_api.fields import CodeText, Slug
from trueup_api.routing import Answer, Call, NoBody, Route, Strict, ok


class DivergenceQuery(Strict):
    account: Slug
    location: CodeText
    sku: CodeText


class CaptureView(Strict):
    """A row at an earlier capture. `row` is null where that version is no longer kept."""

    captured_at: datetime
    version: int | None
    row: RowView | None


class MovementView(Strict):
    """What happened at one of your locations. `claim`: said by a source that does not own it."""

    kind: str
    sku: str
    location: str
    quantity: int
    occurred_at: datetime
    recorded_at: datetime
    source: str
    id: str
    reference: str
    reason: str
    claim: bool


class DivergenceView(Strict):
    """Since when a row does not match.

    `last_agreed`: the last capture at which it matched (null: none is known), `first_diverged`:
    the first at which it did not. `movements`: what happened between the two, the latest ones.
    """

    row: RowView
    last_agreed: CaptureView | None
    first_diverged: CaptureView | None
    movements: list[MovementView]
    movements_left_out: int


class DivergencesView(Strict):
    """One for each listing of the SKU that does not match; none, where all do."""

    divergences: list[DivergenceView]


def capture_view(capture: Capture | None) -> CaptureView | None:
    if capture is None:
        return None
    return CaptureView.model_construct(
        captured_at=capture.at, version=capture.version, row=capture.row
    )


def movement_view(movement: Movement) -> MovementView:
    plain = ("sku", "location", "quantity", "source", "id", "reference", "reason", "claim")
    return MovementView(
        kind=MovementKind(movement.kind).word,
        occurred_at=from_milliseconds(movement.occurred_at),
        recorded_at=from_milliseconds(movement.recorded_at),
        **{name: getattr(movement, name) for name in plain},
    )


def divergence_view(found: Divergence) -> DivergenceView:
    return DivergenceView.model_construct(
        row=found.row,
        last_agreed=capture_view(found.agreed),
        first_diverged=capture_view(found.diverged),
        movements=list(map(movement_view, found.movements)),
        movements_left_out=found.left_out,
    )


def get_divergence(call: Call[DivergenceQuery, NoBody]) -> Answer:
    query, shop = call.query, call.shop
    rows = Rows(shop.registry, shop.pages, shop.ledger)
    found = rows.divergences(query.account, query.location, query.sku)
    return ok(DivergencesView.model_construct(divergences=list(map(divergence_view, found))))


ROUTES = (
    Route(
        "GET",
        "/v1/rows/divergence",
        Role.VIEWER,
        get_divergence,
        (HTTPStatus.OK, DivergencesView),
        "Since when a SKU does not match at a location, and what moved in between",
        query=DivergenceQuery,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    ),
)

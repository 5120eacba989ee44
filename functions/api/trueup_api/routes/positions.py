"""The ledger's answers: positions at any instant, and the movements behind them."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from trueup.domain.movements import Movement, MovementKind
from trueup.domain.time import from_milliseconds
from trueup.usecases.auth import Role
from trueup.usecases.ledger import listing, positions
from trueup.usecases.ledger.desk import LedgerDesk
from trueup.usecases.ledger.positions import SkuPosition
from trueup_api.fields import CodeText, Cursor, Moment
from trueup_api.routing import Answer, Call, NoBody, Route, Strict, ok
from trueup_api.tokens import from_path_token, path_token
from trueup_api.world import Shop


class AtQuery(Strict):
    """`at`: the instant asked about, now if absent; `known_at`: as it was known then."""

    at: Moment | None = None
    known_at: Moment | None = None


class PositionsQuery(AtQuery):
    """A `cursor` brings the instants of the first page with it."""

    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=positions.MAX_POSITIONS)] = 50


class MovementsQuery(Strict):
    sku: CodeText
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=listing.MAX_LISTED)] = 50


class PositionView(Strict):
    """Base units. `on_hand` is null where nothing says what there is; `sellable` may be known all
    the same. `token` stands for the SKU in addresses. `negative` names what is below zero.
    `anchor`: what on hand starts from, "baseline" or the count as "source:id"; null: nothing.
    """

    sku: str
    token: str
    on_hand: int | None
    committed: int
    damaged: int
    on_hold: int
    in_transit: int
    sellable: int | None
    known: bool
    negative: list[str]
    anchor: str | None
    anchored_at: datetime | None


class PositionsView(Strict):
    at: datetime
    positions: list[PositionView]
    cursor: str | None


class MovementView(Strict):
    """`claim`: kept as what its source said; it changes no position."""

    kind: str
    sku: str
    quantity: int
    occurred_at: datetime
    recorded_at: datetime
    source: str
    id: str
    reference: str
    actor: str
    reason: str
    bucket: str
    disposition: str
    counterpart: str
    bin: str
    claim: bool


class VarianceView(Strict):
    """A count beside what was expected; null: that was not known."""

    movement: str
    bucket: str
    at: datetime
    expected: int | None
    counted: int


class SkuPositionView(PositionView):
    """`movements` were applied to what was known at `base_at`, late ones included."""

    base_at: datetime
    movements: list[MovementView]
    claims: list[MovementView]
    variances: list[VarianceView]


class MovementsView(Strict):
    """The newest recorded first. There may be none while there is a cursor: go on with it."""

    movements: list[MovementView]
    cursor: str | None


def _desk(shop: Shop) -> LedgerDesk:
    return LedgerDesk(shop.registry, shop.pages, shop.ledger, shop.world.clock)


def _fields(found: SkuPosition) -> dict[str, object]:
    at = found.position
    names = ("on_hand", "committed", "damaged", "on_hold", "in_transit", "sellable", "known")
    return {name: getattr(at, name) for name in names} | {
        "sku": found.sku,
        "token": path_token(found.sku),
        "negative": list(at.negatives),
        "anchor": found.anchor,
        "anchored_at": None if found.anchored_at is None else from_milliseconds(found.anchored_at),
    }


def movement_view(movement: Movement) -> MovementView:
    same = ("sku", "quantity", "source", "id", "reference", "actor", "reason", "bucket")
    more = ("disposition", "counterpart", "bin", "claim")
    return MovementView.model_validate(
        {name: getattr(movement, name) for name in (*same, *more)}
        | {
            "kind": MovementKind(movement.kind).word,
            "occurred_at": from_milliseconds(movement.occurred_at),
            "recorded_at": from_milliseconds(movement.recorded_at),
        }
    )


def sku_view(found: SkuPosition) -> SkuPositionView:
    variances = [
        VarianceView(
            movement=one.movement,
            bucket=one.bucket,
            at=from_milliseconds(one.at),
            expected=one.expected,
            counted=one.counted,
        )
        for one in found.position.variances
    ]
    return SkuPositionView.model_validate(
        _fields(found)
        | {
            "base_at": from_milliseconds(found.base_at),
            "movements": [movement_view(movement) for movement in found.movements],
            "claims": [movement_view(movement) for movement in found.claims],
            "variances": variances,
        }
    )


def list_positions(call: Call[PositionsQuery, NoBody]) -> Answer:
    query, desk = call.query, _desk(call.shop)
    place = call.path["location"]
    page = positions.positions_of(desk, place, query.at, query.known_at, query.cursor, query.limit)
    found = [PositionView.model_validate(_fields(one)) for one in page.positions]
    at = from_milliseconds(page.at)
    return ok(PositionsView(at=at, positions=found, cursor=page.cursor))


def get_position(call: Call[AtQuery, NoBody]) -> Answer:
    query, sku = call.query, from_path_token(call.path["sku"])
    place = call.path["location"]
    found = positions.position_of(_desk(call.shop), place, sku, query.at, query.known_at)
    return ok(sku_view(found))


def list_movements(call: Call[MovementsQuery, NoBody]) -> Answer:
    query, place = call.query, call.path["location"]
    page = listing.movements_of(_desk(call.shop), place, query.sku, query.cursor, query.limit)
    views = [movement_view(movement) for movement in page.movements]
    return ok(MovementsView(movements=views, cursor=page.cursor))


_AT = "/v1/locations/<location>"
_REJECTS = (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
ROUTES = (
    Route(
        "GET",
        f"{_AT}/positions",
        Role.VIEWER,
        list_positions,
        (HTTPStatus.OK, PositionsView),
        "The positions at a location, now or at an earlier instant",
        query=PositionsQuery,
        problems=_REJECTS,
    ),
    Route(
        "GET",
        f"{_AT}/positions/<sku>",
        Role.VIEWER,
        get_position,
        (HTTPStatus.OK, SkuPositionView),
        "One SKU's position and the movements behind it",
        query=AtQuery,
        problems=_REJECTS,
    ),
    Route(
        "GET",
        f"{_AT}/movements",
        Role.VIEWER,
        list_movements,
        (HTTPStatus.OK, MovementsView),
        "A SKU's movements at a location, the newest recorded first",
        query=MovementsQuery,
        problems=_REJECTS,
    ),
)

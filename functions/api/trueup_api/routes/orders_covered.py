"""Up to when all orders of an account's channel are imported."""

from datetime import datetime
from http import HTTPStatus

from trueup.domain.force import OrdersCovered
from trueup.usecases.auth import Role
from trueup.usecases.force.covering import covered_of, state_covered
from trueup_api.fields import Moment
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, Strict, ok


class OrdersCoveredBody(Strict):
    """`until`: all orders that the channel took up to then are in our ledger. Not in the future."""

    until: Moment


class OrdersCoveredView(Strict):
    """Nulls: nobody said so yet."""

    account: str
    until: datetime | None
    stated_by: str | None
    stated_at: datetime | None


def _view(account: str, found: OrdersCovered | None) -> OrdersCoveredView:
    return OrdersCoveredView(
        account=account,
        until=found.until if found else None,
        stated_by=found.stated_by if found else None,
        stated_at=found.stated_at if found else None,
    )


def get_orders_covered(call: Call[NoQuery, NoBody]) -> Answer:
    account = call.path["account"]
    return ok(_view(account, covered_of(call.shop.registry, account)))


def put_orders_covered(call: Call[NoQuery, OrdersCoveredBody]) -> Answer:
    shop, account = call.shop, call.path["account"]
    by, until = shop.caller.user, call.body.until
    return ok(_view(account, state_covered(shop.registry, shop.world.clock, account, until, by)))


_PATH = "/v1/accounts/<account>/orders-covered"
ROUTES = (
    Route(
        "GET",
        _PATH,
        Role.VIEWER,
        get_orders_covered,
        (HTTPStatus.OK, OrdersCoveredView),
        "Up to when all orders of the channel are imported",
    ),
    Route(
        "PUT",
        _PATH,
        Role.OPERATOR,
        put_orders_covered,
        (HTTPStatus.OK, OrdersCoveredView),
        "Say up to when all orders of the channel are imported; increases rest on it",
        body=OrdersCoveredBody,
        problems=(HTTPStatus.CONFLICT,),
        example={"until": "2026-01-05T06:00:00Z"},
    ),
)

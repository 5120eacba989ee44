"""Tolerances: how far a channel may be off, by account, channel location and SKU."""

from http import HTTPStatus
from typing import Any

from trueup.domain.tolerances import NO_LIMIT, Limit, Tolerance
from trueup.usecases import tolerances
from trueup.usecases.auth import Role
from trueup.usecases.runs import require_account
from trueup_api.fields import CodeText
from trueup_api.routing import NO_CONTENT, Answer, Call, NoBody, NoQuery, Route, Strict, ok


class ToleranceBody(Strict):
    """A rule, and what it is for; null: all of the account's locations, or all SKUs there.

    `over`: the channel may show so much more than can be published, `under`: so much less. Each
    is channel units or percent of publishable (rounded down), whichever is more. Only the most
    specific rule counts. None of them ever hides an oversell.
    """

    channel_location: CodeText | None = None
    sku: CodeText | None = None
    over: Limit = NO_LIMIT
    under: Limit = NO_LIMIT


class TolerancesView(Strict):
    tolerances: list[ToleranceBody]


class ToleranceQuery(Strict):
    """The scope of a rule; without both it is the account's."""

    location: CodeText | None = None
    sku: CodeText | None = None


def tolerance_view(rule: Tolerance) -> ToleranceBody:
    return ToleranceBody(
        channel_location=rule.channel_location, sku=rule.sku, over=rule.over, under=rule.under
    )


def list_tolerances(call: Call[NoQuery, NoBody]) -> Answer:
    found = tolerances.list_tolerances(call.shop.registry, call.path["account"])
    return ok(TolerancesView(tolerances=[tolerance_view(rule) for rule in found]))


def put_tolerance(call: Call[NoQuery, ToleranceBody]) -> Answer:
    fields = {name: getattr(call.body, name) for name in ToleranceBody.model_fields}
    account = require_account(call.shop.registry, call.path["account"]).value
    rule = Tolerance(account=account.id, **fields)
    return ok(tolerance_view(tolerances.put_tolerance(call.shop.registry, rule)))


def remove_tolerance(call: Call[ToleranceQuery, NoBody]) -> Answer:
    query = call.query
    account = call.path["account"]
    tolerances.remove_tolerance(call.shop.registry, account, query.location, query.sku)
    return NO_CONTENT


EXAMPLE: dict[str, Any] = {
    "sku": "SKU-0001",
    "over": {"absolute": 1},
    "under": {"absolute": 2, "percent": 5},
}
_PATH = "/v1/accounts/<account>/tolerances"
ROUTES = (
    Route(
        "GET",
        _PATH,
        Role.VIEWER,
        list_tolerances,
        (HTTPStatus.OK, TolerancesView),
        "An account's rules for how far its channel may be off",
    ),
    Route(
        "PUT",
        _PATH,
        Role.ADMIN,
        put_tolerance,
        (HTTPStatus.OK, ToleranceBody),
        "Set the rule of an account, a channel location, a SKU, or a SKU at a location",
        body=ToleranceBody,
        problems=(HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
        example=EXAMPLE,
    ),
    Route(
        "DELETE",
        _PATH,
        Role.ADMIN,
        remove_tolerance,
        (HTTPStatus.NO_CONTENT, None),
        "Remove the rule of one scope",
        query=ToleranceQuery,
        problems=(HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
    ),
)

"""Rechecks: compare a few rows again now, without waiting for the next run."""

from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from trueup.usecases.auth import Role
from trueup.usecases.rows.laid import rows_of
from trueup.usecases.rows.view import RowView
from trueup_api.fields import CodeText
from trueup_api.routing import Answer, Call, NoQuery, Route, Strict, ok

MAX_SKUS = 50


class RecheckBody(Strict):
    """SKUs that are listed on the account, at one of its linked locations."""

    location: CodeText
    skus: Annotated[list[CodeText], Field(min_length=1, max_length=MAX_SKUS)]


class RecheckView(Strict):
    """The rows as they now are; they stand in the table until a later run replaces them."""

    rows: list[RowView]


def recheck_rows(call: Call[NoQuery, RecheckBody]) -> Answer:
    # The compare engine is imported when it is first needed: other routes start without numpy.
    from trueup.usecases.recheck import recheck  # noqa: PLC0415

    shop, account = call.shop, call.path["account"]
    done = recheck(
        shop.work,
        account=account,
        location=call.body.location,
        skus=call.body.skus,
        requested_by=shop.caller.user,
    )
    rows = rows_of(shop.registry, shop.pages, account, call.body.location, done.rows)
    return ok(RecheckView.model_construct(rows=rows))


ROUTES = (
    Route(
        "POST",
        "/v1/accounts/<account>/rows/recheck",
        Role.OPERATOR,
        recheck_rows,
        (HTTPStatus.OK, RecheckView),
        "Ask the channel for a few SKUs now, and compare them again",
        body=RecheckBody,
        problems=(
            HTTPStatus.CONFLICT,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
        example={"location": "north", "skus": ["SKU-0001", "SKU-0002"]},
    ),
)

"""What the seller's own sources state, beside what the ledger expects."""

from http import HTTPStatus

from trueup.domain.variances import VarianceRun
from trueup.usecases.auth import Role
from trueup.usecases.ledger.desk import LedgerDesk
from trueup.usecases.places import require_location
from trueup.usecases.variances import counting, reading
from trueup_api.routes.variance_forms import (
    CountsQuery,
    CountsView,
    OneQuery,
    SkuVarianceView,
    StatementsQuery,
    StatementsView,
    VariancesQuery,
    VariancesView,
)
from trueup_api.routes.variance_views import (
    count_view,
    differing_view,
    sku_variance_view,
    statement_view,
)
from trueup_api.routing import Answer, Call, NoBody, Route, ok
from trueup_api.tokens import from_path_token
from trueup_api.world import Shop


def _desk(shop: Shop) -> LedgerDesk:
    return LedgerDesk(shop.registry, shop.pages, shop.ledger, shop.world.clock)


def list_variances(call: Call[VariancesQuery, NoBody]) -> Answer:
    query, place = call.query, call.path["location"]
    wanted = reading.Wanted(**query.model_dump(exclude={"limit", "cursor"}))
    desk, at = _desk(call.shop), query.cursor
    page = reading.variances_of(desk, place, wanted, cursor=at, limit=query.limit)
    found = [differing_view(row) for row in page.rows]
    statement = statement_view(page.run)
    return ok(VariancesView(statement=statement, variances=found, cursor=page.cursor))


def get_variance(call: Call[OneQuery, NoBody]) -> Answer:
    desk, place = _desk(call.shop), call.path["location"]
    sku = from_path_token(call.path["sku"])
    found = reading.variance_of(desk, place, sku, call.query.version)
    counts = counting.counts_of_sku(desk, place, sku).counts
    return ok(sku_variance_view(found, [count_view(count) for count in counts]))


def list_variance_history(call: Call[StatementsQuery, NoBody]) -> Answer:
    registry, place, query = call.shop.registry, call.path["location"], call.query
    require_location(registry, place)
    page = registry.list(
        VarianceRun, place, cursor=query.cursor, limit=query.limit, newest_first=True
    )
    found = [statement_view(stored.value) for stored in page.items]
    return ok(StatementsView(statements=found, cursor=page.cursor))


def list_counts(call: Call[CountsQuery, NoBody]) -> Answer:
    query, desk, place = call.query, _desk(call.shop), call.path["location"]
    if query.sku is None:
        page = counting.counts_of(desk, place, query.limit)
    else:
        page = counting.counts_of_sku(desk, place, query.sku, query.limit)
    return ok(CountsView(counts=[count_view(count) for count in page.counts], whole=page.whole))


_AT = "/v1/locations/<location>"
_REJECTS = (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
ROUTES = (
    Route(
        "GET",
        f"{_AT}/variances",
        Role.VIEWER,
        list_variances,
        (HTTPStatus.OK, VariancesView),
        "Where a source states another position than the ledger expects, by SKU",
        query=VariancesQuery,
        problems=_REJECTS,
    ),
    Route(
        "GET",
        f"{_AT}/variances/history",
        Role.VIEWER,
        list_variance_history,
        (HTTPStatus.OK, StatementsView),
        "The figures of each statement of a location, the newest first",
        query=StatementsQuery,
        problems=_REJECTS,
    ),
    Route(
        "GET",
        f"{_AT}/variances/<sku>",
        Role.VIEWER,
        get_variance,
        (HTTPStatus.OK, SkuVarianceView),
        "One SKU as stated and as expected, the movements between, and its counts",
        query=OneQuery,
        problems=_REJECTS,
    ),
    Route(
        "GET",
        f"{_AT}/counts",
        Role.VIEWER,
        list_counts,
        (HTTPStatus.OK, CountsView),
        "The latest counts, beside what was expected before them",
        query=CountsQuery,
        problems=_REJECTS,
    ),
)

"""Rows: the panel's table, and what earlier runs found."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from trueup.domain.outcomes import Outcome, Reason, Status
from trueup.domain.runs import Tally
from trueup.usecases.auth import Role
from trueup.usecases.rows import cursors, history, reading
from trueup.usecases.rows.filters import Direction, Filters
from trueup.usecases.rows.sources import MAX_SOURCES, Source
from trueup.usecases.rows.view import ReasonName, RowView
from trueup.usecases.rows.why import CauseName
from trueup_api.fields import CodeText, Slug
from trueup_api.routing import Answer, Call, NoBody, Route, Strict, ok

Search = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class RowsFilters(Strict):
    """`location` may be repeated. `direction` means rows that differ.

    `cause`: the one that rows are counted under: a cause between publishable and reported,
    `unexplained`, or what stands for one in rows that have no gap to explain.
    """

    account: Slug | None = None
    channel: Slug | None = None
    location: Annotated[tuple[CodeText, ...], Field(max_length=MAX_SOURCES)] = ()
    status: Literal["Success", "Failed"] | None = None
    direction: Literal["over", "under"] | None = None
    reason: ReasonName | None = None
    outcome: Literal["match", "explained", "exception"] | None = None
    cause: CauseName | None = None
    sku_prefix: Search | None = None
    title: Search | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> "RowsFilters":
        if self.account is None and self.channel is None:
            raise ValueError("choose an account or a channel")
        return self

    @property
    def filters(self) -> Filters:
        return Filters(
            account=self.account,
            channel=self.channel,
            locations=tuple(sorted(set(self.location))),
            status=Status(self.status) if self.status else None,
            direction=Direction(self.direction) if self.direction else None,
            reason=Reason[self.reason] if self.reason else None,
            outcome=Outcome(self.outcome) if self.outcome else None,
            cause=self.cause,
            sku_prefix=self.sku_prefix or "",
            title=self.title or "",
        )


class RowsQuery(RowsFilters):
    """A page of what fits."""

    cursor: (
        Annotated[str, StringConstraints(min_length=1, max_length=cursors.MAX_LENGTH)] | None
    ) = None
    limit: Annotated[int, Field(ge=1, le=reading.MAX_ROWS)] = 50


class SourceView(Strict):
    """What the rows of one channel location were read from. `tally` is of all its rows."""

    account: str
    location_id: str
    location_code: str
    version: int
    run: str
    captured_at: datetime
    recon_date: datetime
    checked: bool
    cause: str | None
    tally: Tally | None


class RowsView(Strict):
    """Rows by SKU, then account and location. There may be fewer than asked for, even none,
    while there is a cursor: go on with it until it is null.
    """

    rows: list[RowView]
    locations: list[SourceView]
    cursor: str | None


class HistoryQuery(Strict):
    account: Slug
    location: CodeText
    sku: CodeText
    limit: Annotated[int, Field(ge=1, le=history.MAX_VERSIONS)] = 10


class HistoryView(Strict):
    rows: list[RowView]


def source_view(source: Source) -> SourceView:
    return SourceView(
        account=source.account.id,
        location_id=source.place.id,
        location_code=source.place.code,
        version=source.version.version,
        run=source.version.made_by,
        captured_at=source.version.as_of,
        recon_date=source.attempt.at,
        checked=source.checked,
        cause=source.attempt.cause,
        tally=source.tally,
    )


def list_rows(call: Call[RowsQuery, NoBody]) -> Answer:
    query, shop = call.query, call.shop
    page = reading.read_rows(
        shop.registry, shop.pages, query.filters, cursor=query.cursor, limit=query.limit
    )
    locations = [source_view(source) for source in page.sources]
    return ok(RowsView.model_construct(rows=page.rows, locations=locations, cursor=page.cursor))


def list_history(call: Call[HistoryQuery, NoBody]) -> Answer:
    query, shop = call.query, call.shop
    rows = history.row_history(
        shop.registry,
        shop.pages,
        account=query.account,
        location=query.location,
        sku=query.sku,
        limit=query.limit,
    )
    return ok(HistoryView.model_construct(rows=rows))


ROUTES = (
    Route(
        "GET",
        "/v1/rows",
        Role.VIEWER,
        list_rows,
        (HTTPStatus.OK, RowsView),
        "The reconciliation table: rows of the last comparison of each location",
        query=RowsQuery,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    ),
    Route(
        "GET",
        "/v1/rows/history",
        Role.VIEWER,
        list_history,
        (HTTPStatus.OK, HistoryView),
        "One SKU at one location in the last runs, the newest first",
        query=HistoryQuery,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)

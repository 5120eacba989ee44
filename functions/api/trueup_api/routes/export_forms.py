"""What requests about exports say, and how an export is shown."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, Field, StringConstraints, ValidationError, WithJsonSchema

from trueup.domain.errors import Fault
from trueup.domain.exports import (
    MAX_COLUMNS,
    MAX_WIDTH,
    Export,
    ExportState,
    Format,
    Shown,
    View,
)
from trueup.usecases.exceptions.listing import Asked
from trueup.usecases.exports.catalogue import column_faults
from trueup.usecases.exports.freezing import Chosen
from trueup.usecases.exports.starting import Wish
from trueup_api.fields import Cursor, Limit
from trueup_api.problems import RequestError, faults_of
from trueup_api.routes.audit import TrailFilters
from trueup_api.routes.exception_forms import ExceptionsFilters
from trueup_api.routes.push_forms import PushesFilters
from trueup_api.routes.rows import RowsFilters
from trueup_api.routing import Strict

ViewName = Literal["rows", "pushes", "exceptions", "audit"]
RunId = Annotated[str, StringConstraints(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]
FILTERS: Mapping[str, type[Strict]] = {
    View.ROWS: RowsFilters,
    View.PUSHES: PushesFilters,
    View.EXCEPTIONS: ExceptionsFilters,
    View.AUDIT: TrailFilters,
}
SORTS = {View.ROWS: "sku", View.PUSHES: "newest", View.EXCEPTIONS: "urgency", View.AUDIT: "newest"}
"""The one order that each view has."""


def _inlined(schema: Any, known: Mapping[str, Any]) -> Any:
    """A schema without references, as it stands within another."""
    if isinstance(schema, list):
        return [_inlined(part, known) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(known[schema["$ref"].rpartition("/")[2]], known)
    return {k: _inlined(v, known) for k, v in schema.items() if k != "$defs"}


def _schema(model: type[BaseModel]) -> Any:
    schema = model.model_json_schema()
    return _inlined(schema, schema.get("$defs", {}))


class ColumnBody(Strict):
    """`name`: a field of the view, a dot between a part and its field. `width`: characters."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    width: Annotated[int, Field(ge=1, le=MAX_WIDTH)] | None = None


class ExportBody(Strict):
    """`filters`: those of the view's own route. `sort`: the order that the view has anyway.

    `columns`: in their order; none: the usual ones. `run`: rows as that run of the account left
    them; none: those that are visible now.
    """

    of: ViewName
    format: Literal["xlsx", "csv"] = "xlsx"
    filters: Annotated[
        dict[str, Any], WithJsonSchema({"anyOf": [_schema(kind) for kind in FILTERS.values()]})
    ] = {}
    sort: Literal["sku", "urgency", "newest"] | None = None
    columns: Annotated[list[ColumnBody], Field(max_length=MAX_COLUMNS)] = []
    run: RunId | None = None


class ExportView(Strict):
    """A file that was asked for. `filters`, `columns` and `run`: what it shows, as of `as_of`.

    `rows`: written so far, in the end all; `expected`: how many there will be, where that is known
    beforehand. `expires_at`: until then it can be downloaded (`expired` when it is over). `tries`:
    how often it was begun; `retriable`: it failed, and can be built again of the same.
    """

    id: str
    of: View
    format: Format
    filters: dict[str, Any]
    sort: str
    columns: list[ColumnBody]
    run: str | None
    requested_by: str
    state: ExportState
    cause: str | None
    as_of: datetime
    opened_at: datetime
    finished_at: datetime | None
    rows: int
    expected: int | None
    size: int | None
    sha256: str | None
    expires_at: datetime | None
    expired: bool
    tries: int
    retriable: bool


class ExportsQuery(Strict):
    limit: Limit = 50
    cursor: Cursor | None = None


class ExportsView(Strict):
    exports: list[ExportView]
    cursor: str | None


class LinkView(Strict):
    """Where the file is, for so many seconds."""

    url: str
    file_name: str
    expires_in: int


def wish_of(body: ExportBody) -> Wish:
    """RequestError, 422, naming every sort, run, filter and column that the view does not have."""
    columns = tuple(Shown(name=one.name, width=one.width) for one in body.columns)
    filters, wrong = _filters(body)
    faults = (*_faults(body), *wrong, *column_faults(View(body.of), columns))
    if filters is None or faults:
        detail = "This cannot be exported as it is asked for."
        raise RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, detail, faults)
    return Wish(
        format=Format(body.format),
        chosen=_chosen(filters),
        filters=filters.model_dump(mode="json", exclude_defaults=True),
        columns=columns,
        run=body.run,
    )


def _faults(body: ExportBody) -> Iterator[Fault]:
    if body.sort not in (None, SORTS[View(body.of)]):
        yield Fault("/sort", f"this view is sorted by {SORTS[View(body.of)]}")
    if body.run is not None and body.of != "rows":
        yield Fault("/run", "only rows are of a run")


def _filters(body: ExportBody) -> tuple[Strict | None, tuple[Fault, ...]]:
    """Those of the view, or what is wrong with them."""
    try:
        given = msgspec.json.encode(body.filters)
        return FILTERS[body.of].model_validate_json(given, strict=True), ()
    except ValidationError as error:
        found = faults_of(error, pointers=True)
        return None, tuple(Fault(f"/filters{fault.where}", fault.reason) for fault in found)


def _chosen(filters: Strict) -> Chosen:
    if isinstance(filters, ExceptionsFilters):
        return Asked(**filters.model_dump())
    if isinstance(filters, TrailFilters):
        return filters.wanted
    found: Chosen = filters.filters  # type: ignore[attr-defined]
    return found


def export_view(export: Export, now: datetime) -> ExportView:
    done, expires = export.state is ExportState.SUCCESS, export.expires_at
    return ExportView(
        id=export.id,
        of=export.of,
        format=export.format,
        filters=export.filters,
        sort=SORTS[export.of],
        columns=[ColumnBody(name=one.name, width=one.width) for one in export.columns],
        run=export.run,
        requested_by=export.requested_by,
        state=export.state,
        cause=export.cause,
        as_of=export.as_of,
        opened_at=export.opened_at,
        finished_at=export.finished_at,
        rows=export.rows,
        expected=export.expected,
        size=export.size if done else None,
        sha256=export.sha256 if done else None,
        expires_at=expires,
        expired=expires is not None and now >= expires,
        tries=export.tries,
        retriable=export.retriable(now),
    )

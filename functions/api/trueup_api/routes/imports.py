"""Imports of listings, baselines and movements: files by upload, or some rows in the body."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, model_validator

from trueup.domain.accounts import Slug
from trueup.domain.imports import Drop, Import, ImportKind, ImportState
from trueup.domain.time import Instant
from trueup.usecases import imports
from trueup.usecases.auth import Role
from trueup.usecases.imports import Intake, NewImport
from trueup.usecases.ingest.bodies import MAX_ROWS
from trueup_api.fields import Cursor, Limit
from trueup_api.routing import (
    Answer,
    Call,
    NoBody,
    NoQuery,
    Route,
    Strict,
    accepted,
    created,
    ok,
)
from trueup_api.world import Shop

LINK_SECONDS = 300


class ImportBody(Strict):
    """What is to be imported. With `rows` it starts at once; without, a form for the file is given.

    `target`: the account (listings), the location (baseline) or the source (movements). `source`:
    who states listings or a baseline; null: nobody in particular. `complete`: what is absent is not
    there. `as_of`: the instant a baseline's positions are of (null: now). A baseline that drops
    more than `max_drop_percent` of SKUs or units waits for a confirmation.
    """

    kind: ImportKind
    target: Slug
    source: Slug | None = None
    format: Literal["csv", "xlsx"] = "csv"
    complete: bool = False
    as_of: Instant | None = None
    max_drop_percent: Annotated[int, Field(ge=0, le=100)] = 20
    rows: Annotated[list[dict[str, JsonValue]], Field(min_length=1, max_length=MAX_ROWS)] | None = (
        None
    )

    @model_validator(mode="after")
    def _rows_are_not_a_workbook(self) -> "ImportBody":
        if self.rows is not None and self.format != "csv":
            raise ValueError("rows in the body have no format")
        return self


class UploadForm(Strict):
    """Post the file to `url` as multipart/form-data: these fields, then `file`. For 15 minutes."""

    url: str
    fields: dict[str, str]


class ImportView(Strict):
    """An import. `form` is given once, when it waits for its file; final states are Applied,
    Unchanged, Rejected (see its report) and Failed (see its cause). `contradictions`: rows of a
    baseline that state another sellable quantity than their other columns leave. They are taken,
    and listed in the report. Of movements, `applied` have been gone through so far, `duplicates`
    were known already, and `conflicts` could not be stored.
    """

    id: str
    kind: ImportKind
    target: str
    source: str | None
    state: ImportState
    format: Literal["csv", "xlsx", "api"]
    complete: bool
    as_of: datetime | None
    max_drop_percent: int
    requested_by: str
    created_at: datetime
    deadline: datetime
    finished_at: datetime | None
    cause: str | None
    rows: int
    rows_changed: int
    applied: int
    duplicates: int
    conflicts: int
    faults: int
    contradictions: int
    has_report: bool
    drop: Drop | None
    version: int | None
    form: UploadForm | None = None


class ImportsView(Strict):
    imports: list[ImportView]
    cursor: str | None


class ImportsQuery(Strict):
    limit: Limit = 50
    cursor: Cursor | None = None


class LinkView(Strict):
    """A link that anybody who has it can use while it lives."""

    url: str
    seconds: int


_OWN = ("has_report", "form")
_PLAIN = tuple(name for name in ImportView.model_fields if name not in _OWN)


def import_view(item: Import, form: dict[str, Any] | None = None) -> ImportView:
    return ImportView(
        **{name: getattr(item, name) for name in _PLAIN},
        has_report=item.report_key is not None,
        form=UploadForm.model_validate(form) if form else None,
    )


def intake_of(shop: Shop) -> Intake:
    world = shop.world
    return Intake(shop.registry, world.imports, world.machines, world.clock, world.new_id)


def create_import(call: Call[NoQuery, ImportBody]) -> Answer:
    intake, user = intake_of(call.shop), call.shop.caller.user
    new = NewImport(**{n: getattr(call.body, n) for n in NewImport.model_fields})
    if call.body.rows is None:
        made = imports.create_import(intake, new, user)
        view = import_view(made.item, made.form)
    else:
        view = import_view(imports.import_rows(intake, new, call.body.rows, user))
    return created(view, f"/v1/imports/{view.id}")


def list_imports(call: Call[ImportsQuery, NoBody]) -> Answer:
    found = imports.list_imports(call.shop.registry, call.query.cursor, call.query.limit)
    views = [import_view(stored.value) for stored in found.items]
    return ok(ImportsView(imports=views, cursor=found.cursor))


def get_import(call: Call[NoQuery, NoBody]) -> Answer:
    return ok(import_view(imports.get_import(call.shop.registry, call.path["import"])))


def get_upload_form(call: Call[NoQuery, NoBody]) -> Answer:
    intake = intake_of(call.shop)
    item = imports.require_pending(intake, call.path["import"])
    return ok(UploadForm.model_validate(imports.upload_form(intake, item)))


def start_import(call: Call[NoQuery, NoBody]) -> Answer:
    item = imports.start_import(intake_of(call.shop), call.path["import"])
    return accepted(import_view(item), f"/v1/imports/{item.id}")


def confirm_import(call: Call[NoQuery, NoBody]) -> Answer:
    item = imports.confirm_import(intake_of(call.shop), call.path["import"])
    return accepted(import_view(item), f"/v1/imports/{item.id}")


def get_report_link(call: Call[NoQuery, NoBody]) -> Answer:
    url = imports.report_link(intake_of(call.shop), call.path["import"])
    return ok(LinkView(url=url, seconds=LINK_SECONDS))


_EXAMPLE: dict[str, Any] = {
    "kind": "baseline",
    "target": "berlin",
    "rows": [{"sku": "SHIRT-RED-M", "on_hand": 12, "committed": 2}],
}
_ONE = "/v1/imports/<import>"
_CONFLICT = HTTPStatus.CONFLICT
_REJECTS = HTTPStatus.UNPROCESSABLE_ENTITY
ROUTES = (
    Route(
        "POST",
        "/v1/imports",
        Role.OPERATOR,
        create_import,
        (HTTPStatus.CREATED, ImportView),
        "Import rows, or get a form to upload a file with",
        body=ImportBody,
        problems=(_CONFLICT, HTTPStatus.NOT_FOUND),
        repeatable=True,
        example=_EXAMPLE,
    ),
    Route(
        "GET",
        "/v1/imports",
        Role.VIEWER,
        list_imports,
        (HTTPStatus.OK, ImportsView),
        "Imports, the newest first",
        query=ImportsQuery,
        problems=(_REJECTS,),
    ),
    Route(
        "GET",
        _ONE,
        Role.VIEWER,
        get_import,
        (HTTPStatus.OK, ImportView),
        "One import and how far it has come",
    ),
    Route(
        "POST",
        f"{_ONE}/form",
        Role.OPERATOR,
        get_upload_form,
        (HTTPStatus.OK, UploadForm),
        "Another form to upload the file with: each is good for 15 minutes",
        problems=(_CONFLICT,),
    ),
    Route(
        "POST",
        f"{_ONE}/start",
        Role.OPERATOR,
        start_import,
        (HTTPStatus.ACCEPTED, ImportView),
        "Have the uploaded file checked and applied",
        problems=(_CONFLICT, _REJECTS),
    ),
    Route(
        "POST",
        f"{_ONE}/confirm",
        Role.APPROVER,
        confirm_import,
        (HTTPStatus.ACCEPTED, ImportView),
        "Apply a file in spite of how much it would drop",
        problems=(_CONFLICT, _REJECTS),
    ),
    Route(
        "GET",
        f"{_ONE}/report",
        Role.VIEWER,
        get_report_link,
        (HTTPStatus.OK, LinkView),
        "A link to the list of all faults and contradictions of a file",
    ),
)

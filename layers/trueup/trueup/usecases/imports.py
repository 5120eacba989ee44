"""Imports: files and bodies of listings, baselines and movements on their way in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from trueup.domain.errors import ConflictError, NotFoundError, RejectedError, RetryLaterError
from trueup.domain.imports import Import, ImportState, Passage
from trueup.domain.time import Clock, NewId
from trueup.ports import (
    Create,
    Listed,
    Machines,
    ObjectStore,
    Registry,
    Remove,
    Replace,
    Stored,
    Write,
)
from trueup.usecases.import_checks import NewImport, check_import
from trueup.usecases.ingest import bodies, objects
from trueup.usecases.ingest.reading import MAX_BYTES
from trueup.usecases.ingest.steps import order

__all__ = ["Intake", "NewImport", "create_import"]

UPLOADABLE = timedelta(hours=24)
"""How long a created import waits for its file."""

WORKABLE = timedelta(hours=2)
"""How long checking and applying may take."""

_ATTEMPTS = 4

CONTENT_TYPES = {
    "csv": "text/csv",
    "api": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Intake:
    """The ports that imports are asked for with; `files` is the bucket of uploads."""

    registry: Registry
    files: ObjectStore
    machines: Machines
    clock: Clock
    new_id: NewId


@dataclass(frozen=True, slots=True)
class Created:
    """A new import, and the form (url, fields) that its file is to be posted with."""

    item: Import
    form: dict[str, Any]


def create_import(intake: Intake, new: NewImport, requested_by: str) -> Created:
    """A pending import that waits for its file.

    NotFoundError: no such account, location or source of movements; RejectedError: `as_of` lies
    in the future, or before 1970; `source` is none, or may not state this.
    """
    item = _new(intake, new, new.format, requested_by)
    intake.registry.write(Create(item))
    return Created(item, upload_form(intake, item))


def upload_form(intake: Intake, item: Import) -> dict[str, Any]:
    """A form, good for 15 minutes, that posts an import's file."""
    limit, content_type = MAX_BYTES[item.format], CONTENT_TYPES[item.format]
    return intake.files.upload_form(item.object_key, limit, content_type)


def require_pending(intake: Intake, id_: str) -> Import:
    """An import that still waits for its file; ConflictError: it does not."""
    item = require(intake.registry, id_).value
    if item.state is not ImportState.PENDING or item.format == "api":
        raise ConflictError("This import does not wait for a file.")
    return item


def import_rows(intake: Intake, new: NewImport, rows: bodies.Rows, requested_by: str) -> Import:
    """Import up to 1,000 rows given as objects of column name and value, started at once."""
    return import_csv(intake, new, bodies.as_csv(rows), requested_by)


def import_csv(intake: Intake, new: NewImport, body: bytes, requested_by: str) -> Import:
    """Import a CSV file that the product itself made of a request, started at once."""
    item = _new(intake, new, "api", requested_by)
    intake.files.put(item.object_key, body, CONTENT_TYPES["api"])
    intake.registry.write(Create(item))
    return start_import(intake, item.id)


def start_import(intake: Intake, id_: str) -> Import:
    """Have the uploaded file checked; repeating it is no error and starts nothing twice.

    RejectedError: no file has been uploaded.
    """
    stored = require(intake.registry, id_)
    if stored.value.state is ImportState.PENDING:
        _require_upload(intake, stored.value)
        stored = _moved(intake, stored, ImportState.VALIDATING)
    if stored.value.state is ImportState.VALIDATING:
        intake.machines.start("ingest", id_, order(intake.registry.seller, id_))
    return stored.value


def confirm_import(intake: Intake, id_: str) -> Import:
    """Apply a file in spite of what it would drop; repeating it is no error.

    ConflictError: it does not wait for a confirmation.
    """
    stored = require(intake.registry, id_)
    if stored.value.state is ImportState.AWAITING_CONFIRMATION:
        stored = _moved(intake, stored, ImportState.APPLYING)
    elif stored.value.drop is None:
        raise ConflictError("This import does not wait for a confirmation.")
    if stored.value.state is ImportState.APPLYING:
        name = confirmed_execution(id_)
        intake.machines.start("ingest", name, order(intake.registry.seller, id_))
    return stored.value


def confirmed_execution(id_: str) -> str:
    """The name of the execution that goes on with an import once its drop is confirmed."""
    return f"{id_}-confirmed"


def get_import(registry: Registry, id_: str) -> Import:
    """With what has been applied so far, of a movement file on its way."""
    item = require(registry, id_).value
    passage = None if item.state.final else registry.get(Passage, id_)
    return item if passage is None else item.model_copy(update=passage.value.counts)


def list_imports(registry: Registry, cursor: str | None = None, limit: int = 50) -> Listed[Import]:
    """The newest first."""
    return registry.list(Import, cursor=cursor, limit=limit, newest_first=True)


def report_link(intake: Intake, id_: str) -> str:
    """A link, good for five minutes, to what was found in a file; NotFoundError if nothing."""
    item = require(intake.registry, id_).value
    if item.report_key is None:
        raise NotFoundError("This import has no report: nothing was found.")
    return intake.files.download_link(item.report_key, f"import-{id_}.csv", "text/csv")


def fail_import(registry: Registry, clock: Clock, id_: str, cause: str) -> bool:
    """End an import that is not final as Failed; whether this call did. Idempotent."""
    for _ in range(_ATTEMPTS):
        stored = registry.get(Import, id_)
        if stored is None or stored.value.state.final:
            return False
        failed = {"state": ImportState.FAILED, "cause": cause, "finished_at": clock()}
        try:
            registry.write(*_ended(registry, stored, failed))
        except ConflictError:
            continue
        return True
    raise RetryLaterError(f"The import {id_} keeps changing.", 1)


def _ended(registry: Registry, stored: Stored[Import], changes: dict[str, Any]) -> Iterator[Write]:
    """The end of an import; what was applied of a movement file stays, and is counted."""
    passage = registry.get(Passage, stored.value.id)
    if passage is not None:
        changes |= passage.value.counts
        yield Remove(passage.value, passage.version)
    yield Replace(stored.value.model_copy(update=changes), stored.version)


def require(registry: Registry, id_: str) -> Stored[Import]:
    found = registry.get(Import, id_)
    if found is None:
        raise NotFoundError(f"There is no import {id_}.")
    return found


def _new(
    intake: Intake, new: NewImport, file_format: Literal["csv", "xlsx", "api"], requested_by: str
) -> Import:
    now = intake.clock()
    check_import(intake.registry, new, now)
    id_ = intake.new_id()
    fields = new.model_dump(exclude={"format"})
    extension = "xlsx" if file_format == "xlsx" else "csv"
    return Import(
        **fields,
        id=id_,
        format=file_format,
        object_key=objects.upload_key(intake.registry.seller, id_, extension),
        requested_by=requested_by,
        created_at=now,
        deadline=now + UPLOADABLE,
    )


def _require_upload(intake: Intake, item: Import) -> None:
    try:
        intake.files.size(item.object_key)
    except NotFoundError as error:
        raise RejectedError("No file has been uploaded for this import yet.") from error


def _moved(intake: Intake, stored: Stored[Import], state: ImportState) -> Stored[Import]:
    """The import in its next state, whoever of several callers moves it there."""
    changes = {"state": state, "deadline": intake.clock() + WORKABLE}
    moved = stored.value.model_copy(update=changes)
    try:
        intake.registry.write(Replace(moved, stored.version))
    except ConflictError:
        return require(intake.registry, stored.value.id)
    return Stored(moved, stored.version + 1)

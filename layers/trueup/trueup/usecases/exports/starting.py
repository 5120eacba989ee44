"""Asking for an export: what it shows is pinned before anybody is told that it will come."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from trueup.domain.errors import ConflictError, NotFoundError, RejectedError
from trueup.domain.exports import Export, ExportState, Format, Shown, View
from trueup.ports import Registry, Stored
from trueup.usecases.exports.catalogue import check_columns, usual
from trueup.usecases.exports.freezing import Chosen, freeze, view_of
from trueup.usecases.exports.job import payload
from trueup.usecases.exports.objects import frozen_key
from trueup.usecases.exports.slots import check_room, open_in_slot
from trueup.usecases.exports.work import ExportDesk

DEADLINE = timedelta(minutes=70)
"""No export is left unfinished longer than this."""

MAX_ROWS = 10_000_000
"""Of one file, where their number is known beforehand."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants as a file. `filters`: as they were given; `chosen`: as they are meant."""

    format: Format
    chosen: Chosen
    filters: dict[str, Any]
    columns: tuple[Shown, ...] = ()
    run: str | None = None

    @property
    def of(self) -> View:
        return view_of(self.chosen)


def start_export(desk: ExportDesk, wish: Wish) -> Export:
    """Pin what is asked for, and have its file built.

    Errors as of the view itself; RejectedError: no such columns, or too many rows; TooManyError:
    too many are at work.
    """
    check_columns(wish.of, wish.columns)
    check_room(desk.registry)
    now = desk.clock()
    frozen = freeze(desk.registry, wish.chosen, wish.run, now)
    if (frozen.expected or 0) > MAX_ROWS:
        raise RejectedError(f"A file has {MAX_ROWS:,} rows at most: choose fewer locations.")
    export = Export(
        id=desk.new_id(),
        of=wish.of,
        format=wish.format,
        filters=wish.filters,
        columns=wish.columns or usual(wish.of),
        run=wish.run,
        requested_by=desk.user,
        as_of=now,
        opened_at=now,
        deadline=now + DEADLINE,
        slot=0,
        pins=frozen.pins,
        expected=frozen.expected,
    )
    body = frozen.model_dump_json().encode()
    desk.files.put(frozen_key(desk.seller, export.id), body, "application/json")
    return _started(desk, open_in_slot(desk.registry, export))


def retry_export(desk: ExportDesk, id_: str) -> Export:
    """Build a failed export again, of just what was pinned for it.

    NotFoundError: there is none; ConflictError: it has not failed, or is too old; TooManyError.
    """
    stored, now = require_export(desk.registry, id_), desk.clock()
    failed = stored.value
    if failed.state is not ExportState.FAILED:
        raise ConflictError("Only an export that has failed can be built again.")
    if not failed.retriable(now):
        raise ConflictError("What this export reads is no longer kept; export the view again.")
    fresh: dict[str, Any] = {"state": ExportState.PENDING, "cause": None, "rows": 0, "build": ""}
    times = {"opened_at": now, "deadline": now + DEADLINE, "finished_at": None}
    again = failed.model_copy(update={**fresh, **times, "tries": failed.tries + 1})
    return _started(desk, open_in_slot(desk.registry, again, stored.version))


def require_export(registry: Registry, id_: str) -> Stored[Export]:
    """NotFoundError: this seller has none."""
    stored = registry.get(Export, id_)
    if stored is None:
        raise NotFoundError("There is no such export.")
    return stored


def _started(desk: ExportDesk, export: Export) -> Export:
    desk.machines.start("export", export.execution, payload(desk.seller, export))
    return export

"""Building the file of an export: one Lambda, streaming, and repeatable.

Several builds of one export may run at once, such as after a timeout. Each writes an object of its
own; the one that began last may finish, and the record names its object by a conditional write.
"""

from collections.abc import Callable, Iterator
from typing import Any

from trueup.domain.errors import ConflictError, DefectError, TrueupError
from trueup.domain.exports import Export, ExportState, Format
from trueup.ports import Replace, Stored, Upload
from trueup.tables.comma import write_csv
from trueup.tables.model import Batch, Batches, Contents, Written
from trueup.tables.xlsx import write_xlsx
from trueup.usecases.exports.about import about
from trueup.usecases.exports.batches import batches_of
from trueup.usecases.exports.catalogue import table_of
from trueup.usecases.exports.ending import end
from trueup.usecases.exports.frozen import Frozen
from trueup.usecases.exports.job import ExportJob
from trueup.usecases.exports.objects import file_key, frozen_key
from trueup.usecases.exports.watching import watched
from trueup.usecases.exports.work import ExportWork
from trueup.usecases.retrying import retried

PROGRESS_ROWS = 50_000
"""So often it is told how far a build is, and seen whether it is still wanted."""

TOO_LARGE = "It takes longer than one file may: choose fewer locations, or narrower filters."

Hurried = Callable[[], bool]


class SupersededError(TrueupError):
    """Another build of the same export began, or it was ended."""


class TooLargeError(TrueupError):
    """The time is up."""


def build_export(work: ExportWork, job: ExportJob, hurried: Hurried) -> Export:
    """Build the file, unless this try has ended. The export as it is then; repeatable."""
    stored = _export(work, job)
    if stored.value.state.final or stored.value.tries != job.tries:
        return stored.value
    try:
        return _Build(work, job, hurried).run()
    except SupersededError:
        return _export(work, job).value


def _export(work: ExportWork, job: ExportJob) -> Stored[Export]:
    stored = work.registry.get(Export, job.export)
    if stored is None:
        raise DefectError(f"Export {job.export} does not exist.")
    return stored


class _Build:
    """One build, which alone may write the export's record as long as it is the last that began."""

    def __init__(self, work: ExportWork, job: ExportJob, hurried: Hurried) -> None:
        self._work, self._job, self._hurried = work, job, hurried
        self._name = work.new_id()
        self._stored = retried(self._begin)
        self._told = 0

    def _begin(self) -> Stored[Export]:
        stored = self._current()
        begun = stored.value.model_copy(update={"build": self._name, "rows": 0})
        self._work.registry.write(Replace(begun, stored.version))
        found = _export(self._work, self._job)
        if found.value != begun:
            raise SupersededError
        return found

    def _current(self) -> Stored[Export]:
        stored = _export(self._work, self._job)
        if stored.value.state.final or stored.value.tries != self._job.tries:
            raise SupersededError
        return stored

    def run(self) -> Export:
        export, work = self._stored.value, self._work
        body = work.files.get(frozen_key(work.seller, export.id))
        frozen = Frozen.model_validate_json(body)
        key = file_key(work.seller, export, self._name)
        upload = work.files.begin(key, export.format.content_type)
        try:
            written = self._write(upload, frozen)
            upload.finish()
        except TooLargeError:
            upload.abort()
            return self._end(state=ExportState.FAILED, cause=TOO_LARGE)
        except Exception:
            upload.abort()
            raise
        return self._end(
            state=ExportState.SUCCESS,
            key=key,
            rows=written.rows,
            size=written.size,
            sha256=written.sha256,
        )

    def _write(self, upload: Upload, frozen: Frozen) -> Written:
        export, work = self._stored.value, self._work
        table = table_of(export.of, export.columns)
        names = [column.name for column in export.columns]
        registry, pages = watched(work.registry, self._look), watched(work.pages, self._look)
        unreadable: list[int] = []
        batches = self._counted(batches_of(registry, pages, frozen, names, unreadable))
        if export.format is Format.CSV:
            return write_csv(upload.write, table, batches)

        def told(contents: Contents) -> Any:
            return about(work.seller, export, frozen, work.clock(), contents, len(unreadable))

        return write_xlsx(upload.write, table, batches, told)

    def _look(self) -> None:
        if self._hurried():
            raise TooLargeError

    def _counted(self, batches: Batches) -> Iterator[Batch]:
        """The batches; tells how far it is now and then. TooLargeError, SupersededError."""
        rows = 0
        for batch in batches:
            self._look()
            rows += len(batch[0])
            if rows - self._told >= PROGRESS_ROWS:
                self._told = rows
                self._tell(rows)
            yield batch

    def _tell(self, rows: int) -> None:
        export = self._stored.value.model_copy(update={"rows": rows})
        self._kept(export, lambda: self._work.registry.write(Replace(export, self._stored.version)))

    def _end(self, **changes: Any) -> Export:
        now = self._work.clock()
        ended = self._stored.value.model_copy(update={"finished_at": now, **changes})
        registry, before = self._work.registry, self._stored
        self._kept(ended, lambda: end(registry, before, now, **changes))
        return ended

    def _kept(self, export: Export, write: Callable[[], object]) -> None:
        """Write it over what this build wrote last. SupersededError: somebody else did."""
        try:
            write()
        except ConflictError as error:
            if _export(self._work, self._job).value != export:  # else only the answer was lost
                raise SupersededError from error
        self._stored = _export(self._work, self._job)
        if self._stored.value != export:
            raise SupersededError

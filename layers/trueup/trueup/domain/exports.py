"""Exports: a view as a file, as it was when somebody asked for it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from trueup.domain.accounts import Entity
from trueup.domain.pins import BookPin
from trueup.domain.time import Instant

KEPT_DAYS = 30
"""How long a file can be downloaded; its bucket forgets it a little later."""

REMEMBERED = timedelta(days=400)
"""How long the history tells of an export."""

RETRIABLE = timedelta(days=7)
"""How long after it was asked for a failed export can be built again: what it reads is kept."""

MAX_COLUMNS = 60
MAX_WIDTH = 200
"""Characters."""


class View(StrEnum):
    """What can be exported."""

    ROWS = "rows"
    PUSHES = "pushes"
    EXCEPTIONS = "exceptions"
    AUDIT = "audit"


class Format(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"

    @property
    def content_type(self) -> str:
        return _TYPES[self]


_TYPES = {
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv; charset=utf-8",
}


class ExportState(StrEnum):
    """As people see it. The last two are final, though a failed one can be built again."""

    PENDING = "Pending"
    SUCCESS = "Success"
    FAILED = "Failed"

    @property
    def final(self) -> bool:
        return self is not ExportState.PENDING


class Shown(BaseModel):
    """A column of the file; without a width it has its usual one (characters)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=60)]
    width: Annotated[int, Field(ge=1, le=MAX_WIDTH)] | None = None


class Export(Entity):
    """A file that was asked for. What it shows is pinned, and does not change any more.

    `filters` are as they were given. `run`: the one whose rows were asked for; None: the visible
    ones. `tries` counts how often it was begun by a person; `build` names the build that may
    finish it. `rows`: written so far, or in all; `expected`: known beforehand. `pins`: the versions
    that it reads, which are not forgotten meanwhile. `slot`: one of those that a seller has.
    """

    record: ClassVar[str] = "export"
    audited: ClassVar[bool] = False

    id: str
    of: View
    format: Format
    filters: dict[str, Any] = {}
    columns: tuple[Shown, ...]
    run: str | None = None
    requested_by: str
    state: ExportState = ExportState.PENDING
    cause: str | None = None
    as_of: Instant
    """When it was asked for: what it shows is as of then."""
    opened_at: Instant
    """When this try was."""
    deadline: Instant
    tries: int = 1
    slot: int
    pins: tuple[BookPin, ...] = ()
    build: str = ""
    rows: int = 0
    expected: int | None = None
    finished_at: Instant | None = None
    size: int = 0
    sha256: str = ""
    key: str = ""
    """Of the finished file."""

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.id,)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return None if self.state.final else ("open", self.deadline)

    @property
    def forget_at(self) -> datetime:
        return self.as_of + REMEMBERED

    @property
    def execution(self) -> str:
        """Each try has its own."""
        return self.id if self.tries == 1 else f"{self.id}-{self.tries}"

    @property
    def expires_at(self) -> datetime | None:
        """When its file can be downloaded no more."""
        if self.state is not ExportState.SUCCESS or self.finished_at is None:
            return None
        return self.finished_at + timedelta(days=KEPT_DAYS)

    def retriable(self, now: datetime) -> bool:
        return self.state is ExportState.FAILED and now < self.as_of + RETRIABLE

    def needs_pins(self, now: datetime) -> bool:
        """Whether what it reads must stay: also a day longer than it can be begun again."""
        late = now >= self.as_of + RETRIABLE + timedelta(days=1)
        return not self.state.final or (self.state is ExportState.FAILED and not late)


class ExportSlot(Entity):
    """Held by an open export: a seller has as many open ones as there are slots."""

    record: ClassVar[str] = "export-slot"
    audited: ClassVar[bool] = False

    number: int
    export: str
    tries: int

    @property
    def identity(self) -> tuple[str, ...]:
        return (f"{self.number:02d}",)

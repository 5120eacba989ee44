"""Imports: files or bodies of listings, baselines or movements, applied whole or not at all."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from trueup.domain.accounts import Entity, Slug
from trueup.domain.runs import Segment
from trueup.domain.time import Instant


class ImportKind(StrEnum):
    LISTINGS = "listings"
    BASELINE = "baseline"
    MOVEMENTS = "movements"


class ImportState(StrEnum):
    """Pending waits for its file; Applied, Rejected, Failed and Unchanged are final."""

    PENDING = "Pending"
    VALIDATING = "Validating"
    AWAITING_CONFIRMATION = "AwaitingConfirmation"
    APPLYING = "Applying"
    APPLIED = "Applied"
    UNCHANGED = "Unchanged"
    REJECTED = "Rejected"
    FAILED = "Failed"

    @property
    def final(self) -> bool:
        return self in (
            ImportState.APPLIED,
            ImportState.UNCHANGED,
            ImportState.REJECTED,
            ImportState.FAILED,
        )


class Drop(BaseModel):
    """How much less a book would hold. `skus_after`: those of before that would still be known."""

    model_config = ConfigDict(frozen=True)
    skus_before: int
    skus_after: int
    units_before: int
    units_after: int


class Import(Entity):
    """One file or body on its way into a book.

    `target` is the account of listings, the location of a baseline or the source of movements.
    `source`: who states listings or a baseline, if that is known. `complete` declares that a
    SKU absent from the file is not there (a baseline: has none; listings: is no longer listed);
    otherwise absent SKUs stay as they were. `contradictions` are rows of a baseline that state
    another sellable quantity than their other columns leave. Of movements, `applied` says how
    many of the file's have been gone through, `duplicates` were known already, and `conflicts`
    could not be stored.
    """

    record: ClassVar[str] = "import"
    audited: ClassVar[bool] = True

    id: str
    kind: ImportKind
    target: Slug
    source: Slug | None = None
    state: ImportState = ImportState.PENDING
    format: Literal["csv", "xlsx", "api"] = "csv"
    object_key: str = ""
    complete: bool = False
    as_of: Instant | None = None
    max_drop_percent: Annotated[int, Field(ge=0, le=100)] = 20
    requested_by: str
    created_at: Instant
    deadline: Instant
    finished_at: Instant | None = None
    cause: str | None = None
    sha256: str | None = None
    rows: int = 0
    faults: int = 0
    contradictions: int = 0
    report_key: str | None = None
    segments: tuple[Segment, ...] = ()
    drop: Drop | None = None
    base_version: int = 0
    """The version of the book that the file was checked against; 0: it had none."""
    version: int | None = None
    rows_changed: int = 0
    left_out: tuple[str, ...] = ()
    """Of a baseline: quantities that the file has no column for."""
    applied: int = 0
    duplicates: int = 0
    conflicts: int = 0

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.id,)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return None if self.state.final else ("open", self.deadline)


class Passage(Entity):
    """How far a movement file has been gone through; gone when the import has ended.

    Its own record: progress is not what the audit trail is for.
    """

    record: ClassVar[str] = "passage"
    audited: ClassVar[bool] = False

    id: str
    applied: int = 0
    rows_changed: int = 0
    duplicates: int = 0
    conflicts: int = 0
    resumed: bool = False
    """Somebody died on the way: what is known already may be of this very file."""

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.id,)

    @property
    def counts(self) -> dict[str, int]:
        """As the fields of its import."""
        return self.model_dump(include=set(_COUNTS))


_COUNTS = ("applied", "rows_changed", "duplicates", "conflicts")
RECEIPT_KEPT = timedelta(days=7)


class Receipt(Entity):
    """Remembers for a week what a request with an idempotency key led to.

    `digest` is of its body.
    """

    record: ClassVar[str] = "receipt"
    audited: ClassVar[bool] = False
    scope: str
    key: str
    digest: str
    result: str
    at: Instant

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.scope, self.key)

    @property
    def forget_at(self) -> datetime:
        return self.at + RECEIPT_KEPT

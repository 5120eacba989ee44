"""Imports: files or bodies of listings and baselines, applied whole or not at all."""

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

    `target` is the account of listings or the location of a baseline. `complete` declares that a
    SKU absent from the file is not there (a baseline: has none; listings: is no longer listed);
    otherwise absent SKUs stay as they were. `contradictions` are rows of a baseline that state
    another sellable quantity than their other columns leave.
    """

    record: ClassVar[str] = "import"
    audited: ClassVar[bool] = True

    id: str
    kind: ImportKind
    target: Slug
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

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.id,)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return None if self.state.final else ("open", self.deadline)


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

"""The audit trail: who changed what, before and after, as a chain in which tampering shows.

A seller has one chain. Each record carries the hash of the one before it and its own hash over all
that it says, that hash included; so no record can be altered, taken out, moved or put in without
the chain breaking there. What the chain cannot show is a rewrite from some record to the end by
somebody who may write all of it: for that its head is given out, to be kept elsewhere.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from trueup.domain.accounts import Entity
from trueup.domain.time import Instant


class Verb(StrEnum):
    """What happened to the subject. `ANCHORED`: the last blocks of a ledger were noted."""

    CREATED = "created"
    CHANGED = "changed"
    REMOVED = "removed"
    ANCHORED = "anchored"


class Change(BaseModel):
    """One subject of a transaction: a kind of record and its identity.

    `before` and `after` are the fields that changed, as JSON; a subject that was created has no
    `before`, a removed one no `after`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    verb: Verb
    kind: str
    identity: tuple[str, ...]
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}

    @property
    def subject(self) -> str:
        return subject_of(self.identity)


def subject_of(identity: Iterable[str]) -> str:
    """An identity as one text: its parts, percent-encoded, between slashes."""
    return "/".join(quote(part, safe="") for part in identity)


class AuditRecord(Entity):
    """What one transaction changed. `actor` is a user, ``rule:…`` or ``schedule``.

    `at` never goes back along the chain. Fields that later versions add need a default: a field
    that has its default is not hashed, so that records of before stay right.
    """

    record: ClassVar[str] = "audit"
    store: ClassVar[Literal["registry", "audit"]] = "audit"
    audited: ClassVar[bool] = False

    seller: str
    sequence: Annotated[int, Field(ge=1)]
    at: Instant
    actor: str
    request: str | None = None
    """The API request's id, where it was one."""
    changes: tuple[Change, ...]
    previous: str
    hash: str

    @property
    def identity(self) -> tuple[str, ...]:
        return places_of(self.sequence)


class AuditMark(Entity):
    """Says that a record tells of a subject, to find it by. Derived: no evidence of its own."""

    record: ClassVar[str] = "auditof"
    store: ClassVar[Literal["registry", "audit"]] = "audit"
    audited: ClassVar[bool] = False

    kind: str
    subject: str
    sequence: int

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.kind, self.subject, f"{self.sequence:015d}")


class AuditTip(Entity):
    """The head of the chain: the last record's sequence and hash. Kept apart from the chain."""

    record: ClassVar[str] = "audit-tip"
    audited: ClassVar[bool] = False

    sequence: int
    hash: str
    at: Instant

    @property
    def identity(self) -> tuple[str, ...]:
        return ("tip",)


class AuditDue(Entity):
    """When a seller's ledgers are next anchored, and the stream that was anchored last.

    Made with the first record of a chain, so that no seller is without one.
    """

    record: ClassVar[str] = "audit-due"
    audited: ClassVar[bool] = False

    due_at: Instant
    after: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        return ("due",)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return ("audit", self.due_at)


BLOCK = 500
"""Records whose keys begin alike, so that a reader can begin anywhere in the chain."""


def block_of(sequence: int) -> str:
    """The beginning that the keys of a record and its neighbours share."""
    return f"{sequence // BLOCK:012d}"


def places_of(sequence: int) -> tuple[str, str]:
    """A record's key: text order is number order."""
    return block_of(sequence), f"{sequence:015d}"


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did it and when, and the changes of one transaction."""

    actor: str
    at: datetime
    changes: tuple[Change, ...]
    request: str | None = None


def genesis(seller: str) -> str:
    """What a seller's first record names as the hash before it: no chain fits another seller."""
    return hashlib.sha256(f"audit trail of {seller}".encode()).hexdigest()


def sealed(seller: str, tip: AuditTip | None, deed: Deed) -> AuditRecord:
    """The next record of the chain whose head is `tip` (None: it has none yet)."""
    unsealed = AuditRecord(
        seller=seller,
        sequence=tip.sequence + 1 if tip else 1,
        at=max(deed.at, tip.at) if tip else deed.at,
        actor=deed.actor,
        request=deed.request,
        changes=deed.changes,
        previous=tip.hash if tip else genesis(seller),
        hash="",
    )
    return unsealed.model_copy(update={"hash": content_hash(unsealed)})


def tip_of(record: AuditRecord) -> AuditTip:
    return AuditTip(sequence=record.sequence, hash=record.hash, at=record.at)


def marks_of(record: AuditRecord) -> list[AuditMark]:
    """One for each subject of a record."""
    subjects = dict.fromkeys((change.kind, change.subject) for change in record.changes)
    return [AuditMark(kind=k, subject=s, sequence=record.sequence) for k, s in subjects]


def content_hash(record: AuditRecord) -> str:
    """SHA-256 over the canonical JSON of all a record says, the previous hash included."""
    fields = record.model_dump(mode="json", exclude={"hash"}, exclude_defaults=True)
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()

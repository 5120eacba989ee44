"""The audit trail: who changed what, and whether anybody has tampered with it."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, StringConstraints

from trueup.domain.audit import AuditRecord, Change, Verb
from trueup.domain.errors import Fault, RejectedError
from trueup.domain.tampering import Finding, Step, Wrong
from trueup.usecases.audit.chain import head_of
from trueup.usecases.audit.reading import Wanted, read_trail
from trueup.usecases.audit.verifying import Books, verify
from trueup.usecases.auth import Role
from trueup_api.fields import Cursor, Limit
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, Strict, ok

AT_ONCE = 2_000
"""Records that one request to verify follows at most."""

Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{0,39}$")]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^\P{C}+$")]
Actor = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^\P{C}+$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Sequence = Annotated[int, Field(ge=1, le=10**12)]


class TrailFilters(Strict):
    """`subject` is a kind's identity, its parts between slashes and percent-encoded."""

    kind: Kind | None = None
    subject: Subject | None = None
    actor: Actor | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.kind, self.subject, self.actor, self.since, self.until)


class TrailQuery(TrailFilters):
    """A page of what fits."""

    limit: Limit = 50
    cursor: Cursor | None = None


class ChangeView(Strict):
    """One thing that was changed: its fields that changed, as they were and as they became."""

    action: Verb
    kind: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]


class AuditView(Strict):
    """What one transaction changed, and its place in the chain."""

    sequence: int
    at: datetime
    actor: str
    request: str | None
    changes: list[ChangeView]
    previous: str
    hash: str


class TrailView(Strict):
    """There may be fewer records than asked for, even none, while there is a cursor.

    `unreadable`: sequences of records that were looked at and cannot be read; verifying tells more.
    """

    records: list[AuditView]
    unreadable: list[int]
    cursor: str | None


class HeadView(Strict):
    """The last record. Kept elsewhere, it proves later that all up to it is as it was.

    `sequence` is 0 before the first change.
    """

    sequence: int
    hash: str


class VerifyQuery(Strict):
    """`kept_sequence` and `kept_hash`: a head that you kept, which must still be in the chain."""

    since: Sequence = 1
    limit: Annotated[int, Field(ge=1, le=AT_ONCE)] = AT_ONCE
    cursor: Cursor | None = None
    kept_sequence: Sequence | None = None
    kept_hash: Hash | None = None


class FindingView(Strict):
    """The first record that does not fit. `chain`: empty, or the shard of the ledger it is in."""

    chain: str
    sequence: int
    wrong: Wrong
    reason: str


class VerifiedView(Strict):
    """`sound`: nothing wrong in what was checked; all was checked when there is no cursor.

    `checked` records of the trail, up to `until`; after them, `blocks` of movements and pushes.
    """

    sound: bool
    checked: int
    until: int
    blocks: int
    head: HeadView
    finding: FindingView | None
    cursor: str | None


def audit_view(record: AuditRecord) -> AuditView:
    return AuditView(
        sequence=record.sequence,
        at=record.at,
        actor=record.actor,
        request=record.request,
        changes=[_change_view(change) for change in record.changes],
        previous=record.previous,
        hash=record.hash,
    )


def _change_view(change: Change) -> ChangeView:
    return ChangeView(
        action=change.verb,
        kind=change.kind,
        subject=change.subject,
        before=change.before,
        after=change.after,
    )


def _head_view(head: Step) -> HeadView:
    return HeadView(sequence=head.sequence, hash=head.hash)


def _finding_view(found: Finding | None) -> FindingView | None:
    if found is None:
        return None
    return FindingView(
        chain=found.chain, sequence=found.sequence, wrong=found.wrong, reason=found.reason
    )


def list_audit(call: Call[TrailQuery, NoBody]) -> Answer:
    query = call.query
    registry = call.shop.registry
    trail = read_trail(registry, query.wanted, cursor=query.cursor, limit=query.limit)
    records = [audit_view(record) for record in trail.records]
    unreadable = list(trail.unreadable)
    return ok(TrailView(records=records, unreadable=unreadable, cursor=trail.cursor))


def audit_head(call: Call[NoQuery, NoBody]) -> Answer:
    return ok(_head_view(head_of(call.shop.registry)))


def verify_audit(call: Call[VerifyQuery, NoBody]) -> Answer:
    query, shop = call.query, call.shop
    books = Books(shop.registry, shop.world.clock, shop.ledger)
    found = verify(
        books,
        since=query.since,
        limit=query.limit,
        cursor=query.cursor,
        kept=_kept(query),
    )
    view = VerifiedView(
        sound=found.finding is None,
        checked=found.checked,
        until=found.until,
        blocks=found.blocks,
        head=_head_view(found.head),
        finding=_finding_view(found.finding),
        cursor=found.cursor,
    )
    return ok(view)


def _kept(query: VerifyQuery) -> Step | None:
    if query.kept_sequence is None and query.kept_hash is None:
        return None
    if query.kept_sequence is None or query.kept_hash is None:
        fault = Fault("kept_hash", "goes together with kept_sequence")
        raise RejectedError("A head is a sequence and a hash.", (fault,))
    return Step(query.kept_sequence, query.kept_hash)


ROUTES = (
    Route(
        "GET",
        "/v1/audit",
        Role.VIEWER,
        list_audit,
        (HTTPStatus.OK, TrailView),
        "Every change by a person or a rule, the newest first",
        query=TrailQuery,
        problems=(HTTPStatus.UNPROCESSABLE_ENTITY,),
    ),
    Route(
        "GET",
        "/v1/audit/head",
        Role.VIEWER,
        audit_head,
        (HTTPStatus.OK, HeadView),
        "The audit trail's head, to be kept elsewhere",
    ),
    Route(
        "GET",
        "/v1/audit/verify",
        Role.VIEWER,
        verify_audit,
        (HTTPStatus.OK, VerifiedView),
        "Whether a record of the audit trail was altered, deleted, moved or put in",
        query=VerifyQuery,
        problems=(HTTPStatus.UNPROCESSABLE_ENTITY,),
    ),
)

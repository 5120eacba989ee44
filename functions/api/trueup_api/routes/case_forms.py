"""What requests about cases say, and how cases are shown."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from trueup.domain.cases import Case, CaseState, Person, Subject, SubjectKind
from trueup.domain.keys import channel_key_of, is_unlisted, listing_key, sku_of, unlisted_key
from trueup.ports import Stored
from trueup.usecases.exceptions.accepting import Terms
from trueup_api.fields import CodeText, Cursor, Limit, Note, Prose, Slug
from trueup_api.routing import Strict

Version = Annotated[int, Field(ge=1)]
CauseName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,60}$")]


class SubjectBody(Strict):
    """What a case is about. `incident`: account, location, cause. `row`: account, location, and
    the SKU, or the channel's key of what is not listed; both where a SKU is listed by another
    key. `source`: one of your locations, and the SKU, or the cause of an incident there.
    """

    kind: Literal["incident", "row", "source"]
    account: Slug | None = None
    location: CodeText
    cause: CauseName | None = None
    sku: CodeText | None = None
    channel_key: CodeText | None = None

    @model_validator(mode="after")
    def _whole(self) -> "SubjectBody":
        if (self.account is None) is not (self.kind == "source"):
            raise ValueError("incidents and rows have an account, sources have none")
        if not self._what():
            raise ValueError("names no cause, or no SKU and no channel key")
        return self

    def subject(self) -> Subject:
        return Subject(
            kind=SubjectKind(self.kind),
            account=self.account,
            location=self.location,
            what=self._what(),
        )

    def _what(self) -> str:
        if self.kind == "incident":
            return self.cause or ""
        if self.kind == "source" and self.sku is None:
            return Subject.of_source(self.location, cause=self.cause).what if self.cause else ""
        if self.sku is None:
            is_row = self.kind == "row" and self.channel_key
            return unlisted_key(self.channel_key or "") if is_row else ""
        return self.sku if self.kind == "source" else row_key(self.sku, self.channel_key)


def row_key(sku: str, channel_key: str | None) -> str:
    return listing_key(sku, channel_key or sku)


class RowName(Strict):
    """`sku` null: no listing names the item."""

    sku: str | None
    channel_key: str


def row_name(key: str) -> RowName:
    return RowName(sku=None if is_unlisted(key) else sku_of(key), channel_key=channel_key_of(key))


class RolesBody(Strict):
    """Users' ids. null takes one off; what is absent stays."""

    owner: Person | None = None
    reviewer: Person | None = None
    approver: Person | None = None
    investigator: Person | None = None


class NewCase(RolesBody):
    subject: SubjectBody


class CaseChange(RolesBody):
    version: Version


class ResolveBody(Strict):
    """`root_cause`: what was behind it; a wrong one is answered with the list."""

    version: Version
    root_cause: CauseName
    text: Prose = ""


class AcceptBody(Strict):
    """`gap`: of a row, as you saw it. `rows_version`: of an incident, its version as you saw it."""

    version: Version
    note: Note
    expires_at: AwareDatetime
    gap: int | None = None
    rows_version: Version | None = None

    @property
    def terms(self) -> Terms:
        return Terms(self.note, self.expires_at, self.gap, self.rows_version)


class VersionBody(Strict):
    version: Version


class CommentBody(Strict):
    text: Note


class SubjectView(Strict):
    kind: SubjectKind
    account: str | None
    location: str
    cause: str | None
    sku: str | None
    channel_key: str | None


class ResolutionView(Strict):
    root_cause: str
    text: str
    by: str
    at: datetime


class AcceptedView(Strict):
    gap: int | None
    note: str
    expires_at: datetime
    by: str
    at: datetime


class RecurrenceView(Strict):
    """`of`: the case about the same before; `count`: the how manieth return this is."""

    of: str
    count: int


class CaseView(Strict):
    """`version` is to be named by the next change. `said`: what a rule last found."""

    id: str
    version: int
    subject: SubjectView
    state: CaseState
    owner: str | None
    reviewer: str | None
    approver: str | None
    investigator: str | None
    resolution: ResolutionView | None
    accepted: AcceptedView | None
    recurrence: RecurrenceView | None
    opened_at: datetime
    opened_by: str
    changed_at: datetime
    changed_by: str
    said: str


class CasesQuery(Strict):
    state: CaseState | None = None
    owner: Person | None = None
    account: Slug | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class CasesView(Strict):
    """The newest first. There may be fewer than asked for, even none, while there is a cursor."""

    cases: list[CaseView]
    cursor: str | None


class CommentView(Strict):
    id: str
    text: str
    by: str
    at: datetime


class PageQuery(Strict):
    limit: Limit = 50
    cursor: Cursor | None = None


class CommentsView(Strict):
    comments: list[CommentView]
    cursor: str | None


def subject_view(subject: Subject) -> SubjectView:
    what, kind, cause = subject.what, subject.kind, subject.cause
    return SubjectView(
        kind=kind,
        account=subject.account,
        location=subject.location,
        cause=cause,
        sku=None if cause is not None or is_unlisted(what) else sku_of(what),
        channel_key=channel_key_of(what) if kind is SubjectKind.ROW else None,
    )


_PLAIN = ("id", "state", "opened_at", "opened_by", "changed_at", "changed_by", "said")


def case_view(stored: Stored[Case]) -> CaseView:
    case = stored.value
    ended, accepted, again = case.resolution, case.accepted, case.recurrence
    return CaseView(
        **{name: getattr(case, name) for name in _PLAIN},
        version=stored.version,
        subject=subject_view(case.subject),
        **case.roles.model_dump(),
        resolution=ResolutionView(**ended.model_dump()) if ended else None,
        accepted=AcceptedView(**accepted.model_dump()) if accepted else None,
        recurrence=RecurrenceView(**again.model_dump()) if again else None,
    )

"""Cases: what people know and decide about an incident, a row or a source's variance."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trueup.domain.accounts import Code, Entity, Slug
from trueup.domain.keys import SEPARATOR
from trueup.domain.time import Instant

RECURRENCE_WINDOW = timedelta(days=14)
"""What is back within this time of its case's end is a recurrence."""

RESOLVED_GRACE = timedelta(hours=1)
"""A correction may take so long to show; a capture after it that still differs reopens a case."""

LONGEST_ACCEPTANCE = timedelta(days=366)
MAX_CASES = 1_000
"""Cases about one location that are open, or ended within the window: a run looks at each."""


CAUSE = SEPARATOR
"""Before a cause of a source's SKUs: no SKU begins like this."""


class SubjectKind(StrEnum):
    INCIDENT = "incident"
    ROW = "row"
    SOURCE = "source"


class CaseState(StrEnum):
    """Open and assigned wait for people; resolved and accepted are ends that may be undone."""

    OPEN = "open"
    ASSIGNED = "assigned"
    RESOLVED = "resolved"
    ACCEPTED = "accepted"

    @property
    def waits(self) -> bool:
        return self in (CaseState.OPEN, CaseState.ASSIGNED)


class RootCause(StrEnum):
    """What people found to be behind it. Causes of the explanation may be named as well."""

    PROCESS = "process_not_followed"
    INTEGRATION = "integration_fault"
    LATE_DATA = "late_or_missing_data"
    MASTER_DATA = "wrong_master_data"
    MAPPING = "wrong_mapping"
    CHANNEL = "channel_fault"
    COUNT = "counting_error"
    LOSS = "loss_or_theft"
    DAMAGE = "damage"
    SUPPLIER = "supplier_error"
    POLICY = "intended_policy"
    UNKNOWN = "unknown"
    OTHER = "other"


Person = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^\P{C}+$")]
"""A user's id, as tokens name it."""

Text = Annotated[str, StringConstraints(max_length=4000)]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Subject(Part):
    """What a case is about: a cause at a channel location, a row there, or what a source states.

    `account` is None for a source, whose `location` is one of the seller's. `what` is the cause,
    the row's key or the SKU; of a source the SKU, or a cause of its SKUs behind `CAUSE`.
    """

    kind: SubjectKind
    account: Slug | None = None
    location: Code
    what: Annotated[str, StringConstraints(min_length=1, max_length=600)]

    @classmethod
    def of_source(cls, location: str, *, sku: str = "", cause: str = "") -> "Subject":
        """A SKU of one of the seller's locations, or all of its SKUs with a cause."""
        what = sku or f"{CAUSE}{cause}"
        return cls(kind=SubjectKind.SOURCE, location=location, what=what)

    @property
    def cause(self) -> str | None:
        """The cause that it is about; None: it is about a row or a SKU."""
        if self.kind is SubjectKind.INCIDENT:
            return self.what
        of_source = self.kind is SubjectKind.SOURCE and self.what.startswith(CAUSE)
        return self.what.removeprefix(CAUSE) if of_source else None

    @property
    def place(self) -> tuple[str, ...]:
        """The start of its docket's key: those of a kind at one location lie together."""
        if self.account is None:
            return (self.kind, self.location)
        return (self.kind, self.account, self.location)


class Resolution(Part):
    """`root_cause`: a `RootCause`, or a cause of the explanation."""

    root_cause: str
    text: Text = ""
    by: str
    at: Instant


class Accepted(Part):
    """A difference that is lived with until it changes or the time is up.

    `gap`: the row's, in channel units; None where it has none, or for an incident, whose rows'
    gaps are those of the version that its `Acceptance` names.
    """

    gap: int | None = None
    note: Text
    expires_at: Instant
    by: str
    at: Instant


class Recurrence(Part):
    """The case that was about the same before, and the how manieth return this is."""

    of: str
    count: Annotated[int, Field(ge=1)]


class Roles(Part):
    """Who answers for a case, who reviews, who approves corrections, who finds out why."""

    owner: Person | None = None
    reviewer: Person | None = None
    approver: Person | None = None
    investigator: Person | None = None

    def over(self, other: "Roles") -> "Roles":
        """These, and the other's where these name nobody."""
        mine = {name: value for name, value in self.model_dump().items() if value is not None}
        return other.model_copy(update=mine)


class Case(Entity):
    """Changed by people and by rules; a run's rules change its state, never what people wrote."""

    record: ClassVar[str] = "case"
    audited: ClassVar[bool] = True

    id: str
    subject: Subject
    state: CaseState = CaseState.OPEN
    roles: Roles = Roles()
    resolution: Resolution | None = None
    accepted: Accepted | None = None
    recurrence: Recurrence | None = None
    opened_at: Instant
    opened_by: str
    changed_at: Instant
    changed_by: str
    said: str = ""
    """What a rule last had to say of it."""

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.id,)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        if self.state is not CaseState.ACCEPTED or self.accepted is None:
            return None
        return ("cases", self.accepted.expires_at)


class Docket(Entity):
    """The one case that counts for a subject, and what a run must know to look after it.

    Written with its case, so that a subject never has two; forgotten when its case has ended
    longer ago than the window. `since`: nothing captured before it says anything about the case.
    `gone_at`: the capture that confirmed that the difference had gone.
    """

    record: ClassVar[str] = "docket"
    audited: ClassVar[bool] = False

    subject: Subject
    case: str
    state: CaseState
    owner: str | None = None
    since: Instant
    cause: str = ""
    gap: int | None = None
    expires_at: Instant | None = None
    gone_at: Instant | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        return (*self.subject.place, self.subject.what)


class Comment(Entity):
    """What somebody said about a case; never changed."""

    record: ClassVar[str] = "comment"
    audited: ClassVar[bool] = True

    case: str
    id: str
    text: Annotated[str, StringConstraints(min_length=1, max_length=4000)]
    by: str
    at: Instant

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.case, self.id)

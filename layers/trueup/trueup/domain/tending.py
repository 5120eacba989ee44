"""What a new capture means for a case. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from trueup.domain.accounts import Entity, Slug
from trueup.domain.cases import RECURRENCE_WINDOW, RESOLVED_GRACE, CaseState, Docket, SubjectKind
from trueup.domain.time import Instant


class Step(StrEnum):
    """What is to be done with a case after a capture."""

    NOTHING = "nothing"
    CLOSE = "close"
    CONFIRM = "confirm"
    """It was resolved, and the difference has gone."""
    REOPEN = "reopen"
    RECUR = "recur"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Found:
    """How a subject stands in the newest version of its location.

    `waiting`: rows that differ and are not accepted (for a row: 0 or 1); `accepted`: rows of an
    incident that its acceptance covers. `passing`: the difference settles by itself. `push`: the
    id of the push after which it was found so, if it was.
    """

    captured_at: datetime
    waiting: int
    accepted: int = 0
    gap: int | None = None
    cause: str = ""
    passing: bool = False
    push: str = ""


def step(docket: Docket, found: Found, now: datetime) -> Step:
    """What follows for a case. What was captured before it last changed says nothing."""
    if docket.state is CaseState.ACCEPTED and docket.expires_at and now >= docket.expires_at:
        return Step.REOPEN
    if found.captured_at <= docket.since or found.passing:
        return Step.NOTHING
    if docket.state is CaseState.RESOLVED:
        return _ended(docket, found)
    if not found.waiting and not found.accepted:
        return Step.CLOSE
    if docket.state is CaseState.ACCEPTED and _changed(docket, found):
        return Step.REOPEN
    return Step.NOTHING


def _changed(docket: Docket, found: Found) -> bool:
    """Whether an accepted difference is another one now."""
    if docket.subject.kind is SubjectKind.INCIDENT:
        return found.waiting > 0
    return found.gap != docket.gap


def _ended(docket: Docket, found: Found) -> Step:
    if found.captured_at > docket.since + RECURRENCE_WINDOW:
        return Step.FORGET
    if not found.waiting:
        return Step.CONFIRM if docket.gone_at is None else Step.NOTHING
    if docket.gone_at is not None:
        return Step.RECUR
    late = found.captured_at > docket.since + RESOLVED_GRACE
    return Step.REOPEN if late else Step.NOTHING


class Tending(Entity):
    """A run has ended whose cases are still to be looked after; made in the same transaction.

    So it is not lost, whoever dies: what the run's last step does not do, the sweeper does.
    `places`: how many of the run's locations have been done.
    """

    record: ClassVar[str] = "tending"
    audited: ClassVar[bool] = False

    account: Slug
    run: str
    due_at: Instant
    places: int = 0

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.run)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return ("tending", self.due_at)


class Sighting(Entity):
    """Since when a cause has been found at a location without a break."""

    record: ClassVar[str] = "sighting"
    audited: ClassVar[bool] = False

    account: Slug
    location: str
    cause: str
    first_seen: Instant
    run: str

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.location, self.cause)

"""Writing cases with their dockets: what people and rules have in common."""

from dataclasses import dataclass
from datetime import datetime

from trueup.domain.cases import (
    RECURRENCE_WINDOW,
    Case,
    CaseState,
    Docket,
    Recurrence,
    Roles,
    Subject,
)
from trueup.domain.errors import ConflictError, NotFoundError
from trueup.domain.time import Clock, NewId
from trueup.ports import Create, PageStore, Registry, Replace, Stored
from trueup.usecases.exceptions.subjects import Seen


@dataclass(frozen=True)
class Cabinet:
    """What working on a seller's cases needs; `user` is who works, ``rule:…`` for a rule."""

    registry: Registry
    pages: PageStore
    clock: Clock
    new_id: NewId
    user: str


def require_case(registry: Registry, id_: str) -> Stored[Case]:
    found = registry.get(Case, id_)
    if found is None:
        raise NotFoundError("There is no such case.")
    return found


def file_case(
    cabinet: Cabinet,
    subject: Subject,
    roles: Roles,
    seen: Seen,
    before: Stored[Docket] | None,
    said: str = "",
) -> Stored[Case]:
    """Write a case and its docket. ConflictError: the subject has a case that counts."""
    if before is not None and before.value.state is not CaseState.RESOLVED:
        raise ConflictError(f"There is a case about this already: {before.value.case}.")
    now = cabinet.clock()
    case = Case(
        id=cabinet.new_id(),
        subject=subject,
        state=waiting_state(roles),
        roles=roles,
        recurrence=_recurrence(cabinet.registry, before, now),
        opened_at=now,
        opened_by=cabinet.user,
        changed_at=now,
        changed_by=cabinet.user,
        said=said,
    )
    cabinet.registry.write(Create(case), docketing(case, before, seen))
    return Stored(case, 1)


def waiting_state(roles: Roles) -> CaseState:
    return CaseState.ASSIGNED if roles.owner else CaseState.OPEN


def docketing(
    case: Case, before: Stored[Docket] | None, seen: Seen | None = None
) -> Create | Replace:
    """The write that makes a subject's docket say what its case says."""
    known = before.value if before is not None and before.value.case == case.id else None
    docket = Docket(
        subject=case.subject,
        case=case.id,
        state=case.state,
        owner=case.roles.owner,
        since=case.changed_at if _moved(known, case) or known is None else known.since,
        cause=seen.cause if seen else (known.cause if known else ""),
        gap=case.accepted.gap if case.accepted else None,
        expires_at=case.accepted.expires_at if case.accepted else None,
        gone_at=known.gone_at if known and not _moved(known, case) else None,
    )
    return Create(docket) if before is None else Replace(docket, before.version)


def _moved(known: Docket | None, case: Case) -> bool:
    """Whether a case came to another state: being assigned is none to a run."""
    return known is None or (
        known.state is not case.state and not (known.state.waits and case.state.waits)
    )


def _recurrence(
    registry: Registry, before: Stored[Docket] | None, now: datetime
) -> Recurrence | None:
    if before is None or now > before.value.since + RECURRENCE_WINDOW:
        return None
    earlier = registry.get(Case, before.value.case)
    known = earlier.value.recurrence if earlier else None
    return Recurrence(of=before.value.case, count=known.count + 1 if known else 1)


def docket_of(registry: Registry, case: Case) -> Stored[Docket] | None:
    """The docket of its subject, None where it was forgotten. ConflictError: a newer case's."""
    docket = registry.get(Docket, *case.subject.place, case.subject.what)
    if docket is not None and docket.value.case != case.id:
        raise ConflictError(f"There is a newer case about this: {docket.value.case}.")
    return docket

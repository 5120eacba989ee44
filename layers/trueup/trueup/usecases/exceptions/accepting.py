"""Accepting a difference: a row's gap, or all rows of an incident at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from trueup.domain.acceptances import MAX_ACCEPTANCES, Acceptance
from trueup.domain.cases import (
    LONGEST_ACCEPTANCE,
    Accepted,
    Case,
    CaseState,
    Docket,
    Roles,
    Subject,
    SubjectKind,
)
from trueup.domain.errors import ConflictError, Fault, RejectedError
from trueup.ports import Create, Registry, Replace, Stored, Write
from trueup.usecases.exceptions.accepted import acceptances_of
from trueup.usecases.exceptions.cases import change_case, open_case
from trueup.usecases.exceptions.filing import Cabinet, require_case
from trueup.usecases.exceptions.incidents import Incident, require_incident
from trueup.usecases.exceptions.subjects import look


@dataclass(frozen=True, slots=True)
class Terms:
    """What somebody accepts, and until when. `gap`, `rows_version`: what they saw."""

    note: str
    expires_at: datetime
    gap: int | None = None
    rows_version: int | None = None


def accept_case(cabinet: Cabinet, id_: str, version: int, terms: Terms) -> Stored[Case]:
    """Live with a case's difference until it changes or the time is up.

    ConflictError: it is another one now than the person saw; RejectedError: the time is wrong.
    """
    subject = require_case(cabinet.registry, id_).value.subject
    _check_time(terms, cabinet.clock())
    _refuse_source(subject)
    if subject.kind is SubjectKind.INCIDENT:
        return _accept_rows(cabinet, id_, version, subject, terms)
    seen = look(cabinet.registry, cabinet.pages, subject, cabinet.clock())
    if seen.gap != terms.gap:
        what = "The row has a gap: name it" if terms.gap is None else "The row has another gap now"
        raise ConflictError(f"{what}; look at it again.")
    return change_case(cabinet, id_, version, _accepting(cabinet, terms, terms.gap))


def accept_incident(cabinet: Cabinet, subject: Subject, terms: Terms) -> Stored[Case]:
    """Accept all rows that an incident has now; it gets a case if it has none.

    ConflictError: a newer comparison than the one the person saw is visible.
    """
    incident = require_incident(cabinet.registry, subject, cabinet.clock())
    _check_time(terms, cabinet.clock())
    _refuse_source(subject)
    _check_seen(incident, terms)
    docket = cabinet.registry.get(Docket, *subject.place, subject.what)
    if docket is None or docket.value.state is CaseState.RESOLVED:
        case = open_case(cabinet, subject, Roles())
    else:
        case = require_case(cabinet.registry, docket.value.case)
    return _accept_rows(cabinet, case.value.id, case.version, subject, terms)


def _refuse_source(subject: Subject) -> None:
    """What a source states otherwise is accepted SKU by SKU: the next statement makes it true."""
    if subject.account is None and subject.cause is not None:
        reason = "accept single SKUs, or resolve it: from its statement on, the source is believed"
        raise RejectedError("A source's incident is not accepted.", (Fault("/subject", reason),))


def _accept_rows(
    cabinet: Cabinet, id_: str, version: int, subject: Subject, terms: Terms
) -> Stored[Case]:
    incident = require_incident(cabinet.registry, subject, cabinet.clock())
    _check_seen(incident, terms)
    _check_room(cabinet, subject)
    alter = _accepting(cabinet, terms, None)
    return change_case(
        cabinet, id_, version, alter, lambda case: [_pinning(cabinet.registry, incident, case)]
    )


def _accepting(cabinet: Cabinet, terms: Terms, gap: int | None) -> Callable[[Case], Case]:
    def alter(case: Case) -> Case:
        if case.state is CaseState.RESOLVED:
            raise ConflictError("This case is resolved.")
        accepted = Accepted(
            gap=gap,
            note=terms.note,
            expires_at=terms.expires_at,
            by=cabinet.user,
            at=case.changed_at,
        )
        return case.model_copy(update={"state": CaseState.ACCEPTED, "accepted": accepted})

    return alter


def _pinning(registry: Registry, incident: Incident, case: Case) -> Write:
    """The write of the acceptance; it takes the place of an earlier one of the same cause."""
    accepted, head = case.accepted, incident.place.head
    if accepted is None:
        raise ConflictError("This case is not accepted.")
    acceptance = Acceptance(
        account=incident.place.account,
        location=incident.place.location,
        cause=incident.group.cause,
        book=head.book,
        version=head.version,
        manifest=head.manifest,
        rows=incident.group.rows + incident.accepted_rows,
        note=accepted.note,
        expires_at=accepted.expires_at,
        by=accepted.by,
        at=accepted.at,
        case=case.id,
    )
    before = registry.get(Acceptance, *acceptance.identity)
    return Create(acceptance) if before is None else Replace(acceptance, before.version)


def _check_time(terms: Terms, now: datetime) -> None:
    if now < terms.expires_at <= now + LONGEST_ACCEPTANCE:
        return
    reason = f"must be ahead, by at most {LONGEST_ACCEPTANCE.days} days"
    raise RejectedError("It cannot be accepted like this.", (Fault("/expires_at", reason),))


def _check_seen(incident: Incident, terms: Terms) -> None:
    newest = incident.place.head.version
    if terms.rows_version is None:
        fault = Fault("/rows_version", "is missing: the incident's, as you saw it")
        raise RejectedError("It cannot be accepted like this.", (fault,))
    if terms.rows_version != newest:
        reason = f"A newer comparison is visible, version {newest}; look at it first."
        raise ConflictError(reason)


def _check_room(cabinet: Cabinet, subject: Subject) -> None:
    known = acceptances_of(
        cabinet.registry, subject.account or "", subject.location, cabinet.clock()
    )
    if len([a for a in known if a.cause != subject.what]) >= MAX_ACCEPTANCES:
        reason = f"this location has {MAX_ACCEPTANCES} acceptances"
        raise RejectedError("There are too many acceptances here.", (Fault("/", reason),))

"""Cases, as people change them. Every change names the version that the person saw."""

from collections.abc import Callable, Mapping
from typing import Any

from trueup.domain.accounts import Location
from trueup.domain.cases import (
    MAX_CASES,
    Case,
    CaseState,
    Comment,
    Docket,
    Resolution,
    Roles,
    RootCause,
    Subject,
    SubjectKind,
)
from trueup.domain.cause_words import SENTENCES, VARIANCES
from trueup.domain.errors import ConflictError, Fault, RejectedError
from trueup.ports import Create, Ledger, Registry, Replace, Stored, Write
from trueup.usecases.exceptions.accepted import withdrawing
from trueup.usecases.exceptions.filing import (
    Cabinet,
    docket_of,
    docketing,
    file_case,
    require_case,
    waiting_state,
)
from trueup.usecases.exceptions.known_skus import UNKNOWN_SKU, is_known
from trueup.usecases.exceptions.subjects import look
from trueup.usecases.retrying import retried
from trueup.usecases.whole import all_of

ROOT_CAUSES = tuple(dict.fromkeys((*(c.value for c in RootCause), *SENTENCES, *VARIANCES)))
"""What a case may be resolved with: what people find, or a cause of the explanation."""


def require_known(cabinet: Cabinet, ledger: Ledger, subject: Subject) -> None:
    """RejectedError: the subject is a SKU of a source, and the seller has no such SKU."""
    registry, location = cabinet.registry, subject.location
    if subject.kind is not SubjectKind.SOURCE or subject.cause is not None:
        return
    if registry.get(Location, location) is None:
        return  # `open_case` says so
    if not is_known(registry, cabinet.pages, ledger, location, subject.what):
        fault = Fault("/subject/sku", UNKNOWN_SKU)
        raise RejectedError("There can be no case about this SKU.", (fault,))


def open_case(cabinet: Cabinet, subject: Subject, roles: Roles) -> Stored[Case]:
    """A new case about something that differs now.

    NotFoundError: there is no such incident, row or location; ConflictError: it has a case that
    counts; RejectedError: the row matches, or the location has too many cases.
    """
    seen = look(cabinet.registry, cabinet.pages, subject, cabinet.clock())
    before = cabinet.registry.get(Docket, *subject.place, subject.what)
    _require_room(cabinet.registry, subject)
    return file_case(cabinet, subject, roles, seen, before)


def _require_room(registry: Registry, subject: Subject) -> None:
    if sum(1 for _ in all_of(registry, Docket, *subject.place)) >= MAX_CASES:
        reason = f"this location has {MAX_CASES} cases about single rows; resolve some"
        raise RejectedError("There are too many cases here.", (Fault("/subject", reason),))


def change_case(
    cabinet: Cabinet,
    id_: str,
    version: int,
    alter: Callable[[Case], Case],
    also: Callable[[Case], list[Write]] = lambda _: [],
) -> Stored[Case]:
    """Change a case as the person saw it at `version`, with its docket and what else belongs.

    ConflictError: somebody changed it meanwhile, or a newer case is about the same.
    """

    def once() -> Stored[Case]:
        stored = require_case(cabinet.registry, id_)
        if stored.version != version:
            reason = f"This case was changed meanwhile; it is at version {stored.version}."
            raise ConflictError(reason)
        now, user = cabinet.clock(), cabinet.user
        stamped = {"changed_at": now, "changed_by": user, "said": ""}
        changed = alter(stored.value.model_copy(update=stamped))
        docket = docket_of(cabinet.registry, stored.value)
        writes = [Replace(changed, version), docketing(changed, docket), *also(changed)]
        cabinet.registry.write(*writes)
        return Stored(changed, version + 1)

    return retried(once)


def assign(cabinet: Cabinet, id_: str, version: int, fields: Mapping[str, Any]) -> Stored[Case]:
    """Set people of a case: None takes one off, what is absent stays."""

    def alter(case: Case) -> Case:
        roles = Roles.model_validate({**case.roles.model_dump(), **fields})
        state = waiting_state(roles) if case.state.waits else case.state
        return case.model_copy(update={"roles": roles, "state": state})

    return change_case(cabinet, id_, version, alter)


def resolve(
    cabinet: Cabinet, id_: str, version: int, *, root_cause: str, text: str
) -> Stored[Case]:
    """End a case with what was behind it. RejectedError: that is no root cause."""
    if root_cause not in ROOT_CAUSES:
        reason = f"must be one of {', '.join(ROOT_CAUSES)}"
        raise RejectedError("A case needs a root cause.", (Fault("/root_cause", reason),))

    def alter(case: Case) -> Case:
        _require(case, CaseState.OPEN, CaseState.ASSIGNED, CaseState.ACCEPTED)
        resolution = Resolution(
            root_cause=root_cause, text=text, by=cabinet.user, at=case.changed_at
        )
        ended = {"state": CaseState.RESOLVED, "resolution": resolution, "accepted": None}
        return case.model_copy(update=ended)

    return change_case(
        cabinet, id_, version, alter, lambda case: withdrawing(cabinet.registry, case)
    )


def reopen(cabinet: Cabinet, id_: str, version: int) -> Stored[Case]:
    """Take back that a case was resolved, or its difference accepted.

    Also where the case waits for new rows of its incident while others are still accepted.
    """

    def alter(case: Case) -> Case:
        if not withdrawing(cabinet.registry, case):
            _require(case, CaseState.RESOLVED, CaseState.ACCEPTED)
        return reopened(case)

    return change_case(
        cabinet, id_, version, alter, lambda case: withdrawing(cabinet.registry, case)
    )


def reopened(case: Case) -> Case:
    waits = {"state": waiting_state(case.roles), "resolution": None, "accepted": None}
    return case.model_copy(update=waits)


def _require(case: Case, *states: CaseState) -> None:
    if case.state not in states:
        raise ConflictError(f"This case is {case.state.value}.")


def say(cabinet: Cabinet, id_: str, text: str) -> Comment:
    """A comment on a case, in whatever state it is."""
    require_case(cabinet.registry, id_)
    comment = Comment(case=id_, id=cabinet.new_id(), text=text, by=cabinet.user, at=cabinet.clock())
    cabinet.registry.write(Create(comment))
    return comment

"""Carrying out what a capture means for a case (`domain.tending.step`)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from trueup.domain.cases import Case, CaseState, Docket, Resolution, Roles, SubjectKind
from trueup.domain.errors import DefectError
from trueup.domain.exceptions import UNEXPLAINED
from trueup.domain.routing import RoutingRule, rule_for
from trueup.domain.tending import Found, Step, step
from trueup.ports import Remove, Replace, Stored
from trueup.usecases.exceptions.accepted import withdrawing
from trueup.usecases.exceptions.cases import reopened
from trueup.usecases.exceptions.filing import Cabinet, docketing, file_case
from trueup.usecases.exceptions.subjects import Seen
from trueup.usecases.exceptions.visible import Place

EXPIRED = "The time for which it was accepted is up."
CHANGED = "The gap is another one than was accepted."
NEW_ROWS = "{} rows have another gap than was accepted, or are new."
STAYED = "It still differed after it was resolved."
BACK = "It is back after it had gone."
MATCHES = "It matches again."
PUSHED = "It matches again: push {} was read back."


def take_step(
    cabinet: Cabinet,
    place: Place | None,
    docket: Stored[Docket],
    found: Found,
    rules: Sequence[RoutingRule],
) -> None:
    """Do with one case what follows. ConflictError: somebody changed it meanwhile."""
    match step(docket.value, found, cabinet.clock()):
        case Step.CLOSE:
            _close(cabinet, docket, found)
        case Step.CONFIRM:
            _note(cabinet, docket, gone_at=found.captured_at)
        case Step.REOPEN:
            _reopen(cabinet, docket, found)
        case Step.RECUR:
            _recur(cabinet, place, docket, found, rules)
        case Step.FORGET:
            cabinet.registry.write(Remove(docket.value, docket.version))
        case Step.NOTHING:
            _keep_cause(cabinet, docket, found)


def _case(cabinet: Cabinet, docket: Stored[Docket]) -> Stored[Case]:
    stored = cabinet.registry.get(Case, docket.value.case)
    if stored is None:
        raise DefectError(f"The case {docket.value.case} is missing.")
    return stored


def _note(cabinet: Cabinet, docket: Stored[Docket], **fields: Any) -> None:
    noted = docket.value.model_copy(update=fields)
    cabinet.registry.write(Replace(noted, docket.version))


def _keep_cause(cabinet: Cabinet, docket: Stored[Docket], found: Found) -> None:
    """The last cause is what a case that closes by itself is closed with."""
    if docket.value.state is not CaseState.RESOLVED and found.cause not in ("", docket.value.cause):
        _note(cabinet, docket, cause=found.cause)


def _close(cabinet: Cabinet, docket: Stored[Docket], found: Found) -> None:
    stored, cause = _case(cabinet, docket), docket.value.cause
    now = cabinet.clock()
    known = "unknown" if cause in ("", UNEXPLAINED) else cause
    said = PUSHED.format(found.push) if found.push else MATCHES
    resolution = Resolution(root_cause=known, text=said, by=cabinet.user, at=now)
    ended = stored.value.model_copy(
        update={
            "state": CaseState.RESOLVED,
            "resolution": resolution,
            "accepted": None,
            **_stamp(cabinet, now, said),
        }
    )
    kept = docketing(ended, docket)
    gone = kept.entity.model_copy(update={"gone_at": found.captured_at})
    cabinet.registry.write(
        Replace(ended, stored.version),
        Replace(gone, docket.version),
        *withdrawing(cabinet.registry, ended),
    )


def _reopen(cabinet: Cabinet, docket: Stored[Docket], found: Found) -> None:
    write_reopened(cabinet, _case(cabinet, docket), docket, _why(docket.value, found, cabinet))


def write_reopened(
    cabinet: Cabinet, stored: Stored[Case], docket: Stored[Docket], why: str
) -> None:
    """A case waits again. What else of its incident is accepted stays so, unless it expired."""
    again = reopened(stored.value).model_copy(update=_stamp(cabinet, cabinet.clock(), why))
    ended = withdrawing(cabinet.registry, again) if why == EXPIRED else []
    cabinet.registry.write(Replace(again, stored.version), docketing(again, docket), *ended)


def _stamp(cabinet: Cabinet, now: datetime, said: str) -> dict[str, Any]:
    return {"changed_at": now, "changed_by": cabinet.user, "said": said}


def _why(docket: Docket, found: Found, cabinet: Cabinet) -> str:
    if docket.state is CaseState.RESOLVED:
        return STAYED
    if docket.expires_at is not None and cabinet.clock() >= docket.expires_at:
        return EXPIRED
    many = docket.subject.kind is SubjectKind.INCIDENT
    return NEW_ROWS.format(found.waiting) if many else CHANGED


def _recur(
    cabinet: Cabinet,
    place: Place | None,
    docket: Stored[Docket],
    found: Found,
    rules: Sequence[RoutingRule],
) -> None:
    """A new case, with the people whom a rule names, and those of the case before."""
    before = _case(cabinet, docket).value
    roles = _routed(place, before, rules).over(before.roles)
    seen = Seen(place, found.cause, found.gap)
    file_case(cabinet, before.subject, roles, seen, docket, BACK)


def _routed(place: Place | None, before: Case, rules: Sequence[RoutingRule]) -> Roles:
    cause = before.subject.cause
    group = place.group(cause) if place and cause else None
    if group is None:
        return Roles()
    rule = rule_for(rules, before.subject, group)
    return rule.roles if rule else Roles()

"""What becomes due by itself: runs' cases, acceptances that expire, adjustments on their way.

Run for all sellers on a schedule, and for one run once it has ended: so many that end together do
not all look after the same. What one call does not come to, the next one does.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from trueup.domain.adjustments import Adjustment
from trueup.domain.cases import Case, CaseState
from trueup.domain.errors import ConflictError, DefectError, RetryLaterError
from trueup.domain.tending import Tending
from trueup.domain.time import Clock
from trueup.domain.variances import VarianceTending
from trueup.ports import Appointment, Ledger, Registries
from trueup.usecases.exceptions.adjusting import Post
from trueup.usecases.exceptions.applying import RULE, attend_adjustment
from trueup.usecases.exceptions.filing import Cabinet, docket_of
from trueup.usecases.exceptions.source_tending import tend_source
from trueup.usecases.exceptions.stepping import EXPIRED, write_reopened
from trueup.usecases.exceptions.tending import ACTOR, tend

AGENDAS = ("tending", "cases", "adjustments")
LEAST_MS = 60_000
"""Nothing is begun unless the Lambda may still run for so long."""


@dataclass(frozen=True)
class Office:
    """`cabinet_of`, `post_of`: of a seller, as a rule (``rule:…``) changes things."""

    registries: Registries
    cabinet_of: Callable[[str, str], Cabinet]
    post_of: Callable[[str], Post]
    ledger_of: Callable[[str], Ledger]
    clock: Clock


@dataclass(frozen=True, slots=True)
class Attended:
    """How many things were looked at, were done, are left for the next call, and could not be read.

    Where the time is up, what nobody came to counts as one that is left.
    """

    due: int
    done: int
    left: int
    broken: int

    def require_sound(self) -> None:
        """DefectError where something was broken: an alarm is to tell of it."""
        if self.broken:
            raise DefectError(f"{self.broken} cases or adjustments could not be attended to.")


def attend(
    office: Office, remaining_ms: Callable[[], int], event: Mapping[str, Any] | None = None
) -> Attended:
    """Attend to all that is due, or to the run that an event tells the end of, as far as the time
    allows. One that is broken keeps nobody else waiting, who may be another seller.
    """

    def in_time() -> bool:
        return remaining_ms() >= LEAST_MS

    verdicts: list[str] = []
    for appointment in _appointments(office, event or {}):
        if not in_time():
            verdicts.append("left")
            break
        verdicts.append(_attend(office, appointment, in_time))
    return Attended(len(verdicts), *map(verdicts.count, ("done", "left", "broken")))


def _appointments(office: Office, event: Mapping[str, Any]) -> Iterator[Appointment]:
    """One of each agenda in turn, so that none keeps the others waiting."""
    told: Mapping[str, str] = event.get("detail") or {}
    seller, run = told.get("seller"), told.get("run")
    if seller and run:
        identity = (told.get("account", ""), run)
        yield Appointment(seller, Tending.record, identity, office.clock())
        return
    until = office.clock()
    agendas = [iter(office.registries.due(agenda, until, None)) for agenda in AGENDAS]
    for together in zip_longest(*agendas):
        yield from (one for one in together if one is not None)


def _attend(office: Office, appointment: Appointment, in_time: Callable[[], bool]) -> str:
    try:
        return "done" if _did(office, appointment, in_time) else "left"
    except (ConflictError, RetryLaterError):
        return "left"  # somebody else is at it
    except DefectError:
        return "broken"


def _did(office: Office, appointment: Appointment, in_time: Callable[[], bool]) -> bool:
    seller, identity = appointment.seller, appointment.identity
    match appointment.kind:
        case Tending.record:
            return tend(office.cabinet_of(seller, ACTOR), identity[0], identity[1], in_time)
        case VarianceTending.record:
            return tend_source(
                office.cabinet_of(seller, ACTOR), office.ledger_of(seller), identity[0]
            )
        case Case.record:
            return expire(office.cabinet_of(seller, ACTOR), identity[0])
        case Adjustment.record:
            cabinet = office.cabinet_of(seller, RULE)
            return attend_adjustment(cabinet, office.post_of(seller), identity[0])
    return False


def expire(cabinet: Cabinet, id_: str) -> bool:
    """Reopen a case whose acceptance is up; whether it was."""
    stored = cabinet.registry.get(Case, id_)
    if stored is None or stored.value.state is not CaseState.ACCEPTED:
        return False
    accepted = stored.value.accepted
    if accepted is None or cabinet.clock() < accepted.expires_at:
        return False
    docket = docket_of(cabinet.registry, stored.value)
    if docket is None:
        raise DefectError(f"The case {id_} has no docket.")
    write_reopened(cabinet, stored, docket, EXPIRED)
    return True

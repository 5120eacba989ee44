"""Choosing pushes in Error that are to be tried again: by their ids, or all that fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from trueup.domain.accounts import Account
from trueup.domain.errors import Fault, RejectedError
from trueup.domain.force import MAX_LOCATIONS, PlanKind
from trueup.domain.pushlog import PushStatus
from trueup.domain.repeats import MAX_RETRIED
from trueup.ports import Registry
from trueup.usecases.force.log import find_pushes, scan_within
from trueup.usecases.force.log_filters import LogFilters
from trueup.usecases.force.log_rows import LogRow
from trueup.usecases.whole import all_of

CHUNKS = 3_000
"""That a filter may lead through: one request has to be able to read them."""

_DETAIL = "These pushes cannot be retried."


@dataclass
class Choice:
    """Pushes of one account by place and key, and all that is wrong with them."""

    rows: dict[tuple[str, str], LogRow] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def add(self, where: str, found: LogRow) -> None:
        place = (found.chunk.channel_location, found.row.key)
        reason = why_not(found)
        if reason is None and place in self.rows:
            reason = f"is of the same row as {self.rows[place].id}; retry the later one"
        if reason is None:
            self.rows[place] = found
        else:
            self.faults.append(Fault(where, reason))

    @property
    def checked(self) -> list[LogRow]:
        """The pushes by place and key. RejectedError with all faults."""
        places = {place for place, _ in self.rows}
        if len(places) > MAX_LOCATIONS:
            reason = f"these are of {len(places)} locations; a plan has at most {MAX_LOCATIONS}"
            self.faults.append(Fault("", reason))
        if self.faults:
            raise RejectedError(_DETAIL, tuple(self.faults))
        return [row for _, row in sorted(self.rows.items())]


def why_not(found: LogRow) -> str | None:
    """What is in the way of retrying a push; None: nothing."""
    if found.status is not PushStatus.ERROR:
        return f"is not in Error: it is {found.status}"
    if found.row.retried_by:
        return f"was retried already, by plan {found.row.retried_by}"
    if found.plan.kind is PlanKind.UNDO:
        return "is of an undo, whose quantity is not computed anew; undo the plan again instead"
    return None


def chosen(registry: Registry, account: Account, ids: Sequence[str]) -> list[LogRow]:
    """The pushes of these ids. RejectedError: with a fault for each that cannot be retried."""
    choice, found = Choice(), find_pushes(registry, account, ids)
    owners = _owners(registry, account, [id_ for id_ in ids if id_ not in found])
    for index, id_ in enumerate(ids):
        where = f"/pushes/{index}"
        if id_ in found:
            choice.add(where, found[id_])
        elif id_ in owners:
            other = f"is a push of account {owners[id_]}; retry each account's by itself"
            choice.faults.append(Fault(where, other))
        else:
            choice.faults.append(Fault(where, "is not a push that we know"))
    return choice.checked


def _owners(registry: Registry, account: Account, ids: Sequence[str]) -> dict[str, str]:
    """Of pushes of the seller's other accounts, by id, whose they are."""
    others = (s.value for s in all_of(registry, Account) if ids and s.value.id != account.id)
    return {id_: other.id for other in others for id_ in find_pushes(registry, other, ids)}


def fitting(registry: Registry, filters: LogFilters) -> list[LogRow]:
    """All pushes in Error that fit, of each row the latest.

    RejectedError: there is none, or more than one retry takes.
    """
    choice, among = Choice(), replace(filters, statuses=(PushStatus.ERROR,), retried=False)
    for found in _all(registry, among):
        place = (found.chunk.channel_location, found.row.key)
        if place not in choice.rows and why_not(found) is None:
            choice.rows[place] = found
        if len(choice.rows) > MAX_RETRIED:
            raise _refused(f"mean more than {MAX_RETRIED} pushes: choose a plan or shorter dates")
    if not choice.rows:
        raise _refused("mean no push that is in Error and was not retried yet")
    return choice.checked


def _all(registry: Registry, filters: LogFilters) -> Iterator[LogRow]:
    for found in scan_within(registry, filters, CHUNKS):
        if found is None:
            raise _refused("lead through too many pushes: choose a plan or shorter dates")
        yield found


def _refused(reason: str) -> RejectedError:
    return RejectedError(_DETAIL, (Fault("/errors", reason),))

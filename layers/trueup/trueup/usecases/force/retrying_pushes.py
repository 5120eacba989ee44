"""Pushes in Error are tried again: a plan of their rows, computed anew."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from trueup.domain.accounts import Account
from trueup.domain.force import ForcePlan, PlanKind
from trueup.domain.pushes import UNREAD
from trueup.domain.pushlog import PushOutcome, PushRow
from trueup.domain.repeats import ROWS_AN_ITEM, RetriedRow, RetriedRows, packed_rows
from trueup.domain.time import NewId
from trueup.ports import Create, Machines, Registry
from trueup.usecases.force.failed import chosen, fitting
from trueup.usecases.force.log_filters import LogFilters
from trueup.usecases.force.log_rows import LogRow
from trueup.usecases.force.proposing import Proposal, begun, check_forcible, payload
from trueup.usecases.runs import require_account
from trueup.usecases.work import Work


@dataclass(frozen=True, slots=True)
class Again:
    """What is to be tried again of one account: pushes by their ids, or all that fit."""

    account: str
    by: str
    pushes: Sequence[str] = ()
    locations: tuple[str, ...] = ()
    plan: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def rows(self, registry: Registry, account: Account) -> list[LogRow]:
        """RejectedError with all faults."""
        if self.pushes:
            return chosen(registry, account, self.pushes)
        filters = LogFilters(
            accounts=(self.account,),
            locations=self.locations,
            plan=self.plan,
            since=self.since,
            until=self.until,
        )
        return fitting(registry, filters)


def retry_pushes(work: Work, machines: Machines, new_id: NewId, again: Again) -> ForcePlan:
    """Begin to make the plan of a retry; nothing is claimed or sent by it.

    NotFoundError: no such account; UnsupportedError, ConflictError: it cannot be forced now;
    RejectedError: with a fault for each push that cannot be retried.
    """
    account = require_account(work.registry, again.account).value
    check_forcible(account)
    rows = again.rows(work.registry, account)
    locations = list(dict.fromkeys(row.chunk.channel_location for row in rows))
    asked = begun(work, new_id, account, Proposal(account.id, locations, again.by))
    plan = asked.model_copy(update={"kind": PlanKind.RETRY})
    work.registry.write(Create(plan), *map(Create, _stored(plan, rows)))
    machines.start("plan_force", plan.id, payload(work.seller, plan))
    return plan


def _stored(plan: ForcePlan, rows: Sequence[LogRow]) -> Iterator[RetriedRows]:
    """The rows as planning reads them, by location and key."""
    places: dict[str, list[RetriedRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.row.key):
        places[row.chunk.channel_location].append(_retried(row))
    for location, mine in places.items():
        for number, start in enumerate(range(0, len(mine), ROWS_AN_ITEM)):
            yield RetriedRows(
                account=plan.account,
                plan=plan.id,
                channel_location=location,
                number=number,
                created_at=plan.proposed_at,
                rows=packed_rows(mine[start : start + ROWS_AN_ITEM]),
            )


def _retried(found: LogRow) -> RetriedRow:
    row = found.row
    shown = _last_seen(row)
    return RetriedRow(row.key, found.id, row.attempts + 1, shown, row.done_at)


def _last_seen(row: PushRow) -> int:
    """What the channel showed when the push ended; `UNREAD`: nobody looked."""
    if row.after != UNREAD or row.outcome == PushOutcome.UNVERIFIED:
        return row.after
    return row.before

"""Making a plan, in turns: each row of its scope by the ledger as it stands now.

A turn makes some rows at a time, stores them as pages named by their content, and notes how far it
has come by one conditional write. So whoever dies is taken up where it stood, two at once make one
plan, and what it takes in memory does not grow with the plan.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal

from trueup.domain.errors import ConflictError, NotFoundError
from trueup.domain.force import ForcePlan, PlanKind, PlanPlace, PlanState
from trueup.domain.runs import Head
from trueup.ports import Create, Replace, Stored
from trueup.usecases.books import rows_book
from trueup.usecases.force.again import Retried
from trueup.usecases.force.first_force import MostUrgent, is_first, limited
from trueup.usecases.force.making import made_rows, visible_at
from trueup.usecases.force.planning_job import (
    Begun,
    PlanJob,
    Planning,
    added,
    plan_of,
    planned_reader,
)
from trueup.usecases.force.proposed import propose
from trueup.usecases.force.settings import settings_of
from trueup.usecases.force.targets import Scoped, Targets
from trueup.usecases.force.undone import Undone
from trueup.usecases.runs import require_account
from trueup.usecases.work import Work

BATCH = 10_000
"""Rows that are made, and held in memory, at a time."""

LEAST_MS = 60_000
"""No batch is begun with less time left."""

Remaining = Callable[[], int]
Kind = Callable[[Work, ForcePlan], Targets]


KINDS: dict[PlanKind, Kind] = {
    PlanKind.FORCE: lambda _, plan: Scoped(plan.scope),
    PlanKind.RETRY: lambda work, plan: Retried(work.registry, plan),
    PlanKind.UNDO: lambda work, plan: Undone(work.registry, plan),
}
"""Where the rows of each kind of plan come from."""


@dataclass(frozen=True, slots=True)
class Turned:
    """How a turn ended; the state machine's Choice goes by `state`."""

    state: Literal["more", "ended"]


def plan_force(work: Work, job: PlanJob, remaining: Remaining, batch: int = BATCH) -> Turned:
    """Go on with a plan until it is proposed, or the time is used up.

    NotFoundError: the account, or a location's rows, are gone; RetryLaterError: try again.
    """
    turn = _Turn(work, job, batch)
    while (plan := plan_of(work.registry, job)).value.state is PlanState.PLANNING:
        if remaining() < LEAST_MS:
            return Turned("more")
        try:
            turn.step(plan)
        except ConflictError:
            continue  # another execution of this plan was first: go on from there
    return Turned("ended")


@dataclass
class _Turn:
    work: Work
    job: PlanJob
    batch: int

    def step(self, plan: Stored[ForcePlan]) -> None:
        """One batch, or the beginning or the end of the plan."""
        registry = self.work.registry
        stored = registry.get(Planning, self.job.account, self.job.plan)
        if stored is None:
            registry.write(Create(self._begin(plan.value)))
            return
        planning = stored.value
        location = _next(plan.value, planning)
        if location is None and not _needs_limit(planning):
            propose(self.work, plan, stored)
        else:
            after = self._further(plan.value, planning, location)
            registry.write(Replace(after, stored.version))

    def _begin(self, plan: ForcePlan) -> Planning:
        account, registry = plan.account, self.work.registry
        heads = [registry.get(Head, rows_book(account, at)) for at in plan.scope.locations]
        return Planning(
            account=account,
            plan=plan.id,
            begun_at=self.work.clock(),
            settings=settings_of(registry, account),
            first=plan.kind is PlanKind.FORCE and is_first(registry, account),
            rows=sum(head.value.rows for head in heads if head),
        )

    def _further(self, plan: ForcePlan, planning: Planning, location: str | None) -> Planning:
        if location is None:
            return _limiting(planning)
        if planning.limiting:
            return self._limit(planning, location)
        return self._make(plan, planning, location)

    def _make(self, plan: ForcePlan, planning: Planning, location: str) -> Planning:
        """Some more rows of a location, from what is visible of it."""
        work, begun = self.work, planning.begun or self._begun(location)
        account = require_account(work.registry, plan.account).value
        visible = visible_at(work, account, begun)
        found = KINDS[plan.kind](work, plan).rows(visible, begun.after)
        wanted = list(islice(found, self.batch + 1))
        after = wanted[self.batch].key if len(wanted) > self.batch else None
        rows = list(made_rows(work, plan, planning.settings, visible, wanted[: self.batch]))
        return added(work.pages, planning, begun, rows, after)

    def _begun(self, location: str) -> Begun:
        head = self.work.registry.get(Head, rows_book(self.job.account, location))
        if head is None:
            raise NotFoundError(f"{location} was never compared.")
        of = head.value
        return Begun(location=location, version=of.version, as_of=of.as_of, head=of)

    def _limit(self, planning: Planning, location: str) -> Planning:
        """The same rows once more, without those beyond the first live force."""
        work, place = self.work, _place(planning, location)
        begun = planning.begun or Begun(location=location, version=place.version, as_of=place.as_of)
        found = planned_reader(work.pages, planning.plan, place).scan(begun.after or None)
        rows = list(islice((row for page in found for row in page.rows()), self.batch + 1))
        after = rows[self.batch]["key"] if len(rows) > self.batch else None
        kept = list(limited(rows[: self.batch], self._chosen))
        return added(work.pages, planning, begun, kept, after)

    @cached_property
    def _chosen(self) -> frozenset[str]:
        """Follows from the pages that were made, whenever it is asked."""
        stored = self.work.registry.get(Planning, self.job.account, self.job.plan)
        if stored is None:
            raise ConflictError("The plan was proposed meanwhile.")
        urgent = MostUrgent(stored.value.settings.first_rows)
        for place in stored.value.unlimited:
            for page in planned_reader(self.work.pages, self.job.plan, place).scan():
                urgent.take(page.rows())
        return urgent.skus


def _next(plan: ForcePlan, planning: Planning) -> str | None:
    """The location to go on with; None: all are done."""
    if planning.begun is not None:
        return planning.begun.location
    done = {place.channel_location for place in planning.places}
    return next((location for location in plan.scope.locations if location not in done), None)


def _place(planning: Planning, location: str) -> PlanPlace:
    return next(p for p in planning.unlimited if p.channel_location == location)


def _needs_limit(planning: Planning) -> bool:
    """No more rows than SKUs are allowed: then none is beyond."""
    most = planning.settings.first_rows
    return planning.first and not planning.limiting and planning.summary.rows > most


def _limiting(planning: Planning) -> Planning:
    """All rows are made: begin to count anew."""
    same = ("account", "plan", "begun_at", "settings", "first", "rows")
    kept = {name: getattr(planning, name) for name in same}
    return Planning(**kept, limiting=True, unlimited=planning.places)

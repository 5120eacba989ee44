"""Reading plans, the newest first, and their rows, a page at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Any

import msgspec

from trueup.domain.accounts import Account
from trueup.domain.errors import Fault, RejectedError
from trueup.domain.force import ForcePlan, PlanKind, PlanPlace, PlanState, Skip, Urgency
from trueup.ports import PageStore, Registry
from trueup.usecases.force.planned_rows import Row
from trueup.usecases.force.planning_job import planned_reader
from trueup.usecases.rows.filters import Direction
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of

LOOKED_AT = 50_000
"""Rows, and plans, that one request looks through for some that fit."""

_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class PlanFilters:
    """None: all."""

    account: str | None = None
    state: PlanState | None = None
    kind: PlanKind | None = None

    def accepts(self, plan: ForcePlan) -> bool:
        return self.state in (None, plan.state) and self.kind in (None, plan.kind)


@dataclass(frozen=True, slots=True)
class RowFilters:
    """None: all. `skip` NOT_SKIPPED: the rows that would be pushed."""

    location: str | None = None
    skip: Skip | None = None
    urgency: Urgency | None = None
    direction: Direction | None = None

    def accepts(self, row: Row) -> bool:
        return (
            self.skip in (None, row["skip"])
            and self.urgency in (None, row["urgency"])
            and self.direction in (None, direction_of(row["urgency"]))
        )


@dataclass(frozen=True, slots=True)
class PlansPage:
    plans: tuple[ForcePlan, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class PlannedPage:
    """Rows with their channel location; fewer than asked for where it has looked long enough."""

    rows: tuple[tuple[str, Row], ...]
    cursor: str | None


class _At(msgspec.Struct, frozen=True, array_like=True):
    """Where a list goes on: after a plan's id, or at a location from a key on."""

    of: tuple[str, ...]
    location: str
    key: str


def direction_of(urgency: int) -> Direction | None:
    """Of a planned row: the channel shows too much, or too little; None: no target, or right."""
    if urgency == Urgency.INCREASE:
        return Direction.UNDER
    return Direction.OVER if urgency in (Urgency.OVERSOLD, Urgency.DECREASE) else None


def list_plans(
    registry: Registry, filters: PlanFilters, cursor: str | None, limit: int
) -> PlansPage:
    """Plans of one account or of all. NotFoundError: no such account; RejectedError: the cursor."""
    of = (registry.seller, "plans", *map(str, (filters.account, filters.state, filters.kind)))
    before = _read(cursor, of).key if cursor else None
    accounts = _accounts(registry, filters.account)
    newest = merge(
        *(_newest(registry, a) for a in accounts), key=lambda plan: plan.id, reverse=True
    )
    older = (plan for plan in newest if before is None or plan.id < before)
    found: list[ForcePlan] = []
    last = ""
    for plan in islice(older, LOOKED_AT):
        if len(found) == limit:
            return PlansPage(tuple(found), _write(_At(of, "", last)))
        last = plan.id
        found += [plan] if filters.accepts(plan) else []
    return PlansPage(tuple(found), None)


def _accounts(registry: Registry, account: str | None) -> Sequence[str]:
    if account is not None:
        return [require_account(registry, account).value.id]
    return [stored.value.id for stored in all_of(registry, Account)]


def _newest(registry: Registry, account: str) -> Iterator[ForcePlan]:
    cursor: str | None = None
    while True:
        page = registry.list(ForcePlan, account, cursor=cursor, limit=_A_PAGE, newest_first=True)
        yield from (stored.value for stored in page.items)
        cursor = page.cursor
        if cursor is None:
            return


def list_planned(
    pages: PageStore,
    seller: str,
    plan: ForcePlan,
    filters: RowFilters,
    cursor: str | None,
    limit: int,
) -> PlannedPage:
    """Rows of a plan that fit, by location in the plan's order and key.

    RejectedError: the location is not one of the plan's, or the cursor is not of this list.
    """
    names = (filters.location, filters.skip, filters.urgency, filters.direction)
    of = (seller, plan.id, *map(str, names))
    start = _read(cursor, of) if cursor else None
    found: list[tuple[str, Row]] = []
    for looked, (location, row) in enumerate(_rows(pages, plan, filters.location, start)):
        if len(found) == limit or looked == LOOKED_AT:
            return PlannedPage(tuple(found), _write(_At(of, location, row["key"])))
        found += [(location, row)] if filters.accepts(row) else []
    return PlannedPage(tuple(found), None)


def _rows(
    pages: PageStore, plan: ForcePlan, location: str | None, start: _At | None
) -> Iterator[tuple[str, Row]]:
    for place in _from(_places(plan, location), start):
        at = place.channel_location
        lo = start.key if start and start.location == at else None
        for page in planned_reader(pages, plan.id, place).scan(lo):
            yield from ((at, row) for row in page.rows())


def _places(plan: ForcePlan, location: str | None) -> list[PlanPlace]:
    chosen = [p for p in plan.places if location in (None, p.channel_location)]
    if location is not None and location not in plan.scope.locations:
        fault = Fault("location", f"{location} is not a location of this plan")
        raise RejectedError("The plan has no such location.", (fault,))
    return chosen


def _from(places: list[PlanPlace], start: _At | None) -> list[PlanPlace]:
    names = [place.channel_location for place in places]
    return places[names.index(start.location) :] if start and start.location in names else places


def _write(at: _At) -> str:
    return msgspec.msgpack.encode(at).hex()


def _read(text: str, of: tuple[str, ...]) -> _At:
    wrong = RejectedError("The cursor is not of this list.", (Fault("cursor", "is not valid"),))
    try:
        at: Any = msgspec.msgpack.decode(bytes.fromhex(text), type=_At)
    except (ValueError, msgspec.DecodeError) as error:
        raise wrong from error
    if at.of != of:
        raise wrong
    found: _At = at
    return found

"""The push log: every row that was to be set at a channel, the latest plan first."""

from collections.abc import Iterator
from dataclasses import dataclass

from trueup.domain.accounts import Account, Slug
from trueup.domain.errors import Fault, NotFoundError, RejectedError
from trueup.domain.force import ForcePlan
from trueup.domain.pushlog import PushChunk, parts_of, rows_of
from trueup.ports import Registry, Stored
from trueup.usecases.force.log_cursor import LogCursor, read_cursor, write_cursor
from trueup.usecases.force.log_filters import LogFilters
from trueup.usecases.force.log_rows import LogRow, log_rows
from trueup.usecases.force.log_walk import Budget, Found, Walk
from trueup.usecases.whole import all_of

MAX_ROWS = 500
"""Of one page."""
MAX_ACCOUNTS = 25
"""That one view covers: each costs at least one page of plans."""
CHUNKS = 60
"""Chunks that one request looks through for rows that fit."""
PLAN_PAGES = 40
"""Pages of plans that one request looks through, besides the first of each account."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some rows, whether the seller has clients, and where to go on (None: those were all)."""

    rows: list[LogRow]
    clients: bool
    cursor: str | None


def read_log(registry: Registry, filters: LogFilters, *, cursor: str | None, limit: int) -> LogPage:
    """At most `limit` rows that fit; fewer, also none, when a search has looked long enough.

    RejectedError with all faults: unknown accounts or locations, too many accounts, dates the
    wrong way round, or a cursor that is not for this.
    """
    every = [stored.value for stored in all_of(registry, Account)]
    accounts = _chosen(every, filters)
    start = read_cursor(cursor, registry.seller, filters.digest) if cursor else None
    walk = Walk(registry, filters, accounts, start, Budget(PLAN_PAGES, CHUNKS))
    rows, following = _page(walk, limit)
    written = write_cursor(following) if following else None
    return LogPage(rows, any(account.client for account in every), written)


def scan(registry: Registry, filters: LogFilters) -> Iterator[LogRow]:
    """All rows that fit, lazily, in the order of `read_log`. RejectedError: as there."""
    return (row for row in scan_within(registry, filters, None) if row is not None)


def scan_within(
    registry: Registry, filters: LogFilters, chunks: int | None
) -> Iterator[LogRow | None]:
    """As `scan`, through so many chunks; None ends it where there were more."""
    accounts = _chosen([stored.value for stored in all_of(registry, Account)], filters)
    for found in Walk(registry, filters, accounts, None, Budget(None, chunks)).found():
        if found.chunk is None:
            yield None
            return
        for _, row in _fitting(found, filters):
            yield row


def has_clients(registry: Registry) -> bool:
    """Whether the client of a push is to be told: some account of the seller has one."""
    return any(stored.value.client for stored in all_of(registry, Account))


def require_push(registry: Registry, id_: str) -> LogRow:
    """The push of an id. NotFoundError: the seller has none such, or no longer."""
    named = parts_of(id_)
    for stored in all_of(registry, Account) if named else ():
        found = find_push(registry, stored.value, id_)
        if found is not None:
            return found
    raise NotFoundError("There is no such push.")


def find_push(registry: Registry, account: Account, id_: str) -> LogRow | None:
    """The push of an id, if it is this account's."""
    found = chunk_of(registry, account.id, id_)
    plan = registry.get(ForcePlan, account.id, found.value.plan) if found else None
    if found is None or plan is None:
        return None
    return next((row for row in log_rows(account, plan.value, found.value) if row.id == id_), None)


def chunk_of(registry: Registry, account: Slug, id_: str) -> Stored[PushChunk] | None:
    """The chunk that a push's id names, if it is this account's and has such a row."""
    named = parts_of(id_)
    if named is None:
        return None
    plan, share, number, index = named
    found = registry.get(PushChunk, account, plan, share, f"{number:06d}")
    return found if found and index < len(rows_of(found.value)) else None


def _page(walk: Walk, limit: int) -> tuple[list[LogRow], LogCursor | None]:
    rows: list[LogRow] = []
    for found in walk.found():
        if found.chunk is None:
            return rows, _cursor(walk, found, 0)
        for index, row in _fitting(found, walk.filters, walk.start):
            if len(rows) == limit:
                return rows, _cursor(walk, found, index)
            rows.append(row)
    return rows, None


def _fitting(
    found: Found, filters: LogFilters, start: LogCursor | None = None
) -> Iterator[tuple[int, LogRow]]:
    """Rows of a chunk that fit, with their indexes, from the start's on."""
    if found.chunk is None:
        return
    first = start.index if start and start.order == found.order else 0
    rows = log_rows(found.part.account, found.part.plan, found.chunk)
    for index, row in enumerate(rows):
        if index >= first and filters.takes_row(row.row):
            yield index, row


def _cursor(walk: Walk, found: Found, index: int) -> LogCursor:
    seller, filters = walk.registry.seller, walk.filters.digest
    return LogCursor(seller, filters, found.order, index, walk.plans, walk.chunks)


def _chosen(every: list[Account], filters: LogFilters) -> list[Account]:
    known = {account.id for account in every}
    unknown = [id_ for id_ in filters.accounts if id_ not in known]
    if unknown and len(filters.accounts) == 1:
        raise NotFoundError(f"There is no account {unknown[0]}.")
    chosen = [account for account in every if _fits(account, filters)]
    faults = [Fault("account", f"{id_} is not an account of yours") for id_ in unknown]
    faults += _faults(chosen, filters)
    if faults:
        raise RejectedError("The push log cannot be filtered like this.", tuple(faults))
    return chosen


def _fits(account: Account, filters: LogFilters) -> bool:
    chosen = not filters.accounts or account.id in filters.accounts
    return chosen and filters.channel in (None, account.channel)


def _faults(chosen: list[Account], filters: LogFilters) -> Iterator[Fault]:
    if len(chosen) > MAX_ACCOUNTS:
        reason = f"choose at most {MAX_ACCOUNTS} accounts at once; these filters mean more"
        yield Fault("account", reason)
    known = {place.id for account in chosen for place in account.locations}
    for location in filters.locations:
        if location not in known:
            yield Fault("location", f"{location} is not a location of the accounts chosen")
    if filters.since and filters.until and filters.since >= filters.until:
        yield Fault("until", "must be after since")

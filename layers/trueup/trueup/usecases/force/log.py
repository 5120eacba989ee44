"""The push log: every row that was to be set at a channel, the latest plan first."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from trueup.domain.accounts import Account, Slug
from trueup.domain.errors import Fault, NotFoundError, RejectedError
from trueup.domain.force import ForcePlan
from trueup.domain.pushlog import PushChunk, parts_of
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
MAX_ID = 64
"""Characters of a push's id."""
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


def scan(
    registry: Registry, filters: LogFilters, accounts: Sequence[Account] = ()
) -> Iterator[LogRow]:
    """All rows that fit, lazily, in the order of `read_log`. RejectedError: as there.

    `accounts`: those of the seller at an earlier time; none: as they are now.
    """
    found = scan_within(registry, filters, None, accounts)
    return (row for row in found if row is not None)


def scan_within(
    registry: Registry, filters: LogFilters, chunks: int | None, known: Sequence[Account] = ()
) -> Iterator[LogRow | None]:
    """As `scan`, through so many chunks; None ends it where there were more."""
    every = list(known) or [stored.value for stored in all_of(registry, Account)]
    accounts = _chosen(every, filters)
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
    for stored in all_of(registry, Account) if _named(id_) else ():
        found = find_push(registry, stored.value, id_)
        if found is not None:
            return found
    raise NotFoundError("There is no such push.")


def find_push(registry: Registry, account: Account, id_: str) -> LogRow | None:
    """The push of an id, if it is this account's."""
    return find_pushes(registry, account, [id_]).get(id_)


def find_pushes(registry: Registry, account: Account, ids: Iterable[str]) -> dict[str, LogRow]:
    """The pushes of some ids that are this account's, by id. Each chunk is read once."""
    chunks: dict[_Chunk, set[str]] = defaultdict(set)
    for id_ in ids:
        if named := _named(id_):
            chunks[named].add(id_)
    plans: dict[str, ForcePlan | None] = {}
    found: dict[str, LogRow] = {}
    for (plan, share, number), wanted in chunks.items():
        if plan not in plans:
            stored = registry.get(ForcePlan, account.id, plan)
            plans[plan] = stored.value if stored else None
        chunk = registry.get(PushChunk, account.id, plan, share, f"{number:06d}")
        if chunk is not None and (of := plans[plan]) is not None:
            rows = log_rows(account, of, chunk.value)
            found |= {row.id: row for row in rows if row.id in wanted}
    return found


_Chunk = tuple[str, str, int]


def _named(id_: str) -> _Chunk | None:
    """The chunk that a push's id names."""
    named = parts_of(id_) if len(id_) <= MAX_ID else None
    return named[:3] if named else None


def chunk_of(registry: Registry, account: Slug, id_: str) -> Stored[PushChunk] | None:
    """The chunk that a push's id names, if it is this account's."""
    named = _named(id_)
    if named is None:
        return None
    return registry.get(PushChunk, account, *named[:2], f"{named[2]:06d}")


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

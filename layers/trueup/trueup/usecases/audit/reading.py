"""Reading the audit trail, the newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from trueup.domain.audit import BLOCK, AuditMark, AuditRecord, block_of
from trueup.ports import Registry
from trueup.usecases.audit.chain import head_of, make_cursor, read_cursor, record_at

LOOKED_AT = 1_000
"""Records that one request looks through, whatever it finds."""

_LIST = "list"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: of one subject (kind, or kind and identity), by one actor, of some time."""

    kind: str | None = None
    subject: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def has(self, record: AuditRecord) -> bool:
        return (
            (self.actor is None or record.actor == self.actor)
            and (self.until is None or record.at <= self.until)
            and (self.since is None or record.at >= self.since)
            and any(self._tells(c.kind, c.subject) for c in record.changes)
        )

    def _tells(self, kind: str, subject: str) -> bool:
        return self.kind in (None, kind) and self.subject in (None, subject)


@dataclass(frozen=True, slots=True)
class Trail:
    """Some records, the newest first, and where to go on (None: that was all)."""

    records: tuple[AuditRecord, ...]
    cursor: str | None


def read_trail(
    registry: Registry, wanted: Wanted, *, cursor: str | None = None, limit: int = 50
) -> Trail:
    """Records that fit, the newest first.

    Those of one subject are found by its marks. Others are looked for in the chain: a request that
    looked through a thousand answers what it has, perhaps nothing, with a cursor.
    """
    if wanted.kind is not None and wanted.subject is not None:
        return _marked(registry, wanted, cursor, limit)
    return _scanned(registry, wanted, cursor, limit)


def _marked(registry: Registry, wanted: Wanted, cursor: str | None, limit: int) -> Trail:
    prefix = (wanted.kind or "", wanted.subject or "")
    page = registry.list(AuditMark, *prefix, cursor=cursor, limit=limit, newest_first=True)
    found = (record_at(registry, mark.value.sequence) for mark in page.items)
    records = tuple(record for record in found if record is not None)
    over = _is_over(wanted, records)
    return Trail(tuple(filter(wanted.has, records)), None if over else page.cursor)


def _scanned(registry: Registry, wanted: Wanted, cursor: str | None, limit: int) -> Trail:
    begin = read_cursor(registry, cursor, _LIST).sequence if cursor else _latest(registry, wanted)
    found: list[AuditRecord] = []
    reached = 0
    for record in islice(_backwards(registry, begin), LOOKED_AT):
        if _is_over(wanted, (record,)):
            reached = 0
            break
        reached = record.sequence
        if wanted.has(record):
            found.append(record)
        if len(found) >= limit:
            break
    return Trail(tuple(found), make_cursor(registry, _LIST, reached - 1) if reached > 1 else None)


def _is_over(wanted: Wanted, records: tuple[AuditRecord, ...]) -> bool:
    return bool(records) and wanted.since is not None and records[-1].at < wanted.since


def _backwards(registry: Registry, begin: int) -> Iterator[AuditRecord]:
    """Records from a sequence back to the first, a block at a time."""
    at = begin
    while at > 0:
        block = block_of(at)
        for record in _block_backwards(registry, block):
            if record.sequence <= begin:
                yield record
        at = int(block) * BLOCK - 1


def _block_backwards(registry: Registry, block: str) -> Iterator[AuditRecord]:
    cursor: str | None = None
    while True:
        page = registry.list(AuditRecord, block, cursor=cursor, newest_first=True)
        yield from (stored.value for stored in page.items)
        cursor = page.cursor
        if cursor is None:
            return


def _latest(registry: Registry, wanted: Wanted) -> int:
    """The last record at or before the end of the time that is wanted; their times only grow."""
    low, high = 0, head_of(registry).sequence
    if wanted.until is None:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        record = record_at(registry, middle)
        if record is not None and record.at > wanted.until:
            high = middle - 1
        else:
            low = middle
    return low

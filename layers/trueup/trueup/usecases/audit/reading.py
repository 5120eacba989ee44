"""Reading the audit trail, the newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from trueup.domain.audit import BLOCK, AuditMark, AuditRecord, block_of
from trueup.domain.errors import DefectError
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
    """Some records, the newest first, and where to go on (None: that was all).

    `unreadable`: the sequences of records among those looked through that cannot be read, whatever
    they say.
    """

    records: tuple[AuditRecord, ...]
    cursor: str | None
    unreadable: tuple[int, ...] = ()


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
    found = [_looked_at(registry, mark.value.sequence) for mark in page.items]
    records = tuple(one.record for one in found if one.record is not None)
    broken = tuple(one.sequence for one in found if one.broken)
    over = _is_over(wanted, records)
    return Trail(tuple(filter(wanted.has, records)), None if over else page.cursor, broken)


def _scanned(registry: Registry, wanted: Wanted, cursor: str | None, limit: int) -> Trail:
    begin = read_cursor(registry, cursor, _LIST).sequence if cursor else _latest(registry, wanted)
    found: list[AuditRecord] = []
    broken: list[int] = []
    reached = 0
    for looked in islice(_backwards(registry, begin), LOOKED_AT):
        if looked.record is not None and _is_over(wanted, (looked.record,)):
            reached = 0
            break
        reached = looked.sequence
        if looked.broken:
            broken.append(looked.sequence)
        if looked.record is not None and wanted.has(looked.record):
            found.append(looked.record)
        if len(found) >= limit:
            break
    cursor = make_cursor(registry, _LIST, reached - 1) if reached > 1 else None
    return Trail(tuple(found), cursor, tuple(broken))


def _is_over(wanted: Wanted, records: tuple[AuditRecord, ...]) -> bool:
    return bool(records) and wanted.since is not None and records[-1].at < wanted.since


@dataclass(frozen=True, slots=True)
class _Looked:
    """What stands at a sequence; neither a record nor broken where nothing does."""

    sequence: int
    record: AuditRecord | None
    broken: bool = False


def _looked_at(registry: Registry, sequence: int) -> _Looked:
    try:
        return _Looked(sequence, record_at(registry, sequence))
    except DefectError:
        return _Looked(sequence, None, broken=True)


def _backwards(registry: Registry, begin: int) -> Iterator[_Looked]:
    """Records from a sequence back to the first, a block at a time."""
    at = begin
    while at > 0:
        block = block_of(at)
        yield from _block_backwards(registry, block, at)
        at = int(block) * BLOCK - 1


def _block_backwards(registry: Registry, block: str, begin: int) -> Iterator[_Looked]:
    """One by one from the first page on that has one which cannot be read."""
    cursor: str | None = None
    at = begin
    while True:
        try:
            page = registry.list(AuditRecord, block, cursor=cursor, newest_first=True)
        except DefectError:
            first = max(1, int(block) * BLOCK)
            yield from (_looked_at(registry, one) for one in range(at, first - 1, -1))
            return
        for record in (stored.value for stored in page.items):
            if record.sequence <= begin:
                yield _Looked(record.sequence, record)
                at = record.sequence - 1
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
        record = _looked_at(registry, middle).record  # None: as if it were early enough
        if record is not None and record.at > wanted.until:
            high = middle - 1
        else:
            low = middle
    return low

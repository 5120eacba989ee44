"""Reading the chain of a seller, block by block."""

from collections.abc import Iterator
from itertools import dropwhile, islice

import msgspec

from trueup.domain.audit import AuditRecord, AuditTip, block_of, genesis, places_of
from trueup.domain.errors import DefectError, Fault, RejectedError
from trueup.domain.tampering import Step
from trueup.ports import Registry


def head_of(registry: Registry) -> Step:
    """The last record's sequence and hash; sequence 0 where nothing was recorded yet."""
    tip = registry.get(AuditTip, "tip")
    if tip is None:
        return Step(0, genesis(registry.seller))
    return Step(tip.value.sequence, tip.value.hash)


def record_at(registry: Registry, sequence: int) -> AuditRecord | None:
    """DefectError where it cannot be read."""
    stored = registry.get(AuditRecord, *places_of(sequence))
    return None if stored is None else stored.value


def following(registry: Registry, sequence: int) -> list[AuditRecord | None]:
    """What stands behind a record in key order, to the end of its block or of the next.

    None for one that cannot be read, at which it ends.
    """
    here = _block(registry, block_of(sequence))
    behind = here if sequence == 0 else list(islice(_from(here, sequence), 1, None))
    if behind or block_of(sequence) == block_of(sequence + 1):
        return behind
    return _block(registry, block_of(sequence + 1))


def _from(found: list[AuditRecord | None], sequence: int) -> Iterator[AuditRecord | None]:
    return dropwhile(lambda one: one is not None and one.sequence != sequence, found)


def _block(registry: Registry, block: str) -> list[AuditRecord | None]:
    try:
        return _read(registry, block, limit=250)
    except DefectError:
        return _read_singly(registry, block)


def _read(registry: Registry, block: str, limit: int) -> list[AuditRecord | None]:
    found: list[AuditRecord | None] = []
    cursor: str | None = None
    while True:
        page = registry.list(AuditRecord, block, cursor=cursor, limit=limit)
        found += [stored.value for stored in page.items]
        cursor = page.cursor
        if cursor is None:
            return found


def _read_singly(registry: Registry, block: str) -> list[AuditRecord | None]:
    found: list[AuditRecord | None] = []
    cursor: str | None = None
    while True:
        try:
            page = registry.list(AuditRecord, block, cursor=cursor, limit=1)
        except DefectError:
            return [*found, None]
        found += [stored.value for stored in page.items]
        cursor = page.cursor
        if cursor is None:
            return found


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a reading of the trail goes on; `purpose` is what is read and how."""

    schema: int
    seller: str
    purpose: str
    sequence: int
    stream: str = ""
    shard: int = 0


def make_cursor(
    registry: Registry, purpose: str, sequence: int, stream: str = "", shard: int = 0
) -> str:
    cursor = Cursor(1, registry.seller, purpose, sequence, stream, shard)
    return msgspec.msgpack.encode(cursor).hex()


def read_cursor(registry: Registry, text: str, *purposes: str) -> Cursor:
    """RejectedError for a cursor of another seller or reading, or not one at all."""
    fault = Fault("cursor", "was made for another list")
    refused = RejectedError("This cursor cannot be used.", (fault,))
    try:
        cursor = msgspec.msgpack.decode(bytes.fromhex(text), type=Cursor)
    except (ValueError, msgspec.DecodeError) as error:
        raise refused from error
    if (cursor.schema, cursor.seller) != (1, registry.seller) or cursor.purpose not in purposes:
        raise refused
    return cursor

"""Storing what becomes of a chunk's rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from trueup.domain.errors import LeaseLostError
from trueup.domain.force import ForceSlot
from trueup.domain.pushlog import PushChunk, PushRow, counts_of, packed
from trueup.ports import HoldsSlot, Registry, Replace, Stored, Write
from trueup.usecases.force.job import Force


def with_rows(chunk: PushChunk, rows: Sequence[PushRow], now: datetime, **also: Any) -> PushChunk:
    mine = list(rows)
    changes = {"rows": packed(mine), "counts": counts_of(mine), "changed_at": now, **also}
    return chunk.model_copy(update=changes)


def keep(registry: Registry, before: Stored[PushChunk], after: PushChunk) -> Stored[PushChunk]:
    """Store a chunk over the version that was read. ConflictError: somebody else was faster."""
    registry.write(Replace(after, before.version))
    return Stored(after, before.version + 1)


def keep_intent(force: Force, before: Stored[PushChunk], after: PushChunk) -> Stored[PushChunk]:
    """Store a chunk with its intent, only while the part holds the slot of its location.

    The first of a location notes that it has begun to send: its cooldown is never given back.
    LeaseLostError: a newer part holds the slot, and nothing may be sent.
    """
    registry, place = force.work.registry, after.channel_location
    slot = registry.get(ForceSlot, force.job.account, place)
    if slot is None:
        raise LeaseLostError("The slot of this location is gone.")
    writes: list[Write] = [
        Replace(after, before.version),
        HoldsSlot(force.job.account, place, force.job.holder, after.sequence),
    ]
    if not slot.value.sent:
        writes.append(Replace(slot.value.model_copy(update={"sent": True}), slot.version))
    registry.write(*writes)
    return Stored(after, before.version + 1)

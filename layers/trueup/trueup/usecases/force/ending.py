"""Ending a part of a plan: whoever does it, it is done once, and says what became of each row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from trueup.domain.force import (
    ForcePlan,
    ForceSlot,
    PlanState,
    PushCounts,
    Share,
    Stage,
    StageState,
    holder_of,
)
from trueup.domain.notices import FORCED, Notice
from trueup.domain.pushlog import PushChunk, PushOutcome, PushRow, rows_of
from trueup.domain.slots import freed
from trueup.domain.time import Clock, from_milliseconds, iso, milliseconds
from trueup.ports import Create, Registry, Replace, Stored, Write
from trueup.usecases.alerts.checking import LATER
from trueup.usecases.force.job import chunks_of, plan_of, staged
from trueup.usecases.force.judging import LOST, ended
from trueup.usecases.force.keeping import with_rows
from trueup.usecases.reconcile.finalising import OUR_FAULT as RUN_FAULT
from trueup.usecases.reconcile.finalising import cause_of
from trueup.usecases.retrying import retried

OUR_FAULT = (
    "Something failed on our side, and the part ended early. What had been sent says so; what had "
    "not been was not sent."
)
NOT_SENT = "The part ended before its turn; nothing was sent."


def force_cause(error: dict[str, Any]) -> str:
    """What people read of what Step Functions caught."""
    cause = cause_of(error)
    return OUR_FAULT if cause == RUN_FAULT else cause


def end_stage(
    registry: Registry, clock: Clock, account: str, plan: str, share: Share, cause: str | None
) -> bool:
    """End a part unless it has ended; whether this call did it.

    What was perhaps sent is unverified, what was not is not sent any more. Its slots are free
    after that; the cooldown of a location is given back only if nothing was sent there.
    """

    def once() -> bool:
        stored = registry.get(ForcePlan, account, plan)
        stage = stored.value.stage(share) if stored else None
        if stored is None or stage is None or stage.state is StageState.ENDED:
            return False
        left = _left(registry, stored.value, share, clock())
        _end(registry, stored, _stage(stage, left, cause, clock()), left)
        return True

    if not retried(once):
        return False
    retried(lambda: _count_late(registry, clock, account, plan, share))
    return True


@dataclass(frozen=True, slots=True)
class _Left:
    """What became of a part's rows. `calls`: by location, when the last call began of which
    nobody heard; milliseconds.
    """

    counts: PushCounts
    window_ms: int
    calls: Mapping[str, int]


def _left(registry: Registry, plan: ForcePlan, share: Share, now: datetime) -> _Left:
    """Of all rows of a part; those that are open are ended."""
    counts, window, calls = PushCounts(), 0, dict[str, int]()
    for chunk in chunks_of(registry, plan.account, plan.id, share):
        last = _closed(registry, chunk, now)
        counts, window = counts + last.counts, max(window, last.window_ms)
        place = last.channel_location
        calls[place] = max(calls.get(place, 0), _last_call(last))
    return _Left(counts, window, calls)


def _last_call(chunk: PushChunk) -> int:
    rows = rows_of(chunk) if chunk.counts.error else []
    unheard = (row for row in rows if row.outcome == PushOutcome.UNVERIFIED)
    return max((row.intent_at for row in unheard), default=0)


def _count_late(registry: Registry, clock: Clock, account: str, plan: str, share: Share) -> None:
    """What was queued after its chunks were listed, and before its slots were free."""
    chunks = chunks_of(registry, account, plan, share)
    if not any(_is_open(stored.value) for stored in chunks):
        return
    stored = plan_of(registry, account, plan)
    left, stage = _left(registry, stored.value, share, clock()), stored.value.stage(share)
    if stage is not None:
        counted = stage.model_copy(update={"counts": left.counts})
        registry.write(Replace(staged(stored.value, counted), stored.version))


def _closed(registry: Registry, chunk: Stored[PushChunk], now: datetime) -> PushChunk:
    """A chunk without a row that is open; the one stored if another was faster."""

    def once() -> PushChunk:
        stored = registry.get(PushChunk, *chunk.value.identity) or chunk
        if not _is_open(stored.value):
            return stored.value
        at, changed = milliseconds(now), milliseconds(stored.value.changed_at)
        rows = [_final(row, at, changed) for row in rows_of(stored.value)]
        closed = with_rows(stored.value, rows, now)
        registry.write(Replace(closed, stored.version))
        return closed

    return retried(once) if _is_open(chunk.value) else chunk.value


def _is_open(chunk: PushChunk) -> bool:
    return bool(chunk.counts.queued or chunk.counts.submitted)


def _final(row: PushRow, now: int, changed: int) -> PushRow:
    """`changed`: when its chunk was. What is sending may have been sent again then."""
    match PushOutcome(row.outcome):
        case PushOutcome.QUEUED:
            return ended(row, PushOutcome.NOT_SENT, NOT_SENT, now)
        case PushOutcome.SENDING:
            again = replace(row, intent_at=max(row.intent_at, changed))
            return ended(again, PushOutcome.UNVERIFIED, LOST, now)
        case PushOutcome.SUBMITTED:
            return ended(row, PushOutcome.UNVERIFIED, LOST, now)
    return row


def _stage(stage: Stage, left: _Left, cause: str | None, now: datetime) -> Stage:
    changes = {
        "state": StageState.ENDED,
        "counts": left.counts,
        "window_ms": left.window_ms,
        "ended_at": now,
        "cause": cause,
    }
    return stage.model_copy(update=changes)


def _end(registry: Registry, stored: Stored[ForcePlan], stage: Stage, left: _Left) -> None:
    plan, now = staged(stored.value, stage), stage.ended_at or stage.decided_at
    after = plan.model_copy(update={"state": state_after(plan, now)})
    notice = notice_of(registry.seller, after, stage, now)
    writes: list[Write] = [Replace(after, stored.version), Create(notice)]
    for location, sequence in stage.sequences.items():
        slot = registry.get(ForceSlot, plan.account, location)
        holder = holder_of(plan.id, stage.share)
        if slot and (slot.value.holder, slot.value.sequence) == (holder, sequence):
            call = left.calls.get(location)
            free = freed(slot.value, from_milliseconds(call) if call else None)
            writes.append(Replace(free, slot.version))
    registry.write(*writes)


def state_after(plan: ForcePlan, now: datetime) -> PlanState:
    """How a plan stands once a part has ended: whether another is at work, or may follow."""
    standing = plan.standing
    late = standing is PlanState.PROPOSED and now >= plan.expires_at
    return PlanState.FINISHED if late else standing


def notice_of(seller: str, plan: ForcePlan, stage: Stage, now: datetime) -> Notice:
    """The event of a part's end. Its id is the same however often it is worked out."""
    id_ = f"{plan.id}-{stage.share.value}"
    detail = {
        "schema": 1,
        "id": id_,
        "seller": seller,
        "account": plan.account,
        "plan": plan.id,
        "kind": plan.kind.value,
        "share": stage.share.value,
        "state": plan.state.value,
        "rows": stage.counts.model_dump(include={"success", "error"}),
        "cause": stage.cause,
        "at": iso(now),
    }
    return Notice(id=id_, kind=FORCED, detail=detail, due_at=now + LATER)

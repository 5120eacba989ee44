"""Ending a part of a plan: whoever does it, it is done once, and says what became of each row."""

from datetime import datetime
from typing import Any

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
from trueup.domain.time import Clock, iso, milliseconds
from trueup.ports import Create, Registry, Replace, Stored, Write
from trueup.usecases.alerts.checking import LATER
from trueup.usecases.force.job import chunks_of, staged
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
        counts, window = PushCounts(), 0
        for chunk in chunks_of(registry, account, plan, share):
            last = _closed(registry, chunk, clock())
            counts, window = counts + last.counts, max(window, last.window_ms)
        _end(registry, stored, _stage(stage, counts, window, cause, clock()), clock())
        return True

    return retried(once)


def _closed(registry: Registry, chunk: Stored[PushChunk], now: datetime) -> PushChunk:
    """A chunk without a row that is open; the one stored if another was faster."""

    def once() -> PushChunk:
        stored = registry.get(PushChunk, *chunk.value.identity) or chunk
        if not _is_open(stored.value):
            return stored.value
        at = milliseconds(now)
        rows = [_final(row, at) for row in rows_of(stored.value)]
        closed = with_rows(stored.value, rows, now)
        registry.write(Replace(closed, stored.version))
        return closed

    return retried(once) if _is_open(chunk.value) else chunk.value


def _is_open(chunk: PushChunk) -> bool:
    return bool(chunk.counts.queued or chunk.counts.submitted)


def _final(row: PushRow, now: int) -> PushRow:
    match PushOutcome(row.outcome):
        case PushOutcome.QUEUED:
            return ended(row, PushOutcome.NOT_SENT, NOT_SENT, now)
        case PushOutcome.SENDING | PushOutcome.SUBMITTED:
            return ended(row, PushOutcome.UNVERIFIED, LOST, now)
    return row


def _stage(
    stage: Stage, counts: PushCounts, window: int, cause: str | None, now: datetime
) -> Stage:
    changes = {
        "state": StageState.ENDED,
        "counts": counts,
        "window_ms": window,
        "ended_at": now,
        "cause": cause,
    }
    return stage.model_copy(update=changes)


def _end(registry: Registry, stored: Stored[ForcePlan], stage: Stage, now: datetime) -> None:
    plan = staged(stored.value, stage)
    after = plan.model_copy(update={"state": state_after(plan, now)})
    notice = notice_of(registry.seller, after, stage, now)
    writes: list[Write] = [Replace(after, stored.version), Create(notice)]
    for location, sequence in stage.sequences.items():
        slot = registry.get(ForceSlot, plan.account, location)
        holder = holder_of(plan.id, stage.share)
        if slot and (slot.value.holder, slot.value.sequence) == (holder, sequence):
            writes.append(Replace(freed(slot.value), slot.version))
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

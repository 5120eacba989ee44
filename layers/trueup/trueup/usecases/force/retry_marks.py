"""When the rows of a retry are queued, the pushes that they take up leave Error."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from trueup.domain.force import ForcePlan, PlanKind, Share
from trueup.domain.pushlog import (
    PushChunk,
    PushOutcome,
    PushRow,
    counts_of,
    packed,
    parts_of,
    rows_of,
)
from trueup.domain.time import Clock, milliseconds
from trueup.ports import Registry, Replace, Stored
from trueup.usecases.force.log import chunk_of
from trueup.usecases.retrying import retried
from trueup.usecases.whole import all_of

TAKEN = "Plan {} has retried it already; nothing was sent."


def mark_retried(registry: Registry, clock: Clock, plan: ForcePlan, share: Share) -> None:
    """Say in each push in Error which plan has it anew, once the part's chunks are written.

    Where another retry was faster, the new row ends instead (`PushOutcome.SKIPPED`). Doing it
    again changes nothing. Of plans that are no retries there is nothing to do.
    """
    if plan.kind is not PlanKind.RETRY:
        return
    for stored in all_of(registry, PushChunk, plan.account, plan.id, share.value):
        taken = _mark(registry, plan, rows_of(stored.value))
        if taken:
            _end(registry, clock, stored, taken)


def _mark(registry: Registry, plan: ForcePlan, rows: Sequence[PushRow]) -> dict[str, str]:
    """Mark what these rows take up; which others have, by the plan that was faster."""
    by_chunk: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.retry_of:
            by_chunk[row.retry_of.rpartition(".")[0]].append(row.retry_of)
    taken: dict[str, str] = {}
    for ids in by_chunk.values():
        taken |= retried(lambda ids=ids: _mark_chunk(registry, plan, ids))  # type: ignore[misc]
    return taken


def _mark_chunk(registry: Registry, plan: ForcePlan, ids: Sequence[str]) -> dict[str, str]:
    stored = chunk_of(registry, plan.account, ids[0])
    if stored is None:
        return {}  # forgotten meanwhile
    rows, taken = rows_of(stored.value), {}
    for id_ in ids:
        index = _index(id_)
        if rows[index].retried_by in ("", plan.id):
            rows[index] = replace(rows[index], retried_by=plan.id)
        else:
            taken[id_] = rows[index].retried_by
    if rows != rows_of(stored.value):
        marked = stored.value.model_copy(update={"rows": packed(rows)})
        registry.write(Replace(marked, stored.version))
    return taken


def _index(id_: str) -> int:
    named = parts_of(id_)
    return named[3] if named else 0


def _end(
    registry: Registry, clock: Clock, stored: Stored[PushChunk], taken: dict[str, str]
) -> None:
    now = clock()
    rows = [_ended(row, taken, milliseconds(now)) for row in rows_of(stored.value)]
    changes = {"rows": packed(rows), "counts": counts_of(rows), "changed_at": now}
    registry.write(Replace(stored.value.model_copy(update=changes), stored.version))


def _ended(row: PushRow, taken: dict[str, str], now: int) -> PushRow:
    """A row that waits still, if what it takes up is taken."""
    if row.outcome != PushOutcome.QUEUED or row.retry_of not in taken:
        return row
    message = TAKEN.format(taken[row.retry_of])
    return replace(row, outcome=int(PushOutcome.SKIPPED), message=message, done_at=now)

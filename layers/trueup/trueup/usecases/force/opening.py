"""The first step of a force: the plan's rows become chunks of the push log, in their order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from trueup.books.manifest import load_manifest
from trueup.books.reader import BookReader
from trueup.books.schema import PLANNED
from trueup.domain.errors import LeaseLostError, RejectedError
from trueup.domain.force import PlanKind, PlanPlace, Skip, Urgency, in_share
from trueup.domain.pushlog import MAX_ROWS, PushChunk, PushRow, counts_of, packed
from trueup.ports import Create, HoldsSlot
from trueup.usecases.books import plan_book
from trueup.usecases.force.job import Force, ForceJob, batched, force_of
from trueup.usecases.force.retry_marks import mark_retried
from trueup.usecases.work import Work

LEAST_ROWS = 50
"""Of a chunk where the channel takes fewer in a call: it then splits them by itself."""

_A_TRANSACTION = 20


@dataclass(frozen=True, slots=True)
class Opened:
    """`proceed`, or `ended` where a retry finds that the part has come to its end already."""

    state: str


def open_force(work: Work, job: ForceJob) -> Opened:
    """Queue the rows of the part. Doing it twice, or the rest of it, queues each only once.

    RejectedError: since it was decided, the account has become one that cannot be pushed to.
    """
    force = force_of(work, job)
    if force is None:
        return Opened("ended")
    _check(force)
    done = work.registry.list(
        PushChunk, job.account, job.plan, job.share, limit=1, newest_first=True
    )
    start = done.items[0].value.number + 1 if done.items else 0
    try:
        for some in batched(islice(_chunks(force), start, None), _A_TRANSACTION):
            work.registry.write(*map(Create, some), *_held(force, some))
    except LeaseLostError:
        return Opened("ended")
    mark_retried(work.registry, work.clock, force.plan, job.share)
    return Opened("proceed")


def _held(force: Force, chunks: Iterable[PushChunk]) -> list[HoldsSlot]:
    """Nothing is queued for a part that has lost a location, as by having been ended meanwhile."""
    places = {chunk.channel_location: chunk.sequence for chunk in chunks}
    job = force.job
    return [HoldsSlot(job.account, place, job.holder, of) for place, of in places.items()]


def _check(force: Force) -> None:
    if not force.live:
        raise RejectedError("The account is not live any more; nothing was sent.")
    force.capabilities  # noqa: B018 - refuses channels that cannot be set


def chunk_size(push_batch: int) -> int:
    return min(MAX_ROWS, max(LEAST_ROWS, push_batch))


def _chunks(force: Force) -> Iterator[PushChunk]:
    """What is oversold at all locations first, then decreases, then increases; by key."""
    size, numbers = chunk_size(force.capabilities.push_batch), count()
    now = force.work.clock()
    for urgency in sorted(Urgency):
        for place in force.plan.places:
            for mine in batched(_rows(force, place, urgency), size):
                yield PushChunk(
                    account=force.job.account,
                    plan=force.job.plan,
                    share=force.job.share.value,
                    number=next(numbers),
                    channel_location=place.channel_location,
                    sequence=force.stage.sequences[place.channel_location],
                    created_at=now,
                    changed_at=now,
                    counts=counts_of(mine),
                    lo=mine[0].key,
                    hi=mine[-1].key,
                    rows=packed(mine),
                )


def _rows(force: Force, place: PlanPlace, urgency: Urgency) -> Iterator[PushRow]:
    book = plan_book(force.plan.id, place.channel_location)
    manifest = load_manifest(force.work.pages, book, place.manifest)
    for page in BookReader(force.work.pages, book, PLANNED, manifest).scan():
        for row in page.rows():
            mine = row["urgency"] == urgency and row["skip"] == Skip.NOT_SKIPPED
            if mine and in_share(row["urgency"], row["unexplained"], force.job.share):
                yield _queued(row, force.plan.kind)


_SAME = ("key", "showed", "captured_at", "urgency", "sellable", "allocation", "backorder", "buffer")


def _queued(row: dict[str, Any], kind: PlanKind) -> PushRow:
    withheld = 0 if kind is PlanKind.UNDO else row["publishable"] - row["target"]
    same = {name: row[name] for name in (*_SAME, "pack_size", "cap", "units", "retry_of")}
    return PushRow(
        **same,
        product_id=row["channel_product_id"],
        quantity=row["target"],
        attempts=max(1, row["attempts"]),
        withheld=withheld,
    )

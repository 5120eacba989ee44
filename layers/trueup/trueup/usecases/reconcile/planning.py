"""Cutting a run's comparison into key ranges that children of the Map work on side by side."""

from dataclasses import dataclass

import msgspec

from trueup.books.manifest import Frame, Manifest, load_manifest
from trueup.books.schema import OBSERVATIONS
from trueup.books.segments import SegmentSet
from trueup.compare.ranges import KeyRange, plan_ranges
from trueup.domain.runs import BookPin, Fetch, Inputs, Progress, Run
from trueup.domain.time import milliseconds
from trueup.ports import Replace
from trueup.usecases import books
from trueup.usecases.reconcile.gathering import gather_evidence
from trueup.usecases.reconcile.job import Job, begin_step, fetch_of
from trueup.usecases.reconcile.parts import PlanItem, plan_key, save_plan
from trueup.usecases.work import Work


@dataclass(frozen=True, slots=True)
class Planned:
    """Where the Map reads its items, and how many there are."""

    plan_key: str
    ranges: int


def plan_compare(work: Work, job: Job) -> Planned:
    """Plan every linked location that could be fetched. Repeating it gives the same plan."""
    run = begin_step(work, job)
    fetch = fetch_of(work, job).value
    now = milliseconds(work.clock())
    captured_from = milliseconds(fetch.captured_from) if fetch.captured_from else now
    gather_evidence(work, job, run.value.inputs, captured_from)
    items = _number(_items(work, job, run.value, fetch), now)
    save_plan(work, job, items)
    progress = run.value.progress.model_copy(update={"phase": "comparing", "ranges": len(items)})
    work.registry.write(Replace(_with_progress(run.value, progress), run.version))
    return Planned(plan_key(work, job), len(items))


def _with_progress(run: Run, progress: Progress) -> Run:
    return run.model_copy(update={"progress": progress})


def _items(work: Work, job: Job, run: Run, fetch: Fetch) -> list[PlanItem]:
    listed = _listing_frames(work, run.inputs)
    fetched = SegmentSet(work.evidence, fetch.segments, OBSERVATIONS)
    items: list[PlanItem] = []
    for link in run.inputs.links:
        location = link.channel_location
        if location in fetch.failed_locations:
            continue
        previous = books.pin(work.registry, books.rows_book(job.account, location))
        manifest = previous.manifest if previous else None
        inherited = _frames(work, job, location, manifest)
        ranges = plan_ranges(inherited, listed, fetched.blocks(location))
        items += [_item(job, location, previous, key_range) for key_range in ranges]
    return items


def _item(job: Job, location: str, previous: BookPin | None, key_range: KeyRange) -> PlanItem:
    at = previous.as_of if previous else None
    return PlanItem(
        seller=job.seller,
        account=job.account,
        run=job.run,
        location=location,
        lo=key_range.lo,
        hi=key_range.hi,
        part=0,
        previous=previous.manifest if previous else None,
        previous_version=previous.version if previous else 0,
        previous_at=milliseconds(at) if at else 0,
    )


def _number(items: list[PlanItem], now: int) -> list[PlanItem]:
    return [
        msgspec.structs.replace(item, part=number, now=now) for number, item in enumerate(items)
    ]


def _listing_frames(work: Work, inputs: Inputs) -> tuple[Frame, ...]:
    pinned = inputs.listings
    if pinned is None:
        return ()
    return load_manifest(work.pages, pinned.book, pinned.manifest).frames


def _frames(work: Work, job: Job, location: str, manifest: str | None) -> tuple[Frame, ...]:
    return inherited_manifest(work, job, location, manifest).frames


def inherited_manifest(work: Work, job: Job, location: str, manifest: str | None) -> Manifest:
    """The rows' manifest that a run inherits from; an empty one for the first run."""
    if manifest is None:
        return Manifest.of("rows", ())
    return load_manifest(work.pages, books.rows_book(job.account, location), manifest)

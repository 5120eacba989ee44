"""One child of the Map: compares one key range of one channel location."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trueup.books.manifest import Frame
from trueup.books.pages import Page
from trueup.books.schema import OBSERVATIONS, ROWS
from trueup.books.segments import SegmentSet
from trueup.books.writer import write_range
from trueup.compare.sheets import sheet_of
from trueup.domain.accounts import Link
from trueup.domain.errors import RejectedError
from trueup.domain.runs import Inputs, Tally
from trueup.usecases import books, leases
from trueup.usecases.joining import Joint
from trueup.usecases.reconcile.job import Job, fetch_of, run_of
from trueup.usecases.reconcile.parts import Part, PlanItem, save_part
from trueup.usecases.reconcile.planning import inherited_manifest
from trueup.usecases.work import Work


@dataclass(frozen=True, slots=True)
class Compared:
    """What a child returns to the Map: counts, not rows."""

    part: int
    rows: int
    differing: int


def compare_range(work: Work, item: PlanItem) -> Compared:
    """Compare a range, store its pages and sheets, and write its part.

    Everything it stores is immutable and named by content, so that a repeat changes nothing.
    A range that cannot be compared says so in its part: the other locations go on.
    LeaseLostError: another run took over, so that nothing of this one can become visible.
    """
    job = Job.model_validate({"seller": item.seller, "account": item.account, "run": item.run})
    leases.keep(work.registry, item.account, item.run, work.clock())
    try:
        frames, tally = _compare(work, job, item)
    except RejectedError as error:
        save_part(work, job, item.part, Part(location=item.location, cause=str(error)))
        return Compared(item.part, 0, 0)
    part = Part(
        location=item.location,
        frames=frames,
        tally=tally.model_dump(),
        usage=work.meter.usage.model_dump(),
    )
    save_part(work, job, item.part, part)
    return Compared(item.part, tally.rows, tally.differing)


def _compare(work: Work, job: Job, item: PlanItem) -> tuple[list[Frame], Tally]:
    inputs = run_of(work, job).value.inputs
    link = next(one for one in inputs.links if one.channel_location == item.location)
    totals = _Totals()
    frames = write_range(
        work.pages,
        books.rows_book(job.account, item.location),
        ROWS,
        _inherited(work, job, item),
        totals.counting(_rows(work, job, item, inputs, link)),
        sheet_of,
    )
    return frames, totals.tally


class _Totals:
    """Sums tallies while the pages stream through."""

    def __init__(self) -> None:
        self.tally = Tally()

    def counting(self, compared: Iterator[tuple[Page, Tally]]) -> Iterator[Page]:
        for page, tally in compared:
            self.tally += tally
            yield page


def _rows(
    work: Work, job: Job, item: PlanItem, inputs: Inputs, link: Link
) -> Iterator[tuple[Page, Tally]]:
    fetch = fetch_of(work, job).value
    segments = SegmentSet(work.evidence, fetch.segments, OBSERVATIONS)
    observations = segments.scan(item.location, item.lo, item.hi)
    return Joint(work.pages, inputs, link).rows(observations, item.lo, item.hi)


def _inherited(work: Work, job: Job, item: PlanItem) -> Sequence[Frame]:
    """The previous version's frames that begin in the range; ranges are cut at their beginnings."""
    frames = inherited_manifest(work, job, item.location, item.previous).frames
    return [
        frame
        for frame in frames
        if (item.lo is None or frame.first_key >= item.lo)
        and (item.hi is None or frame.first_key < item.hi)
    ]

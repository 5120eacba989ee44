"""One child of the Map: compares one key range of one channel location."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from trueup.books.manifest import Frame
from trueup.books.pages import Page
from trueup.books.reader import BookReader
from trueup.books.schema import ROWS
from trueup.books.writer import write_range
from trueup.compare.join import RowsWithOrigin
from trueup.domain.errors import RejectedError
from trueup.domain.runs import Tally
from trueup.explain.explain import explain
from trueup.usecases import books, leases
from trueup.usecases.reconcile.episodes import Episodes, PreviousRows
from trueup.usecases.reconcile.explaining import Explaining
from trueup.usecases.reconcile.job import Job
from trueup.usecases.reconcile.parts import Part, PlanItem, save_part
from trueup.usecases.reconcile.pinned import Pinned
from trueup.usecases.reconcile.planning import inherited_manifest
from trueup.usecases.reconcile.sheeting import Sheets
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
    job = job_of(item)
    leases.keep(work.registry, item.account, item.run, work.clock())
    part = part_of(work, job, Pinned.of(work, job, item))
    save_part(work, job, item.part, part)
    tally = part.tallied()
    return Compared(item.part, tally.rows, tally.differing)


def job_of(item: PlanItem) -> Job:
    return Job.model_validate({"seller": item.seller, "account": item.account, "run": item.run})


def part_of(work: Work, job: Job, pinned: Pinned) -> Part:
    """What a range comes to. It follows from what is pinned and stored, whenever it is asked."""
    try:
        return _compared(work, job, pinned)
    except RejectedError as error:
        return Part(location=pinned.item.location, cause=str(error))


def _compared(work: Work, job: Job, pinned: Pinned) -> Part:
    item = pinned.item
    book = books.rows_book(job.account, item.location)
    inherited = inherited_manifest(work, job, item.location, item.previous)
    reader = BookReader(work.pages, book, ROWS, inherited) if inherited.frames else None
    told = _Told(_explaining(pinned, reader))
    rows = told.pages(_rows(pinned))
    frames = write_range(
        work.pages, book, ROWS, _within(inherited.frames, item), rows, told.sheets.of
    )
    return Part(
        location=item.location,
        frames=frames,
        tally=told.tally.model_dump(),
        usage=work.meter.usage.model_dump(),
        groups=[group.model_dump() for group in told.explaining.groups.all],
    )


class _Told:
    """Explains pages while they stream through, sums their tallies and keeps their sheets."""

    def __init__(self, explaining: Explaining) -> None:
        self.explaining = explaining
        self.tally = Tally()
        self.sheets = Sheets()

    def pages(self, compared: Iterable[RowsWithOrigin]) -> Iterator[Page]:
        for page, sheet, tally in map(self.explaining.page, compared):
            self.tally += tally
            self.sheets.add(sheet)
            yield page


def _explaining(pinned: Pinned, reader: BookReader | None) -> Explaining:
    item = pinned.item
    previous = PreviousRows(reader, item.previous_version, item.previous_at)
    return Explaining(
        evidence=pinned.evidence(),
        explain=explain,
        previous=previous,
        episodes=Episodes(previous, item.previous_version + 1, pinned.captured_from),
    )


def _rows(pinned: Pinned) -> Iterator[RowsWithOrigin]:
    item = pinned.item
    observations = pinned.observed.scan(item.location, item.lo, item.hi)
    return pinned.joint(item.location, pinned.members).rows(observations, item.lo, item.hi)


def _within(frames: Sequence[Frame], item: PlanItem) -> Sequence[Frame]:
    """The previous version's frames that begin in the range; ranges are cut at their beginnings."""
    return [
        frame
        for frame in frames
        if (item.lo is None or frame.first_key >= item.lo)
        and (item.hi is None or frame.first_key < item.hi)
    ]

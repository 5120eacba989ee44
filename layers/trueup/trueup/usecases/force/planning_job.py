"""How far the making of a plan has come, kept between turns; and the pages it has made so far."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from trueup.books.manifest import Manifest, load_manifest, save_manifest
from trueup.books.reader import BookReader
from trueup.books.schema import PLANNED
from trueup.books.writer import write_range
from trueup.domain.accounts import Entity, Slug
from trueup.domain.cases import Part
from trueup.domain.errors import DefectError
from trueup.domain.force import ForcePlan, ForceSettings, PlanPlace, PlanSummary
from trueup.domain.runs import Head
from trueup.domain.time import Instant
from trueup.ports import PageStore, Registry, Stored
from trueup.usecases.books import plan_book
from trueup.usecases.force.plan_counting import Counting
from trueup.usecases.force.planned_rows import Row, page_of
from trueup.usecases.step_input import StepInput

KEPT = timedelta(days=7)
"""Should it ever be left behind."""


class PlanJob(StepInput):
    """The input of the step."""

    account: str
    plan: str


class Begun(Part):
    """A location at work: the version that its rows are of, what is made, and from where to go on.

    `head`: that version, while rows are made of it. `made`: the manifest of the pages so far, ""
    none. `after`: the key to go on from.
    """

    location: str
    version: int
    as_of: Instant
    head: Head | None = None
    made: str = ""
    after: str = ""
    decreases: int = 0
    rest: int = 0


class Planning(Entity):
    """The making of one plan. It goes when the plan is proposed, or failed.

    `settings`: as they were when it began. `rows`: of all its locations. `places`: that are done.
    `above`: rows above publishable. `limiting`: all rows are made, and those beyond the first live
    force are being left out; `places` are then those of that, `unlimited` those of before.
    """

    record: ClassVar[str] = "force-planning"
    audited: ClassVar[bool] = False

    account: Slug
    plan: str
    begun_at: Instant
    settings: ForceSettings
    first: bool
    rows: int = 0
    places: tuple[PlanPlace, ...] = ()
    begun: Begun | None = None
    summary: PlanSummary = PlanSummary()
    above: int = 0
    limiting: bool = False
    unlimited: tuple[PlanPlace, ...] = ()

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.plan)

    @property
    def forget_at(self) -> datetime:
        return self.begun_at + KEPT


def plan_of(registry: Registry, job: PlanJob) -> Stored[ForcePlan]:
    """DefectError: it was never asked for."""
    stored = registry.get(ForcePlan, job.account, job.plan)
    if stored is None:
        raise DefectError(f"Force plan {job.plan} does not exist.")
    return stored


def added(
    pages: PageStore, planning: Planning, begun: Begun, rows: Sequence[Row], after: str | None
) -> Planning:
    """With some more rows of the location at work; `after` None: these were its last.

    Everything it stores is named by its content: doing it again changes nothing.
    """
    counting = Counting(planning.summary)
    counting.add(begun.location, rows)
    book = plan_book(planning.plan, begun.location)
    manifest = _made(pages, book, begun, rows)
    changes = {
        "made": save_manifest(pages, book, manifest),
        "after": after or "",
        "decreases": begun.decreases + counting.decreases,
        "rest": begun.rest + counting.rest,
    }
    now = begun.model_copy(update=changes)
    places = planning.places if after is not None else (*planning.places, _place(now, manifest))
    return planning.model_copy(
        update={
            "begun": now if after is not None else None,
            "places": places,
            "summary": counting.summary,
            "above": planning.above + counting.above,
        }
    )


def _made(pages: PageStore, book: str, begun: Begun, rows: Sequence[Row]) -> Manifest:
    before = load_manifest(pages, book, begun.made).frames if begun.made else ()
    more = write_range(pages, book, PLANNED, (), iter([page_of(rows)] if rows else []))
    return Manifest.of(PLANNED.kind, (*before, *more))


def _place(begun: Begun, manifest: Manifest) -> PlanPlace:
    return PlanPlace(
        channel_location=begun.location,
        version=begun.version,
        as_of=begun.as_of,
        manifest=begun.made,
        rows=manifest.rows,
        decreases=begun.decreases,
        rest=begun.rest,
    )


def planned_reader(pages: PageStore, plan: str, place: PlanPlace) -> BookReader:
    """The rows of one location of a plan."""
    book = plan_book(plan, place.channel_location)
    return BookReader(pages, book, PLANNED, load_manifest(pages, book, place.manifest))

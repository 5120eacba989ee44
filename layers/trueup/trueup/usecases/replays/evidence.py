"""Whether what a run was made from, and what it made, is still what was stored then."""

from collections.abc import Iterator

from trueup.books.blobs import content_hash
from trueup.books.manifest import Frame, Manifest
from trueup.books.soundness import manifest_name, unsound_frames, unsound_version
from trueup.domain.errors import NotFoundError
from trueup.domain.runs import BookPin, Inputs, LocationResult, Run, RunState, Version
from trueup.usecases.books import rows_book
from trueup.usecases.reconcile.gathering import gathered_segments
from trueup.usecases.reconcile.job import Job, fetch_of
from trueup.usecases.reconcile.parts import PlanItem, load_part
from trueup.usecases.work import Work


def unsound_segments(work: Work, job: Job, run: Run) -> str:
    """What is wrong with what the channel showed or the ledger said; "" if nothing is."""
    try:
        gathered = gathered_segments(work, job, run.inputs)
        for segment in (*fetch_of(work, job).value.segments, *gathered):
            if not segment.key.endswith(f"/{content_hash(work.evidence.get(segment.key))}.seg"):
                return f"The segment {segment.key} was altered."
    except NotFoundError as error:
        return f"Evidence is gone: {error}"
    return ""


def unsealed(work: Work, job: Job, run: Run, plan: list[PlanItem]) -> LocationResult | None:
    """A location of which other rows became visible than the run's parts made."""
    for result in run.locations:
        if result.state is RunState.SUCCEEDED and not _sealed(work, job, result, plan):
            return result
    return None


def unsound_range(work: Work, inputs: Inputs, item: PlanItem, made: list[Frame]) -> str:
    """What is wrong with the pages that a range was made from, or with those it made; ""."""
    book = rows_book(item.account, item.location)
    pins = [(pin.book, pin.manifest) for pin in _pins(inputs, item.location)]
    if item.previous is not None:
        pins.append((book, item.previous))
    checks = (unsound_version(work.pages, *pin, item.lo, item.hi) for pin in pins)
    return next(filter(None, checks), "") or unsound_frames(work.pages, book, made)


def _sealed(work: Work, job: Job, result: LocationResult, plan: list[PlanItem]) -> bool:
    book = rows_book(job.account, result.channel_location)
    stored = work.registry.get(Version, book, f"{result.version or 0:012d}")
    mine = [item for item in plan if item.location == result.channel_location]
    parts = [load_part(work, job, item.part) for item in mine]
    frames = [frame for part in parts if part is not None for frame in part.frames]
    name = manifest_name(book, Manifest.of("rows", frames))
    return stored is not None and stored.value.manifest == name


def _pins(inputs: Inputs, place: str) -> Iterator[BookPin]:
    """The books that a channel location's rows are compared with."""
    if inputs.listings is not None:
        yield inputs.listings
    link = next(link for link in inputs.links if link.channel_location == place)
    for code in dict.fromkeys(member.location for member in link.members):
        terms, ledger = inputs.places.get(code), inputs.ledgers.get(code)
        own = (ledger.baseline, ledger.positions) if ledger else ()
        earlier = terms.earlier if terms else None
        yield from filter(None, (inputs.baselines.get(code), earlier, *own))

"""What a run reads of the ledger, gathered once into sorted segments beside its other evidence.

So that a child of the Map reads its key range alone by ranged reads, and a replay reads the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from trueup.books.pages import Page, concat, take
from trueup.books.schema import MOVEMENTS, PUSHES, BookSchema
from trueup.books.segments import Captured, SegmentSet, SegmentWriter
from trueup.domain.errors import NotFoundError
from trueup.domain.ledger import LedgerPin
from trueup.domain.runs import Inputs, Segment
from trueup.domain.time import from_milliseconds, iso
from trueup.usecases.ledger.checkpoints import Asked, pin_ledger
from trueup.usecases.members import GatheredMoves, Moved
from trueup.usecases.reconcile.job import Job, prefix_of
from trueup.usecases.reconcile.moved import moved_pages
from trueup.usecases.reconcile.pushed import pushed_pages
from trueup.usecases.work import Work

RUN_ROWS = 200_000
"""Sorted in memory at a time; more become several segments, which readers merge."""


class _Stored(msgspec.Struct, frozen=True):
    key: str
    size: int
    rows: int


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run's evidence of the ledger is, by the seller's locations."""

    schema: int = 2
    """1: each SKU that moved has its base with its movements."""
    pins: dict[str, dict[str, Any]] = {}
    movements: tuple[_Stored, ...] = ()
    pushes: tuple[_Stored, ...] = ()


def gather_evidence(work: Work, job: Job, inputs: Inputs, captured_from: int) -> None:
    """Store what the pins of a run cover; nothing where there are none. A repeat changes nothing.

    `captured_from`: the oldest capture (milliseconds). A ledger whose base is later than that is
    pinned anew as of then.
    """
    if not _pinned(inputs) or _gathered(work, job) is not None:
        return
    pins = {code: _as_of(work, pin, captured_from) for code, pin in inputs.ledgers.items()}
    writer = SegmentWriter(work.evidence, f"{_folder(work, job)}/")
    found = Gathered(
        pins={code: pin.model_dump(mode="json") for code, pin in pins.items()},
        movements=_stored(writer, MOVEMENTS, _movements(work, inputs, pins)),
        pushes=_stored(writer, PUSHES, pushed_pages(work, job.account, inputs)),
    )
    work.evidence.put(_index_key(work, job), msgspec.json.encode(found), "application/json")


@dataclass(frozen=True, slots=True)
class LedgerEvidence:
    """What a run gathered: what moved since the base, by location that has a ledger, and pushes."""

    pins: dict[str, LedgerPin]
    moves: Mapping[str, Moved]
    pushes: SegmentSet


def gathered_evidence(work: Work, job: Job, inputs: Inputs) -> LedgerEvidence:
    """NotFoundError: the run never gathered it."""
    found = _found(work, job, inputs)
    segments = SegmentSet(work.evidence, map(_segment, found.movements), MOVEMENTS)
    return LedgerEvidence(
        pins={code: LedgerPin.model_validate(pin) for code, pin in found.pins.items()},
        moves={code: GatheredMoves(segments, code) for code in inputs.ledgers},
        pushes=SegmentSet(work.evidence, map(_segment, found.pushes), PUSHES),
    )


def gathered_segments(work: Work, job: Job, inputs: Inputs) -> tuple[Segment, ...]:
    """All that a run gathered. NotFoundError as `gathered_evidence`."""
    found = _found(work, job, inputs)
    return tuple(map(_segment, (*found.movements, *found.pushes)))


def _found(work: Work, job: Job, inputs: Inputs) -> Gathered:
    if not _pinned(inputs):
        return Gathered()
    return msgspec.json.decode(work.evidence.get(_index_key(work, job)), type=Gathered)


def _pinned(inputs: Inputs) -> bool:
    return bool(inputs.ledgers or inputs.pushes)


def _as_of(work: Work, pin: LedgerPin, captured_from: int) -> LedgerPin:
    if max(pin.base_at, pin.stated_to) <= captured_from:
        return pin
    earlier = pin_ledger(work.registry, work.ledger, pin.location, Asked(at=captured_from))
    # Captured before anything was stated: compared with what is, as without a ledger.
    return earlier if earlier.baseline or earlier.positions else pin


def _movements(work: Work, inputs: Inputs, pins: Mapping[str, LedgerPin]) -> Iterator[Captured]:
    for location in sorted(pins):
        pin, terms = pins[location], inputs.places.get(location)
        at = iso(from_milliseconds(pin.base_at))
        # What is known by snapshots alone is compared with more than one of them.
        stored = terms is None or not terms.snapshots_only
        for page in moved_pages(work.pages, work.ledger, pin, RUN_ROWS, stored=stored):
            yield Captured(location, at, page)


def _stored(
    writer: SegmentWriter, schema: BookSchema, pages: Iterable[Captured]
) -> tuple[_Stored, ...]:
    runs = SortedRuns(writer, schema)
    for captured in pages:
        runs.add(captured)
    return tuple(_Stored(s.key, s.size, s.rows) for s in runs.end())


def _segment(stored: _Stored) -> Segment:
    return Segment(key=stored.key, size=stored.size, rows=stored.rows)


class SortedRuns:
    """Collects sorted pages by location, and writes them as segments of a bounded size."""

    def __init__(self, writer: SegmentWriter, schema: BookSchema) -> None:
        self._writer = writer
        self._schema = schema
        self._held: list[Captured] = []
        self._rows = 0
        self._segments: list[Segment] = []

    def add(self, captured: Captured) -> None:
        """Locations in ascending order; the pages of one may overlap, and share no key."""
        rows = len(captured.page)
        if not rows:
            return
        if self._rows + rows > RUN_ROWS:
            self._flush()
        self._held.append(captured)
        self._rows += rows

    def end(self) -> list[Segment]:
        self._flush()
        return self._segments

    def _flush(self) -> None:
        if not self._held:
            return
        locations = dict.fromkeys(one.location for one in self._held)
        rows = (_joined([c for c in self._held if c.location == name]) for name in locations)
        self._segments.append(self._writer.write(self._schema, rows))
        self._held, self._rows = [], 0


def _joined(parts: Sequence[Captured]) -> Captured:
    """The pages of one location as one."""
    if len(parts) == 1:
        return parts[0]
    page: Page = concat([part.page for part in parts])
    order = sorted(range(len(page)), key=page.keys.__getitem__)
    return parts[0]._replace(page=take(page, order))


def _gathered(work: Work, job: Job) -> bytes | None:
    try:
        return work.evidence.get(_index_key(work, job))
    except NotFoundError:
        return None


def _folder(work: Work, job: Job) -> str:
    return f"{prefix_of(work, job)}/ledger"


def _index_key(work: Work, job: Job) -> str:
    return f"{_folder(work, job)}/index.json"

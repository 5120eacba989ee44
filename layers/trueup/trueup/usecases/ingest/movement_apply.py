"""Applying a movement file: its movements are appended, and how far is remembered.

Whoever dies on the way goes on from there; what was appended already is found to be.
"""

from collections.abc import Callable, Iterator
from itertools import groupby, islice

from trueup.domain.imports import Import, ImportState, Passage
from trueup.domain.movements import Movement
from trueup.ledger.streams import movements_stream
from trueup.ports import Create, Remove, Replace, Stored
from trueup.usecases.ingest import objects
from trueup.usecases.ingest.movement_rows import SCHEMA, movement_of
from trueup.usecases.ingest.sorting import in_order
from trueup.usecases.ingest.work import IngestWork
from trueup.usecases.ledger.agenda import arrange_closing, arrange_tending
from trueup.usecases.ledger.appending import Appended, append

CHUNK = 10_000
"""Movements that are appended before the import's progress is written."""


def apply_movements(
    work: IngestWork, stored: Stored[Import], hurried: Callable[[], bool]
) -> Import:
    """Append what is left of a file, until it is done or time is short; as far as it came.

    ConflictError: another one is at it too.
    """
    passage = _begun(work, stored.value)
    for location, movements in _chunks(work, stored.value, passage.value.applied):
        arrange_closing(work.registry, work.clock, location)
        arrange_tending(work.registry, work.clock, location, movements)
        found = append(work.ledger, work.clock, movements_stream(location), movements)
        arrange_tending(work.registry, work.clock, location, movements)
        passage = _written(work, passage, _moved(passage.value, found, len(movements)))
        if hurried():
            return stored.value
    ended = _ended(work, stored.value, passage.value)
    work.registry.write(Replace(ended, stored.version), Remove(passage.value, passage.version))
    return ended


def _begun(work: IngestWork, item: Import) -> Stored[Passage]:
    found = work.registry.get(Passage, item.id)
    if found is not None:
        return Stored(found.value.model_copy(update={"resumed": True}), found.version)
    work.registry.write(Create(Passage(id=item.id)))
    return work.registry.get(Passage, item.id) or _begun(work, item)


def _chunks(work: IngestWork, item: Import, applied: int) -> Iterator[tuple[str, list[Movement]]]:
    """What has not been gone through, by location."""
    segments = objects.segments_of(item, work.seller, objects.ROWS)
    texts = (
        text for page in in_order(work.files, segments, SCHEMA) for text in page.texts["movement"]
    )
    left = map(movement_of, islice(texts, applied, None))
    for location, movements in groupby(left, key=lambda movement: movement.location):
        while chunk := list(islice(movements, CHUNK)):
            yield location, chunk


def _moved(passage: Passage, found: Appended, movements: int) -> Passage:
    changes = {
        "applied": passage.applied + movements,
        "rows_changed": passage.rows_changed + len(found.accepted),
        "duplicates": passage.duplicates + len(found.duplicates),
        "conflicts": passage.conflicts + len(found.conflicts) + len(found.refused),
    }
    return passage.model_copy(update=changes)


def _written(work: IngestWork, stored: Stored[Passage], passage: Passage) -> Stored[Passage]:
    work.registry.write(Replace(passage, stored.version))
    return Stored(passage, stored.version + 1)


def _ended(work: IngestWork, item: Import, passage: Passage) -> Import:
    new = passage.rows_changed or passage.resumed
    counted = item.model_copy(update=passage.counts)
    changes = {
        "state": ImportState.APPLIED if new else ImportState.UNCHANGED,
        "cause": _told(counted, passage.resumed),
        "finished_at": work.clock(),
    }
    return counted.model_copy(update=changes)


def _told(item: Import, resumed: bool) -> str | None:  # noqa: FBT001 - one caller
    """What a person should know of a file whose movements were not all new."""
    own = ", maybe from before this import was interrupted" if resumed else ""
    known = f"Known already: {item.duplicates} movements{own}." if item.duplicates else ""
    lost = "Not stored, as their ids are known and said something else, or they came too late"
    untaken = f"{lost}: {item.conflicts} movements." if item.conflicts else ""
    return " ".join(filter(None, (item.cause, known, untaken))) or None

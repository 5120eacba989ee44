"""How the subject of a case stands in the newest version of its location."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from trueup.books.manifest import load_manifest
from trueup.books.reader import BookReader
from trueup.books.schema import ROWS, VARIANCES
from trueup.domain.accounts import Location
from trueup.domain.cases import Subject, SubjectKind
from trueup.domain.errors import NotFoundError, RejectedError
from trueup.ports import PageStore, Registry
from trueup.usecases.exceptions.incidents import require_incident
from trueup.usecases.exceptions.source_places import SourcePlace, source_place
from trueup.usecases.exceptions.stakes import Staked, staked
from trueup.usecases.exceptions.visible import Place, Sight


@dataclass(frozen=True, slots=True)
class Seen:
    """`gap` and `cause` of a row; an incident's rows have gaps of their own. `place` None: a
    source's, which no run looks at.
    """

    place: Place | None
    cause: str
    gap: int | None = None


def look(registry: Registry, pages: PageStore, subject: Subject, now: datetime) -> Seen:
    """What is there now. NotFoundError: nothing by this name; RejectedError: the row matches."""
    if subject.cause is not None:
        incident = require_incident(registry, subject, now)
        return Seen(incident.place, incident.group.cause)
    if subject.kind is SubjectKind.SOURCE:
        if registry.get(Location, subject.location) is None:
            raise NotFoundError(f"You have no location {subject.location}.")
        return source_seen(registry, pages, subject)
    place = Sight(registry).place(subject.account or "", subject.location)
    row = differing_rows(pages, place, [subject.what]).get(subject.what)
    if row is None:
        require_row(pages, place, subject.what)
        raise RejectedError("This row matches; there is nothing to have a case about.")
    return Seen(place, row.cause, row.gap)


def source_seen(registry: Registry, pages: PageStore, subject: Subject) -> Seen:
    """A source's SKU, as it was last stated; `gap`: expected sellable less stated, in base units.

    People may have cases about SKUs that agree, as after a count.
    """
    place = source_place(registry, subject.location)
    found = stated_rows(pages, place, [subject.what]).get(subject.what) if place else None
    if found is None:
        return Seen(place, "variance")
    return Seen(place, found["cause"], found["delta"])


def stated_rows(
    pages: PageStore, place: SourcePlace, skus: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Those of some SKUs that were stated otherwise than expected, by SKU."""
    manifest = load_manifest(pages, place.head.book, place.head.manifest)
    return BookReader(pages, place.head.book, VARIANCES, manifest).get(sorted(skus))


def require_row(pages: PageStore, place: Place, key: str) -> None:
    """NotFoundError: the location's rows have none by this key."""
    if not place.rows(pages).get([key]):
        raise NotFoundError("There is no such row.")


def differing_rows(pages: PageStore, place: Place, keys: Sequence[str]) -> dict[str, Staked]:
    """Those of some rows that do not match, by key; reads only the sheets that may hold them."""
    manifest = load_manifest(pages, place.head.book, place.head.manifest)
    reader = BookReader(pages, place.head.book, ROWS, manifest)
    found: dict[str, Staked] = {}
    for frame, wanted in groupby(sorted(keys), lambda key: manifest.between(key, key + "\x00")):
        if any(one.sheet_rows for one in frame):
            found.update(_of(reader, list(wanted)))
    return found


def _of(reader: BookReader, keys: Sequence[str]) -> Iterable[tuple[str, Staked]]:
    """Rows of one frame."""
    wanted = set(keys)
    for page in reader.differing(keys[0], keys[-1] + "\x00"):
        rows = [row for row in page.rows() if row["key"] in wanted]
        yield from ((row.key, row) for row in staked(rows, None))

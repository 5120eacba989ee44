"""Evidence bundles: all that is known of a row or an incident, in one bounded answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trueup.books.schema import OBSERVATIONS, Observed
from trueup.books.segments import SegmentSet
from trueup.domain.cases import Case, Comment, Subject, SubjectKind
from trueup.domain.errors import NotFoundError
from trueup.domain.keys import channel_key_of, is_unlisted, sku_of
from trueup.domain.movements import Movement
from trueup.domain.runs import Fetch, Inputs
from trueup.domain.time import from_milliseconds
from trueup.ports import Ledger, ObjectStore, PageStore, Registry
from trueup.usecases.exceptions.incidents import Incident, require_incident
from trueup.usecases.exceptions.subjects import require_row
from trueup.usecases.exceptions.visible import Place, Sight
from trueup.usecases.ledger.checkpoints import pin_ledger
from trueup.usecases.ledger.gathering import gather_sku
from trueup.usecases.rows.divergence import MAX_MOVEMENTS, Divergence, Rows

MAX_ROWS = 5
"""Of an incident's bundle: its samples."""

MAX_COMMENTS = 100


@dataclass(frozen=True, slots=True)
class Raw:
    """What the channel answered about an item, as it was fetched. None: no quantity."""

    captured_at: datetime
    quantity: int | None
    allocated: int
    product_id: str
    gtin: str
    title: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What a comparison was made from. Versions by the seller's location; `ledgers`: the last
    block of each shard.
    """

    run: str
    rows_version: int
    captured_at: datetime
    stock_locations: tuple[str, ...]
    listings_version: int | None
    baselines: dict[str, int]
    ledgers: dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class RowEvidence:
    """`divergence` None: the row matches now. `raw` None: the answer is no longer kept."""

    key: str
    divergence: Divergence | None
    raw: Raw | None


@dataclass(frozen=True, slots=True)
class Bundle:
    """`movements`: of a source's SKU, or of its incident's samples, the latest ones; a row's are
    in its divergence.
    """

    subject: Subject
    incident: Incident | None
    origin: Origin | None
    rows: tuple[RowEvidence, ...]
    movements: tuple[Movement, ...] = ()


@dataclass(frozen=True)
class Archive:
    """What bundles are read from."""

    registry: Registry
    pages: PageStore
    ledger: Ledger
    evidence: ObjectStore
    now: datetime

    def bundle(self, subject: Subject) -> Bundle:
        """NotFoundError: its location was never compared, or there is no such incident now."""
        if subject.account is None:
            return self._of_source(subject)
        place, incident = self._place(subject), None
        keys: Sequence[str] = [subject.what]
        if subject.kind is SubjectKind.INCIDENT:
            incident = require_incident(self.registry, subject, self.now)
            keys = incident.group.samples[:MAX_ROWS]
        rows = tuple(self._row(place, key) for key in keys)
        return Bundle(subject, incident, _origin(place), rows)

    def of_row(self, subject: Subject) -> Bundle:
        """As `bundle`, of a row. NotFoundError: also where nothing is known of it."""
        bundle = self.bundle(subject)
        if all(one.divergence is None and one.raw is None for one in bundle.rows):
            require_row(self.pages, self._place(subject), subject.what)
        return bundle

    def of_case(self, case: Case) -> Bundle:
        """As `bundle`; of an incident that has gone, what is left of it."""
        try:
            return self.bundle(case.subject)
        except NotFoundError:
            return Bundle(case.subject, None, None, ())

    def comments(self, case: str) -> list[Comment]:
        """The latest ones, the oldest of them first."""
        found = self.registry.list(Comment, case, limit=MAX_COMMENTS, newest_first=True)
        return [stored.value for stored in reversed(found.items)]

    def _place(self, subject: Subject) -> Place:
        return Sight(self.registry).place(subject.account or "", subject.location)

    def _row(self, place: Place, key: str) -> RowEvidence:
        found = Rows(self.registry, self.pages, self.ledger).divergences(
            place.account, place.location, sku_of(key)
        )
        name = (None if is_unlisted(key) else sku_of(key), channel_key_of(key))
        mine = (one for one in found if (one.row.seller_identifier, _code(one)) == name)
        return RowEvidence(key, next(mine, None), self._raw(place, key))

    def _raw(self, place: Place, key: str) -> Raw | None:
        fetch = self.registry.get(Fetch, place.account, place.head.made_by)
        if fetch is None:
            return None
        segments = SegmentSet(self.evidence, fetch.value.segments, OBSERVATIONS)
        try:
            return next(_answers(segments, place.location, key), None)
        except NotFoundError:  # evidence is kept for some months only
            return None

    def _of_source(self, subject: Subject) -> Bundle:
        if subject.cause is None:
            return Bundle(subject, None, None, (), self._moved(subject.location, subject.what))
        incident = require_incident(self.registry, subject, self.now)
        skus = incident.group.samples[:MAX_ROWS]
        moved = [m for sku in skus for m in self._moved(subject.location, sku)]
        return Bundle(subject, incident, None, (), tuple(moved[-MAX_MOVEMENTS:]))

    def _moved(self, location: str, sku: str) -> tuple[Movement, ...]:
        pin = pin_ledger(self.registry, self.ledger, location)
        return tuple(gather_sku(self.ledger, pin, sku)[-MAX_MOVEMENTS:])


def _code(divergence: Divergence) -> str:
    return divergence.row.channel_identifier


def _answers(segments: SegmentSet, location: str, key: str) -> Iterator[Raw]:
    """What was observed under a row's key; what is not listed is observed under its code."""
    observed = channel_key_of(key) if is_unlisted(key) else key
    for page in segments.scan(location, observed, observed + "\x00"):
        yield from (_raw_of(values) for values in page.rows())


def _raw_of(values: dict[str, Any]) -> Raw:
    return Raw(
        captured_at=from_milliseconds(values["captured_at"]),
        quantity=None if values["unknown"] & Observed.NO_QUANTITY else values["reported"],
        allocated=values["allocated"],
        product_id=values["product_id"],
        gtin=values["gtin"],
        title=values["title"],
    )


def _origin(place: Place) -> Origin:
    inputs = place.run.inputs if place.run else Inputs()
    links = [link for link in inputs.links if link.channel_location == place.location]
    return Origin(
        run=place.head.made_by,
        rows_version=place.head.version,
        captured_at=place.captured_at,
        stock_locations=tuple(m.location for link in links for m in link.members),
        listings_version=inputs.listings.version if inputs.listings else None,
        baselines={location: pin.version for location, pin in inputs.baselines.items()},
        ledgers={location: pin.cut for location, pin in inputs.ledgers.items()},
    )

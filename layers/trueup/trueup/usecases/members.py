"""The seller locations that feed a link: where their positions start from, and what moved since."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from trueup.books.pages import Page
from trueup.books.reader import BookReader
from trueup.books.schema import BASELINE
from trueup.books.segments import SegmentSet
from trueup.compare.overlaying import POSITION_INTS, as_position, overlaid
from trueup.compare.pools import BASELINE_INTS
from trueup.domain.accounts import Link, Member
from trueup.domain.ledger import LedgerPin
from trueup.domain.runs import BookPin, Inputs, LocationTerms
from trueup.domain.time import milliseconds
from trueup.ledger.books import POSITIONS
from trueup.ledger.paging import page_of
from trueup.ports import Ledger, PageStore
from trueup.usecases.books import open_book
from trueup.usecases.ledger.gathering import gather_skus
from trueup.usecases.reconcile.standing import standings_of


class Moved(Protocol):
    """What happened at a location since the base, in the columns of MOVEMENTS."""

    def scan(self, lo: str | None, hi: str | None) -> Iterator[Page]:
        """Keys from `lo` to before `hi`."""
        ...

    def get(self, skus: Sequence[str]) -> Page:
        """All there is of some sorted SKUs."""
        ...


@dataclass(frozen=True, slots=True)
class GatheredMoves:
    """As a run gathered it."""

    segments: SegmentSet
    location: str

    def scan(self, lo: str | None, hi: str | None) -> Iterator[Page]:
        return self.segments.scan(self.location, lo, hi)

    def get(self, skus: Sequence[str]) -> Page:
        return self.segments.of_skus(self.location, skus)


@dataclass(frozen=True, slots=True)
class LiveMoves:
    """As the ledger says, of a few SKUs: a range must be of one SKU, which `lo` names."""

    pages: PageStore
    ledger: Ledger
    pin: LedgerPin

    def scan(self, lo: str | None, hi: str | None) -> Iterator[Page]:  # noqa: ARG002
        page = self.get([lo or ""])
        return iter([page] if len(page) else [])

    def get(self, skus: Sequence[str]) -> Page:
        told = gather_skus(self.ledger, self.pin, skus)
        return page_of(standings_of(self.pages, self.pin, told))


class Stored(Protocol):
    """Positions by SKU, in the columns that BASELINE has at least."""

    def scan(self, lo: str | None, hi: str | None) -> Iterator[Page]: ...
    def get(self, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """A baseline, with what a closed book says in its place."""

    baseline: BookReader | None
    positions: BookReader

    def scan(self, lo: str | None, hi: str | None) -> Iterator[Page]:
        below = self.baseline.scan(lo, hi) if self.baseline else iter(())
        return overlaid(below, self.positions.scan(lo, hi))

    def get(self, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        below = self.baseline.get(keys) if self.baseline else {}
        above = self.positions.get(keys).values()
        return below | {row["key"]: row for row in map(as_position, above)}


@dataclass(frozen=True, slots=True)
class MemberStock:
    """One member of a link. `base`: the baseline that it starts from, None where there is none.

    `checkpoint`: what a closed book says of the time of `base_at` (milliseconds) goes before it.
    `snapshots`: of a location that is known by snapshots alone, the newest ones, oldest first.
    """

    location: str
    share: int
    base: BookPin | None
    base_at: int
    complete: bool
    terms: LocationTerms
    moves: Moved | None
    snapshots: tuple[BookPin, ...] = ()
    checkpoint: BookPin | None = None

    def stale(self, now: int) -> bool:
        """Whether it is known by snapshots alone, and the newest is past its age limit."""
        limit = self.terms.max_age_minutes
        if limit is None or not self.snapshots:
            return False
        return now - instant_of(self.snapshots[-1]) > limit * 60_000

    @property
    def columns(self) -> tuple[str, ...]:
        if self.checkpoint is not None:
            return POSITION_INTS
        dated = self.base is not None and self.base.stated_to is not None
        return (*BASELINE_INTS, "stated_at") if dated else BASELINE_INTS

    def reader(self, pages: PageStore) -> Stored | None:
        below = None if self.base is None else open_book(pages, self.base, BASELINE)
        if self.checkpoint is None:
            return below
        return Checkpointed(below, open_book(pages, self.checkpoint, POSITIONS))


def live_moves(pages: PageStore, ledger: Ledger, inputs: Inputs) -> dict[str, Moved]:
    """What moved since the base, by location, as the ledger says itself."""
    return {code: LiveMoves(pages, ledger, pin) for code, pin in inputs.ledgers.items()}


def members_of(
    inputs: Inputs, link: Link, moves: Mapping[str, Moved], at: int
) -> list[MemberStock]:
    """A link's members as pinned; `moves` by location, of those that have a ledger.

    `at`: the newest capture, milliseconds: of snapshots, the last one up to it is the base.
    """
    return [_member(inputs, member, moves.get(member.location), at) for member in link.members]


def instant_of(baseline: BookPin | None) -> int:
    """What a baseline is of, milliseconds."""
    return milliseconds(baseline.as_of) if baseline and baseline.as_of else 0


def _member(inputs: Inputs, member: Member, moves: Moved | None, at: int) -> MemberStock:
    location = member.location
    pin, terms = inputs.ledgers.get(location), inputs.places.get(location, LocationTerms())
    baseline = inputs.baselines.get(location) if pin is None else pin.baseline
    snapshots = _snapshots(terms, baseline)
    base = next((s for s in reversed(snapshots) if instant_of(s) <= at), baseline)
    closed = pin if pin is not None and pin.until >= pin.baseline_at else None
    return MemberStock(
        location=location,
        share=member.share,
        base=base,
        base_at=pin.base_at if pin else instant_of(base),
        complete=base is not None and base.complete,
        terms=terms,
        moves=moves,
        snapshots=snapshots,
        checkpoint=closed.positions if closed else None,
    )


def _snapshots(terms: LocationTerms, newest: BookPin | None) -> tuple[BookPin, ...]:
    if not terms.snapshots_only:
        return ()
    return tuple(pin for pin in (terms.earlier, newest) if pin is not None)

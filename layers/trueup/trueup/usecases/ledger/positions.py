"""Positions at any instant, as they were and as we then knew them; and their movements."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby, islice
from operator import attrgetter

from trueup.books.schema import BASELINE, BookSchema
from trueup.domain.errors import Fault, RejectedError
from trueup.domain.ledger import LedgerPin
from trueup.domain.movements import Movement
from trueup.domain.runs import BookPin
from trueup.domain.time import milliseconds
from trueup.ledger.books import POSITIONS
from trueup.ledger.fold import advance
from trueup.ledger.positions import PositionAt
from trueup.ledger.state import AFTER_ALL, ON_HAND, Order, State
from trueup.ports import Ledger, PageStore
from trueup.usecases.books import open_book
from trueup.usecases.ledger.checkpoints import EVER, Asked, pin_ledger
from trueup.usecases.ledger.desk import LedgerDesk, ListCursor, read_cursor, write_cursor
from trueup.usecases.ledger.gathering import gather, gather_sku
from trueup.usecases.ledger.states import stated_for, states_at
from trueup.usecases.places import require_location
from trueup.usecases.retention import KEPT_DAYS

MAX_POSITIONS = 500
"""On a page of a location's positions."""

_SKU = attrgetter("sku")


@dataclass(frozen=True, slots=True)
class SkuPosition:
    """One SKU's position, and what it follows from.

    `anchor`: the count ("source:id") or, if "baseline", the import that on hand starts from; None:
    nothing ever said what there is. Instants in milliseconds. `movements` were applied to what
    was known at `base_at`, late ones included; `claims`: what sources that do not own movements
    here said of that time.
    """

    sku: str
    position: PositionAt
    anchor: str | None
    anchored_at: int | None
    base_at: int
    movements: tuple[Movement, ...] = ()
    claims: tuple[Movement, ...] = ()


@dataclass(frozen=True, slots=True)
class PositionsPage:
    positions: tuple[SkuPosition, ...]
    at: int
    known_at: int
    cursor: str | None


def position_of(
    desk: LedgerDesk,
    location: str,
    sku: str,
    at: datetime | None = None,
    known_at: datetime | None = None,
) -> SkuPosition:
    """NotFoundError: no such location; RejectedError: an instant that is not kept any more."""
    require_location(desk.registry, location)
    asked = _asked(desk, at, known_at)
    pin = pin_ledger(desk.registry, desk.ledger, location, asked)
    told = [m for m in gather_sku(desk.ledger, pin, sku) if m.occurred_at <= asked.at]
    return next(_settled(desk.pages, pin, {sku: told}))


def positions_of(
    desk: LedgerDesk,
    location: str,
    at: datetime | None = None,
    known_at: datetime | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> PositionsPage:
    """A location's positions by SKU; all pages are of the instant of the first one.

    Raises as `position_of`; RejectedError also for a cursor that is of something else.
    """
    require_location(desk.registry, location)
    scope = f"{desk.registry.seller}/positions/{location}"
    after, asked = None, _asked(desk, at, known_at)
    if cursor is not None:
        read = read_cursor(cursor, scope)
        after, asked = read.after, Asked(read.at, read.known_at)
    pin = pin_ledger(desk.registry, desk.ledger, location, asked)
    told = _told(desk.ledger, pin, asked.at, after)
    skus = list(islice(_skus(desk.pages, pin, sorted(told), after), limit + 1))
    found = _settled(desk.pages, pin, {sku: told.get(sku, []) for sku in skus[:limit]})
    more = None
    if len(skus) > limit:
        more = write_cursor(ListCursor(1, scope, asked.at, asked.known_at, skus[limit - 1]))
    return PositionsPage(tuple(found), asked.at, asked.known_at, more)


def _asked(desk: LedgerDesk, at: datetime | None, known_at: datetime | None) -> Asked:
    now = desk.clock()
    earliest = now - timedelta(days=KEPT_DAYS)
    faults = [
        Fault(name, f"is more than {KEPT_DAYS} days ago")
        for name, given in (("at", at), ("known_at", known_at))
        if given is not None and given < earliest
    ]
    if faults:
        raise RejectedError("Positions so long ago are not kept.", tuple(faults))
    known = EVER if known_at is None or known_at >= now else milliseconds(known_at)
    return Asked(milliseconds(at or now), known)


def _told(ledger: Ledger, pin: LedgerPin, at: int, after: str | None) -> dict[str, list[Movement]]:
    """Movements up to an instant by SKU, of the SKUs after one."""
    found = (m for m in gather(ledger, pin) if m.occurred_at <= at)
    return {
        sku: list(movements)
        for sku, movements in groupby(found, key=_SKU)
        if after is None or sku > after
    }


def _skus(
    pages: PageStore, pin: LedgerPin, moved: Sequence[str], after: str | None
) -> Iterator[str]:
    """All SKUs that something is known of, after one, in order."""
    books = ((pin.baseline, BASELINE), (pin.positions, POSITIONS))
    streams = [_keys(pages, pinned, schema, after) for pinned, schema in books]
    last = None
    for sku in merge(*streams, moved):
        if sku != last:
            yield sku
        last = sku


def _keys(
    pages: PageStore, pinned: BookPin | None, schema: BookSchema, after: str | None
) -> Iterator[str]:
    if pinned is not None:
        lo = None if after is None else after + "\x00"
        for page in open_book(pages, pinned, schema).scan(lo):
            yield from page.keys


def _settled(
    pages: PageStore, pin: LedgerPin, told: Mapping[str, list[Movement]]
) -> Iterator[SkuPosition]:
    """Positions of some sorted SKUs, after all of their movements that are given."""
    skus = list(told)
    states = states_at(pages, pin, skus)
    anew = pin.baseline_at > pin.until
    stated = stated_for(pages, pin, skus) if anew or pin.stated_to > pin.baseline_at else {}
    for sku in skus:
        says = stated.get(sku)
        advance(states[sku], told[sku], says if anew else None)
        at = says.at if says else pin.baseline_at
        yield _position(sku, states[sku], pin, at, told[sku])


def _position(
    sku: str, state: State, pin: LedgerPin, stated_at: int, told: Sequence[Movement]
) -> SkuPosition:
    anchor = state.anchors[ON_HAND]
    later = [movement for movement in told if movement.occurred_at > stated_at]
    return SkuPosition(
        sku=sku,
        position=state.at(),
        anchor=_name(anchor),
        anchored_at=None if anchor is None else anchor[0],
        base_at=max(pin.base_at, stated_at),
        movements=tuple(m for m in later if not m.claim),
        claims=tuple(m for m in later if m.claim),
    )


def _name(anchor: Order | None) -> str | None:
    if anchor is None:
        return None
    return "baseline" if anchor[1] == AFTER_ALL else f"{anchor[1]}:{anchor[2]}"

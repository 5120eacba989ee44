"""Positions at any instant, as they were and as we then knew them; and their movements."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby, islice
from operator import attrgetter

import msgspec

from trueup.books.schema import BASELINE, BookSchema
from trueup.domain.errors import Fault, RejectedError
from trueup.domain.ledger import LedgerPin
from trueup.domain.movements import Movement
from trueup.domain.runs import BookPin
from trueup.domain.time import Clock, milliseconds
from trueup.ledger.blocks import MOVEMENTS
from trueup.ledger.books import POSITIONS
from trueup.ledger.fold import advance
from trueup.ledger.positions import PositionAt
from trueup.ledger.state import AFTER_ALL, ON_HAND, Order, State
from trueup.ledger.streams import movements_stream, shard_of
from trueup.ports import Ledger, PageStore, Registry
from trueup.usecases.books import open_book
from trueup.usecases.ledger.checkpoints import EVER, Asked, pin_ledger
from trueup.usecases.ledger.gathering import gather, gather_sku
from trueup.usecases.ledger.states import stated_for, states_at
from trueup.usecases.places import require_location
from trueup.usecases.retention import KEPT_DAYS

MAX_POSITIONS = 500
"""On a page of a location's positions."""

MAX_LISTED = 200
"""Movements on a page of a SKU's."""

_BLOCKS_A_LOOK = 64
_SKU = attrgetter("sku")


@dataclass(frozen=True)
class LedgerDesk:
    """The ports that reading one seller's ledger works with."""

    registry: Registry
    pages: PageStore
    ledger: Ledger
    clock: Clock


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


@dataclass(frozen=True, slots=True)
class MovementsPage:
    """The newest recorded first. There may be none while there is a cursor: go on with it."""

    movements: tuple[Movement, ...]
    cursor: str | None


class _Cursor(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    schema: int
    scope: str
    at: int
    known_at: int
    after: str


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
        read = _read(cursor, scope)
        after, asked = read.after, Asked(read.at, read.known_at)
    pin = pin_ledger(desk.registry, desk.ledger, location, asked)
    told = _told(desk.ledger, pin, asked.at, after)
    skus = list(islice(_skus(desk.pages, pin, sorted(told), after), limit + 1))
    found = _settled(desk.pages, pin, {sku: told.get(sku, []) for sku in skus[:limit]})
    more = None
    if len(skus) > limit:
        more = _write(_Cursor(1, scope, asked.at, asked.known_at, skus[limit - 1]))
    return PositionsPage(tuple(found), asked.at, asked.known_at, more)


def movements_of(
    desk: LedgerDesk, location: str, sku: str, cursor: str | None = None, limit: int = 50
) -> MovementsPage:
    """All movements of a SKU at a location that are stored, claims included."""
    require_location(desk.registry, location)
    scope = f"{desk.registry.seller}/movements/{location}/{sku}"
    stream, shard = movements_stream(location), shard_of(sku)
    if cursor is None:
        sequence, skip = desk.ledger.last(stream, shard), 0
    else:
        read = _read(cursor, scope)
        sequence, skip = read.at, read.known_at
    found: list[Movement] = []
    for looked, (number, movements) in enumerate(_backwards(desk.ledger, stream, shard, sequence)):
        if looked == _BLOCKS_A_LOOK:
            return MovementsPage(tuple(found), _write(_Cursor(1, scope, number, 0, "")))
        mine = [m for m in reversed(movements) if m.sku == sku]
        start = skip if number == sequence else 0
        room = limit - len(found)
        found += mine[start : start + room]
        if len(mine) - start > room:
            place = _Cursor(1, scope, number, start + room, "")
            return MovementsPage(tuple(found), _write(place))
    return MovementsPage(tuple(found), None)


def _backwards(
    ledger: Ledger, stream: str, shard: int, last: int
) -> Iterator[tuple[int, list[Movement]]]:
    """Blocks from one on back to the first, more at a time the longer it takes."""
    step = 1
    while last > 0:
        first = max(0, last - step)
        for sequence, block in reversed(list(ledger.read(stream, shard, first, last))):
            yield sequence, MOVEMENTS.entries(block)
        last, step = first, min(step * 2, 16)


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
    stated = stated_for(pages, pin, skus) if anew else {}
    for sku in skus:
        advance(states[sku], told[sku], pin.baseline_at if anew else -1, stated.get(sku))
        yield _position(sku, states[sku], pin, told[sku])


def _position(sku: str, state: State, pin: LedgerPin, told: Sequence[Movement]) -> SkuPosition:
    anchor = state.anchors[ON_HAND]
    later = [movement for movement in told if movement.occurred_at > pin.baseline_at]
    return SkuPosition(
        sku=sku,
        position=state.at(),
        anchor=_name(anchor),
        anchored_at=None if anchor is None else anchor[0],
        base_at=pin.base_at,
        movements=tuple(m for m in later if not m.claim),
        claims=tuple(m for m in later if m.claim),
    )


def _name(anchor: Order | None) -> str | None:
    if anchor is None:
        return None
    return "baseline" if anchor[1] == AFTER_ALL else f"{anchor[1]}:{anchor[2]}"


def _write(cursor: _Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode()


def _read(cursor: str, scope: str) -> _Cursor:
    """RejectedError: it is none of ours, or of something else."""
    try:
        raw = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True)
        read = msgspec.json.decode(raw, type=_Cursor)
    except (binascii.Error, UnicodeEncodeError, msgspec.DecodeError, UnicodeDecodeError):
        read = None
    if read is None or read.schema != 1 or read.scope != scope or min(read.at, read.known_at) < 0:
        raise RejectedError("This is no cursor of this list.", (Fault("cursor", "is of no use"),))
    return read

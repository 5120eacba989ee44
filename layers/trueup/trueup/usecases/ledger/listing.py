"""The movements of a SKU as they are stored, the newest recorded first."""

from collections.abc import Iterator
from dataclasses import dataclass

from trueup.domain.movements import Movement
from trueup.ledger.blocks import MOVEMENTS
from trueup.ledger.streams import movements_stream, shard_of
from trueup.ports import Ledger
from trueup.usecases.ledger.desk import LedgerDesk, ListCursor, read_cursor, write_cursor
from trueup.usecases.places import require_location

MAX_LISTED = 200
"""Movements on a page of a SKU's."""

_BLOCKS_A_LOOK = 64


@dataclass(frozen=True, slots=True)
class MovementsPage:
    """The newest recorded first. There may be none while there is a cursor: go on with it."""

    movements: tuple[Movement, ...]
    cursor: str | None


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
        read = read_cursor(cursor, scope)
        sequence, skip = read.at, read.known_at
    found: list[Movement] = []
    for looked, (number, movements) in enumerate(_backwards(desk.ledger, stream, shard, sequence)):
        if looked == _BLOCKS_A_LOOK:
            return MovementsPage(tuple(found), write_cursor(ListCursor(1, scope, number, 0, "")))
        mine = [m for m in reversed(movements) if m.sku == sku]
        start = skip if number == sequence else 0
        room = limit - len(found)
        found += mine[start : start + room]
        if len(mine) - start > room:
            place = ListCursor(1, scope, number, start + room, "")
            return MovementsPage(tuple(found), write_cursor(place))
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

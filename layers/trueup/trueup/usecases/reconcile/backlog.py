"""What a location's ledger holds beyond its pin's checkpoint, so much at a time as fits memory."""

from collections.abc import Iterator
from zlib import crc32

from trueup.domain.ledger import LedgerPin
from trueup.ledger.blocks import Columns
from trueup.ledger.streams import SHARDS
from trueup.ports import Ledger
from trueup.usecases.ledger.gathering import picked, uncovered_columns

_SPLITS = 2**20
"""A shard is not cut into more parts."""

Part = tuple[int, int]
"""Of so many (second) the one with this number."""


def portions(ledger: Ledger, pin: LedgerPin, most: int) -> Iterator[Columns]:
    """All uncovered movements of a location, in any order, about `most` at a time.

    All of a SKU come together, however many they are. A shard with more than `most` is read as
    often as it has parts.
    """
    held: Columns = {}
    for shard in range(len(pin.cut)):
        for part in _parts(ledger, pin, shard, most):
            if _rows(held) and _rows(held) + _rows(part) > most:
                yield held
                held = {}
            _extend(held, part)
    if _rows(held):
        yield held


def _parts(ledger: Ledger, pin: LedgerPin, shard: int, most: int) -> Iterator[Columns]:
    left: list[Part] = [(0, 1)]
    while left:
        number, of = left.pop()
        held: Columns = {}
        for columns in uncovered_columns(ledger, pin, shard):
            _extend(held, _of_part(columns, (number, of)))
            while _rows(held) > most and _can_split(held, of):
                left.append((number + of, 2 * of))
                of *= 2
                held = _of_part(held, (number, of))
        yield held


def _can_split(held: Columns, of: int) -> bool:
    skus = held["sku"]
    return of < _SPLITS and skus.count(skus[0]) < len(skus)


def _of_part(columns: Columns, part: Part) -> Columns:
    number, of = part
    if of == 1:
        return columns
    return picked(columns, [_digest(sku) % of == number for sku in columns["sku"]])


def _digest(sku: str) -> int:
    """Within a shard, which is part of the same checksum."""
    return crc32(sku.encode()) // SHARDS


def _extend(held: Columns, more: Columns) -> None:
    for name, column in more.items():
        held.setdefault(name, []).extend(column)


def _rows(held: Columns) -> int:
    return len(held["sku"]) if held else 0

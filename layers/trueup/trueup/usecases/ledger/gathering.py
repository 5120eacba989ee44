"""The movements that a pinned checkpoint and baseline do not cover."""

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import compress
from operator import attrgetter

from trueup.domain.ledger import LedgerPin
from trueup.domain.movements import Movement
from trueup.ledger.blocks import MOVEMENTS, Columns
from trueup.ledger.streams import movements_stream, shard_of
from trueup.ports import Ledger
from trueup.usecases.ledger.checkpoints import pin_ledger

__all__ = ["BY_SKU", "gather", "gather_sku", "gather_skus", "pin_ledger"]

BY_SKU = attrgetter("sku", "order")


def gather(ledger: Ledger, pin: LedgerPin) -> Iterator[Movement]:
    """All movements up to the pin's cut that its checkpoint does not cover, each once.

    By SKU, then in fold order; claims included. They are in memory at once: what came since the
    checkpoint, which is closed before that is too much.
    """
    yield from merge(*(_sorted(ledger, pin, shard) for shard in range(len(pin.cut))), key=BY_SKU)


def gather_sku(ledger: Ledger, pin: LedgerPin, sku: str) -> list[Movement]:
    """As `gather`, of one SKU: reads its shard alone."""
    return gather_skus(ledger, pin, [sku])


def gather_skus(ledger: Ledger, pin: LedgerPin, skus: Iterable[str]) -> list[Movement]:
    """As `gather`, of some SKUs: reads each of their shards once."""
    wanted = set(skus)
    shards = sorted({shard_of(sku) for sku in wanted})
    found = (m for shard in shards for m in uncovered(ledger, pin, shard) if m.sku in wanted)
    return _each_once(sorted(found, key=BY_SKU))


def uncovered(ledger: Ledger, pin: LedgerPin, shard: int) -> Iterator[Movement]:
    """A shard's movements up to the cut that the checkpoint does not cover, as they came."""
    for columns in uncovered_columns(ledger, pin, shard):
        yield from MOVEMENTS.entries_of(columns)


def uncovered_columns(ledger: Ledger, pin: LedgerPin, shard: int) -> Iterator[Columns]:
    """The same as columns, some at a time."""
    stream, covered = movements_stream(pin.location), pin.covered[shard]
    after, until = pin.floor[shard] - 1, pin.cut[shard]
    if after >= until:
        return
    for sequence, block in ledger.read(stream, shard, after, until):
        if sequence > covered:
            yield MOVEMENTS.columns(block)
        elif block.last > pin.until:
            columns = MOVEMENTS.columns(block)
            yield picked(columns, [at > pin.until for at in columns["occurred_at"]])


def picked(columns: Columns, wanted: Sequence[object]) -> Columns:
    """The rows of columns for which something true is given."""
    return {name: list(compress(column, wanted)) for name, column in columns.items()}


def _sorted(ledger: Ledger, pin: LedgerPin, shard: int) -> list[Movement]:
    return _each_once(sorted(uncovered(ledger, pin, shard), key=BY_SKU))


def _each_once(movements: list[Movement]) -> list[Movement]:
    """The same identity is stored once; should it ever not be, it counts once all the same."""
    return [
        movement
        for index, movement in enumerate(movements)
        if not index or BY_SKU(movement) != BY_SKU(movements[index - 1])
    ]

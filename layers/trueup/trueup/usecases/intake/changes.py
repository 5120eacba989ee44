"""Goods that change their status: which movements take them from one group to another."""

from collections.abc import Iterator, Mapping
from typing import Any

from trueup.domain.movements import Bucket, MovementKind
from trueup.domain.sources import StockStatus

Fields = Mapping[str, Any]


def changed(before: StockStatus, after: StockStatus, quantity: int) -> list[Fields]:
    """The movements' kinds, quantities and buckets, by way of sellable.

    Two names of the same group change no position: that is kept as goods moved inside.
    """
    if before is after:
        return [_of(MovementKind.PUTAWAY, quantity)]
    return [*_left(before, quantity), *_entered(after, quantity)]


def _left(status: StockStatus, quantity: int) -> Iterator[Fields]:
    if status in _LEFT:
        yield _of(_LEFT[status], quantity)
    elif status is not StockStatus.SELLABLE:
        # No kind says that damaged goods are sound again, or that goods arrive without a transfer.
        yield _of(MovementKind.ADJUSTMENT, -quantity, status.bucket)
        yield _of(MovementKind.ADJUSTMENT, quantity)


def _entered(status: StockStatus, quantity: int) -> Iterator[Fields]:
    if status in _ENTERED:
        yield _of(_ENTERED[status], quantity)
    elif status is not StockStatus.SELLABLE:
        yield _of(MovementKind.ADJUSTMENT, -quantity)
        yield _of(MovementKind.ADJUSTMENT, quantity, status.bucket)


_LEFT = {
    StockStatus.ON_HOLD: MovementKind.UNHOLD,
    StockStatus.COMMITTED: MovementKind.RELEASE,
}
_ENTERED = {
    StockStatus.ON_HOLD: MovementKind.HOLD,
    StockStatus.COMMITTED: MovementKind.RESERVE,
    StockStatus.DAMAGED: MovementKind.DAMAGE,
}


def _of(kind: MovementKind, quantity: int, bucket: Bucket | None = None) -> Fields:
    return {"kind": int(kind), "quantity": quantity, "bucket": bucket.value if bucket else ""}

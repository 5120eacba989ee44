"""How a closed book keeps states: a row a SKU that moved, and a row an open reference.

A SKU without a row has what its baseline says, or nothing. A net that is nought, at the anchor as
well as now, has no row either.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trueup.books.schema import BookSchema
from trueup.domain.keys import SEPARATOR
from trueup.domain.movements import BUCKETS
from trueup.ledger.state import AFTER_ALL, INDEX, STATED, Net, Order, State, Stated

POSITIONS = BookSchema(
    kind="positions",
    ints=(*(bucket.value for bucket in BUCKETS), "flags"),
    texts=("counts",),
)
"""States by SKU at a checkpoint; base units. `flags`: `KNOWN`, `IMPLIED`, and a bit for each
bucket that the baseline anchors. `counts`: "" or JSON, the counts that anchor a bucket:
``[[bucket, occurred_at, source, id], ...]``."""

NETS = BookSchema(kind="nets", ints=("net", "anchored", "last"))
"""What is open, by ``SKU NUL bucket NUL reference``; see `ledger.state.Net`."""

KNOWN, IMPLIED, _ANCHORED = 1, 2, 4
_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(list[tuple[int, int, str, str]]).decode

Row = tuple[tuple[int, ...], str]
"""The integer columns, and the counts."""


def row_of(state: State) -> Row:
    """A state as the columns of POSITIONS, but for its nets."""
    flags = state.known * KNOWN + state.implied * IMPLIED
    counts: list[tuple[int, int, str, str]] = []
    for index, anchor in enumerate(state.anchors):
        if anchor is not None and anchor[1] == AFTER_ALL:
            flags += _ANCHORED << index
        elif anchor is not None:
            counts.append((index, *anchor))
    return (*state.values, flags), _encode(counts).decode() if counts else ""


def state_of(row: Mapping[str, Any], baseline_at: int) -> State:
    """The state that a row of POSITIONS stands for; `baseline_at`: when the SKU was stated."""
    state = State()
    state.values = [row[bucket.value] for bucket in BUCKETS]
    flags = row["flags"]
    state.known, state.implied = bool(flags & KNOWN), bool(flags & IMPLIED)
    for index in STATED:
        if flags & _ANCHORED << index:
            state.anchors[index] = (baseline_at, AFTER_ALL, "")
    for index, at, source, id_ in _decode(row["counts"] or "[]"):
        state.anchors[index] = (at, source, id_)
    state.settled = max((anchor[0] for anchor in state.anchors if anchor), default=-1)
    return state


def default_state(stated: Stated | None) -> State:
    """Of a SKU without a row; None: there is no baseline."""
    state = State()
    if stated:
        state.anchor(stated.position, stated.at)
    return state


def net_key(sku: str, bucket: int, reference: str) -> str:
    return SEPARATOR.join((sku, BUCKETS[bucket].value, reference))


def net_of_row(row: Mapping[str, Any]) -> tuple[str, tuple[int, str], Net]:
    """SKU, (bucket, reference) and the net, of a row of NETS."""
    sku, bucket, reference = row["key"].split(SEPARATOR, 2)
    return sku, (INDEX[bucket], reference), Net(row["net"], row["anchored"], row["last"])


def kept(nets: Mapping[tuple[int, str], Net], before: int) -> Iterable[tuple[tuple[int, str], Net]]:
    """The nets that still matter: what is open, and what late events may still change.

    What is not positive is dropped once nothing came for it since `before` (milliseconds).
    """
    for key, net in nets.items():
        if net.now > 0 or ((net.now or net.anchored) and net.last >= before):
            yield key, net


__all__ = ["NETS", "POSITIONS", "Order", "Row", "default_state", "kept", "net_key", "row_of"]

"""A baseline's positions with those of a checkpoint in their place."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from trueup.books.pages import Page
from trueup.books.schema import Unknown
from trueup.compare.columns import Chunk, Ints, Packer, Stream, as_numpy
from trueup.compare.locate import locate
from trueup.compare.pools import BASELINE_INTS
from trueup.compare.streams import side_by_side
from trueup.ledger.books import IMPLIED, KNOWN, POSITIONS

POSITION_INTS = (*BASELINE_INTS, "in_transit")


def overlaid(baseline: Iterable[Page], checkpoint: Iterable[Page]) -> Iterator[Page]:
    """Sorted pages in the columns POSITION_INTS; `checkpoint` in those of POSITIONS goes before.

    Raises DefectError where an input is found out of order or to hold a key twice.
    """
    packer = Packer()
    streams = [
        Stream(baseline, BASELINE_INTS),
        Stream(map(as_positions, checkpoint), POSITION_INTS),
    ]
    for below, above in side_by_side(streams):
        page = _merged(below, above, packer)
        if len(page):
            yield page


def as_positions(page: Page) -> Page:
    """A page of POSITIONS in the columns POSITION_INTS."""
    ints = {name: as_numpy(column).astype(np.int64) for name, column in page.ints.items()}
    flags = ints.pop("flags")
    known, implied = (flags & KNOWN) != 0, (flags & IMPLIED) != 0
    sellable = ints["on_hand"] - ints["committed"] - ints["damaged"] - ints["on_hold"]
    counted = known & ~implied
    found = ints | {
        "on_hand": np.where(counted, ints["on_hand"], 0),
        "stated": np.where(known & implied, sellable, 0),
        "unknown": ~counted * Unknown.ON_HAND + ~(known & implied) * Unknown.STATED,
    }
    return Page.of_joined(page.joined, len(page), Packer().packed(found))


def as_position(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of POSITIONS as one of POSITION_INTS."""
    one = {name: [row[name]] for name in POSITIONS.ints}
    return next(as_positions(Page([row["key"]], one)).rows())


def _merged(below: Chunk, above: Chunk, packer: Packer) -> Page:
    nothing = np.zeros(below.rows, np.int64)
    ints = below.ints | {"in_transit": nothing}
    if not above.rows:
        return Page.of_joined(below.joined, below.rows, packer.packed(ints))
    if not below.rows or above.joined == below.joined:
        return Page.of_joined(above.joined, above.rows, packer.packed(above.ints))
    at = locate(above.keys, below.keys).indexes
    there, new = np.flatnonzero(at >= 0), np.flatnonzero(at < 0)
    both = below.keys + [above.keys[i] for i in new.tolist()]
    order = np.array(sorted(range(len(both)), key=both.__getitem__), np.int64)
    columns = {
        name: _replaced(column, at[there], above.ints[name], there, new)[order]
        for name, column in ints.items()
    }
    return Page([both[i] for i in order.tolist()], packer.packed(columns))


def _replaced(column: Ints, at: Ints, others: Ints, there: Ints, new: Ints) -> Ints:
    replaced = column.copy()
    replaced[at] = others[there]
    return np.concatenate([replaced, others[new]])

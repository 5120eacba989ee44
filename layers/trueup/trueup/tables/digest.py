"""The hash of a table's data: the same for every kind of file, and for whoever reads the rows.

SHA-256 of one line for each row, each ended by a line feed: a JSON array without spaces, in UTF-8;
texts as they were given, ints as numbers, decimals as texts, empty cells as null, times as
milliseconds since 1970. Halves of surrogate pairs, which UTF-8 does not have, are U+FFFD.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec

from trueup.domain.time import milliseconds
from trueup.tables.model import Batch, Cell
from trueup.tables.texts import whole_characters


class Digest:
    """Fed batch by batch; how rows are cut into batches makes no difference."""

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self._encoder = msgspec.json.Encoder(decimal_format="string")

    def add(self, batch: Batch) -> None:
        rows = list(zip(*map(_without_times, batch), strict=True))
        try:
            lines = self._encoder.encode_lines(rows)
        except UnicodeEncodeError:
            lines = self._encoder.encode_lines([[_sound(cell) for cell in row] for row in rows])
        self._sha.update(lines)

    @property
    def sha256(self) -> str:
        return self._sha.hexdigest()


def _without_times(cells: Sequence[Cell]) -> Sequence[Cell]:
    if datetime not in set(map(type, cells)):
        return cells
    return [milliseconds(cell) if isinstance(cell, datetime) else cell for cell in cells]


def _sound(cell: Cell) -> Cell:
    return whole_characters(cell) if isinstance(cell, str) else cell

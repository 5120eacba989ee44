"""What a table is, before it is a file of any kind."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

Cell = str | int | Decimal | datetime | None
"""None: empty. A time is timezone-aware."""

Batch = Sequence[Sequence[Cell]]
"""Some rows, by column: one sequence for each column of the table, all of the same length."""

Sink = Callable[[bytes], object]
"""Takes the file piece by piece, in order; pieces have any size. What it raises is passed on."""

Kind = Literal["text", "integer", "decimal", "instant"]


class Column(msgspec.Struct, frozen=True):
    """A column. Neighbours of the same `group` are headed by it together.

    `width` is in characters. `signed`: colours tell values below 0 from those above. `instant`
    cells are times, or ints: milliseconds since 1970; files have them in UTC, to the millisecond.
    A cell of another type than the column's kind is written as what it is.
    """

    name: str
    group: str = ""
    width: int = 12
    kind: Kind = "text"
    signed: bool = False


class Table(msgspec.Struct, frozen=True):
    """Columns under a title, which names the sheet."""

    title: str
    columns: tuple[Column, ...]


class Contents(msgspec.Struct, frozen=True):
    """What went into a file: data rows, the sheets they are on, and the hash of the data.

    `sha256` (hex) depends on the cells alone, not on the kind of file; see `tables.digest`.
    """

    rows: int
    sheets: int
    sha256: str


class Written(Contents, frozen=True):
    """A whole file, of `size` bytes."""

    size: int


About = Callable[[Contents], Sequence[tuple[str, Cell]]]
"""Asked when all rows are written: names and values for the sheet that says what this is."""

Batches = Iterable[Batch]
"""Asked for one batch at a time, as the file grows. Some thousand rows a batch are quickest."""


def rows_of(table: Table, batch: Batch) -> int:
    """How many rows the batch has. ValueError: not one cell for each column in each row."""
    lengths = {len(cells) for cells in batch}
    if len(batch) != len(table.columns) or len(lengths) != 1:
        raise ValueError("A batch has one sequence for each column, all of the same length")
    return lengths.pop()

"""Tables as CSV: RFC 4180, UTF-8 with a byte order mark.

One header row, of group and name. Empty cells and empty texts are both empty; ints and decimals are
plain numbers; times are ISO 8601 in UTC with milliseconds. A text that a spreadsheet might run as
a formula has an apostrophe before it, as has one that begins with an apostrophe: so a leading
apostrophe is always to be taken off, and nothing else.
"""

import csv
from collections.abc import Sequence
from datetime import datetime
from io import StringIO

from trueup.domain.time import from_milliseconds, iso
from trueup.tables.digest import Digest
from trueup.tables.model import Batch, Batches, Cell, Column, Sink, Table, Written, rows_of
from trueup.tables.texts import guarded

_MARK = "\ufeff"


def write_csv(sink: Sink, table: Table, batches: Batches) -> Written:
    """Write all of the rows; answers what was written. ValueError: columns of unlike lengths."""
    digest, rows = Digest(), 0
    size = _put(sink, _MARK + _lines([[guarded(_heading(column))] for column in table.columns]))
    for batch in batches:
        rows += rows_of(table, batch)
        digest.add(batch)
        size += _put(sink, _lines(list(map(_cells, table.columns, batch))))
    return Written(rows=rows, sheets=1, sha256=digest.sha256, size=size)


def _put(sink: Sink, text: str) -> int:
    data = text.encode()
    sink(data)
    return len(data)


def _lines(columns: Batch) -> str:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(zip(*columns, strict=True))
    return text.getvalue()


def _heading(column: Column) -> str:
    return f"{column.group}: {column.name}" if column.group else column.name


def _cells(column: Column, cells: Sequence[Cell]) -> list[Cell]:
    convert = _instant if column.kind == "instant" else _plain
    return list(map(convert, cells))


def _plain(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return guarded(cell)
    return iso(cell) if isinstance(cell, datetime) else cell


def _instant(cell: Cell) -> Cell:
    return iso(from_milliseconds(cell)) if isinstance(cell, int) else _plain(cell)

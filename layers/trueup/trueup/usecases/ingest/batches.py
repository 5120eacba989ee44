"""A file's rows in batches of columns: fast for a million rows, exact about each fault."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from trueup.usecases.ingest.columns import Header
from trueup.usecases.ingest.faults import Faults
from trueup.usecases.ingest.tables import Table

ROWS = 5_000
"""Rows of a batch."""

Rows = list[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: their numbers, and values by column name; a value that is at fault is None."""

    header: Header
    numbers: Sequence[int]
    values: dict[str, list[Any]] = field(default_factory=dict)
    texts: dict[str, Sequence[str]] = field(default_factory=dict)

    def column(self, name: str, absent: Any) -> list[Any]:
        """Values of a column; `absent` in each row if the file has no such column."""
        return self.values.get(name) or [absent] * len(self.numbers)

    def fault(self, faults: Faults, index: int, name: str, reason: str) -> None:
        texts = self.texts.get(name)
        value = texts[index] if texts else ""
        faults.add(self.numbers[index], self.header.title(name), value, reason)


def batches(table: Table, header: Header, faults: Faults) -> Iterator[Batch]:
    """All rows of a table; UnreadableError as the table raises it."""
    rows = iter(table.rows)
    while chunk := list(islice(rows, ROWS)):
        _even_out(chunk, header.width, faults, ragged=table.ragged)
        yield _batch(chunk, header, faults)


def _batch(chunk: Rows, header: Header, faults: Faults) -> Batch:
    columns = list(zip(*(cells for _, cells in chunk), strict=True))
    batch = Batch(header, [number for number, _ in chunk])
    for index, texts in enumerate(columns):
        column = header.places.get(index)
        if column is not None:
            batch.texts[column.name] = texts
            batch.values[column.name], bad = column.cell.column(texts)
            for at, reason in bad:
                batch.fault(faults, at, column.name, reason)
        elif not header.titles[index].strip():
            _refuse_untitled(batch.numbers, texts, faults)
    return batch


def _even_out(chunk: Rows, width: int, faults: Faults, *, ragged: bool) -> None:
    """Give every row the header's width; blank cells beyond it do not count."""
    for number, cells in chunk:
        if len(cells) == width:
            continue
        if len(cells) < width and not ragged:
            faults.add(number, "", "", f"has {len(cells)} cells, but the header {width}")
        cells.extend([""] * (width - len(cells)))
        _refuse_untitled([number] * (len(cells) - width), cells[width:], faults)
        del cells[width:]


def _refuse_untitled(numbers: Sequence[int], texts: Sequence[str], faults: Faults) -> None:
    for number, text in zip(numbers, texts, strict=True):
        if text:
            faults.add(number, "", text, "is in a column without a name")

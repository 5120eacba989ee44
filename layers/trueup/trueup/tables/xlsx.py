"""Tables as .xlsx (ECMA-376, transitional), streamed: rows go out as they come in.

Texts are inline, for shared ones would all have to be kept until the end. A sheet that is full is
followed by another with the same headings; the last sheet says what the file is.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain, repeat
from typing import IO

import msgspec

from trueup.tables.cells import Encoder, stated_instant, styled_text
from trueup.tables.digest import Digest
from trueup.tables.model import (
    About,
    Batch,
    Batches,
    Cell,
    Column,
    Contents,
    Sink,
    Table,
    Written,
    rows_of,
)
from trueup.tables.package import Package, begin_workbook, end_workbook, sheet_name
from trueup.tables.sheets import filtered, head, header_rows, letters, plain_head, tail
from trueup.tables.styles import Style

SHEET_ROWS = 1_048_576
"""Rows of a sheet, headings included: what spreadsheets hold."""
_SHEET_BYTES = 1_500_000_000
"""A sheet's XML ends soon after: a ZIP part of 2 GiB would need what Excel refuses."""
_STEP = 1_000
"""Rows made at once: what is held in memory."""
_ABOUT = "About"
_ABOUT_WIDTHS = [28, 80]


def write_xlsx(
    sink: Sink, table: Table, batches: Batches, about: About, *, sheet_rows: int = SHEET_ROWS
) -> Written:
    """Write all of the rows, then what `about` says; answers what was written.

    ValueError: columns of unlike lengths, or a time without a time zone.
    """
    with Package(sink) as package:
        begin_workbook(package)
        contents, filters = _add_rows(package, table, batches, sheet_rows)
        _add_about(package, contents.sheets + 1, about(contents))
        names = [sheet_name(table.title, i + 1) for i in range(contents.sheets)]
        end_workbook(package, [*names, _about_name(names)], filters)
        return Written(**msgspec.structs.asdict(contents), size=package.close())


def _add_rows(
    package: Package, table: Table, batches: Batches, sheet_rows: int
) -> tuple[Contents, list[str]]:
    """The sheets of data; answers what is on them, and where their filters are."""
    digest, rows = Digest(), _Rows(package, table, sheet_rows)
    for batch in batches:
        rows_of(table, batch)
        digest.add(batch)
        rows.add(batch)
    rows.close()
    contents = Contents(rows=rows.count, sheets=len(rows.filters), sha256=digest.sha256)
    return contents, rows.filters


class _Rows:
    """The sheets of data: the open one, and where the filters of all of them are."""

    def __init__(self, package: Package, table: Table, sheet_rows: int) -> None:
        self._package = package
        self._table = table
        self._sheet_rows = sheet_rows
        self._encoders = list(map(Encoder, table.columns))
        self.count = 0
        self.filters: list[str] = []
        self._open()

    def add(self, batch: Batch) -> None:
        at, total = 0, len(batch[0])
        while at < total:
            if self._last == self._sheet_rows or self._bytes > _SHEET_BYTES:
                self.close()
                self._open()
            end = min(total, at + _STEP, at + self._sheet_rows - self._last)
            self._put([cells[at:end] for cells in batch], end - at)
            at = end

    def close(self) -> None:
        self._write(tail(self._table, self._last))
        self._part.close()
        self.filters.append(filtered(self._table, self._last, "$"))

    def _open(self) -> None:
        number = len(self.filters) + 1
        self._part: IO[bytes] = self._package.open(f"xl/worksheets/sheet{number}.xml")
        self._last, self._bytes = header_rows(self._table), 0
        self._write(head(self._table, selected=number == 1))

    def _put(self, batch: Batch, rows: int) -> None:
        numbers = list(map(str, range(self._last + 1, self._last + 1 + rows)))
        cells = (
            (repeat(f'<c r="{letters(i)}'), numbers, repeat('"'), encoder.all(column))
            for i, (encoder, column) in enumerate(zip(self._encoders, batch, strict=True))
        )
        parts = (repeat('<row r="'), numbers, repeat('">'), *chain(*cells), repeat("</row>"))
        self._write("".join(map("".join, zip(*parts, strict=False))))
        self._last += rows
        self.count += rows

    def _write(self, xml: str) -> None:
        self._bytes += self._part.write(xml.encode())


def _add_about(package: Package, number: int, facts: Sequence[tuple[str, Cell]]) -> None:
    rows = "".join(
        f'<row r="{i}"><c r="A{i}"{styled_text(name, Style.NAME)}<c r="B{i}"{_stated(value)}</row>'
        for i, (name, value) in enumerate(facts, 1)
    )
    xml = f"{plain_head(_ABOUT_WIDTHS)}{rows}</sheetData></worksheet>"
    package.add(f"xl/worksheets/sheet{number}.xml", xml)


def _stated(value: Cell) -> str:
    if isinstance(value, datetime):
        return stated_instant(value)
    return Encoder(Column("", kind="integer"))[value]


def _about_name(names: Sequence[str]) -> str:
    taken = {name.casefold() for name in names}
    return _ABOUT if _ABOUT.casefold() not in taken else sheet_name(_ABOUT, 2)

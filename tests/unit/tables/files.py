"""Files that were written, and what others read in them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from openpyxl import Workbook, load_workbook
from python_calamine import CalamineWorkbook

from trueup.tables.comma import write_csv
from trueup.tables.model import Batch, Cell, Column, Contents, Table, Written
from trueup.tables.xlsx import write_xlsx

AT = datetime(2026, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)
TABLE = Table(
    "Inventory rows",
    (
        Column("SKU", width=20),
        Column("Title", "Item", 40),
        Column("Location", "Item"),
        Column("Total", "Counts", 10, "integer"),
        Column("Delta", "Counts", 10, "integer", signed=True),
        Column("Captured at", width=24, kind="instant"),
        Column("Cost", "Money", kind="decimal"),
    ),
)
TEXTS = Table("Texts", (Column("Text"), Column("After")))
HOSTILE = (
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "'=1", "'", "=cmd|' /C calc'!A0"),
    *("a\rb", "a\nb", "a\tb", " both ", "a  b", "", "\x01\x08\x0b\x0c\x0e\x1f\x7f\x85"),
    *("_x0041_", "_x0041_x0042_", "_x005F_", "_x0041\x01", "_x", "_x000d_"),
    *(
        "<&>\"'",
        "]]>",
        "<![CDATA[x]]>",
        "&amp;",
        "<!-- -->",
        "שלום \u202eabc",
        "👩‍👩‍👧 🇩🇪",
        "é e\u0301",
    ),
    *("00123", "1E5", "2026-01-01", "TRUE", "#REF!", "a,b", 'say "x"', "a;b", "\u2028", "\ufeffx"),
)
"""Texts that come out of both files as they went in."""


def rows(count: int, first: int = 0) -> Batch:
    """Rows of TABLE from the one numbered `first` on."""
    numbers = range(first, first + count)
    skus: list[Cell] = [f"{i:06}" for i in numbers]
    deltas: list[Cell] = [None if i % 7 == 0 else i % 5 - 2 for i in numbers]
    costs: list[Cell] = [Decimal(i).scaleb(-2) for i in numbers]
    totals: list[Cell] = list(numbers)
    titles: list[Cell] = [f"Lamp & <shade> {i}" for i in numbers]
    places: list[Cell] = ["Lyon"] * count
    return [skus, titles, places, totals, deltas, [AT] * count, costs]


def about(contents: Contents) -> Sequence[tuple[str, Cell]]:
    return [
        ("Seller", "=acme"),
        ("Generated at", AT),
        ("Rows", contents.rows),
        ("SHA-256", contents.sha256),
    ]


def xlsx(table: Table, *batches: Batch, **options: int) -> tuple[bytes, Written]:
    pieces: list[bytes] = []
    written = write_xlsx(pieces.append, table, batches, about, **options)
    return b"".join(pieces), written


def comma(table: Table, *batches: Batch) -> tuple[bytes, Written]:
    pieces: list[bytes] = []
    written = write_csv(pieces.append, table, batches)
    return b"".join(pieces), written


def opened(data: bytes) -> Workbook:
    return load_workbook(BytesIO(data))


def by_openpyxl(data: bytes, sheet: int = 0) -> list[tuple[Any, ...]]:
    return list(opened(data).worksheets[sheet].iter_rows(values_only=True))


def by_calamine(data: bytes, sheet: int = 0) -> list[tuple[Any, ...]]:
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    return [tuple(row) for row in book.get_sheet_by_index(sheet).to_python(skip_empty_area=False)]


def expected(batch: Batch) -> list[tuple[Any, ...]]:
    """The rows as a reader without time zones and decimals has them."""
    return [tuple(map(_read, row)) for row in zip(*batch, strict=True)]


def _read(cell: Cell) -> Any:
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None)
    return float(cell) if isinstance(cell, Decimal) else cell

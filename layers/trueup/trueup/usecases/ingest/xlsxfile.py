"""The first sheet of an .xlsx workbook, as text cells that remember what they were."""

import math
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import IO, Any

from trueup.usecases.ingest.cells import NumberCell, odd_cell
from trueup.usecases.ingest.tables import Table, UnreadableError, table_of

MAX_UNPACKED = 1_500_000_000
"""Bytes of a sheet after unpacking: a million rows of ten columns have some 500 MB."""

MAX_SHARED_TEXT = 150_000_000
"""Bytes of the table of texts, which is held in memory."""

MAX_PACKING = 100
"""How much larger a large part may be than it lies in the file: sheets have some 10 to 20."""

LARGE = 50_000_000

MAX_WIDTH = 256
"""Columns that a row may reach to, blank or not."""

_TEXT_TYPES = ("s", "inlineStr", "str")


def read_xlsx(file: IO[bytes]) -> Table:
    """The table in a workbook; UnreadableError if it is none, or unpacks to too much."""
    _check_archive(file)
    return replace(table_of(_records(file)), ragged=True)


def _check_archive(file: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except zipfile.BadZipFile as error:
        raise UnreadableError(0, "is not an .xlsx workbook") from error
    shared = sum(info.file_size for info in infos if info.filename.endswith("sharedStrings.xml"))
    whole = sum(info.file_size for info in infos)
    if whole > MAX_UNPACKED or shared > MAX_SHARED_TEXT or any(map(_is_bomb, infos)):
        raise UnreadableError(0, "unpacks to more than can be read: save it as CSV UTF-8")


def _is_bomb(info: zipfile.ZipInfo) -> bool:
    """A small file with a part that is held in memory whole, such as one cell of a gigabyte."""
    return info.file_size > max(LARGE, info.compress_size * MAX_PACKING)


def _records(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    rows = _rows(file)
    for number in count(1):
        try:
            row = next(rows, None)
        except UnreadableError:
            raise
        except Exception as error:  # openpyxl lets whatever it stumbles over through
            raise UnreadableError(number, "the workbook is damaged from here on") from error
        if row is None:
            return
        if len(row) > MAX_WIDTH:
            raise UnreadableError(number, f"has cells beyond column {MAX_WIDTH}: delete them")
        yield number, [_text(cell) for cell in row]


def _rows(file: IO[bytes]) -> Iterator[tuple[Any, ...]]:
    # Only those who read workbooks pay for the import.
    from openpyxl import load_workbook  # noqa: PLC0415

    book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
    try:
        if not book.worksheets:
            raise UnreadableError(0, "has no sheet")
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        yield from sheet.iter_rows()
    finally:
        book.close()


def _text(cell: Any) -> str:
    value, kind = cell.value, cell.data_type
    if value is None:
        return ""
    if kind in _TEXT_TYPES and isinstance(value, str):
        return value
    if kind == "n" and isinstance(value, int | float) and math.isfinite(value):
        return NumberCell(_number(value, cell.number_format))
    return odd_cell(str(value), _oddness(value, kind))


def _number(value: float, number_format: str) -> str:
    """As it is shown: 15 digits, and the leading zeros of a format such as 00000."""
    if value != int(value):
        return f"{value:.15g}"
    digits = str(int(value))
    padded = bool(number_format) and set(number_format) == {"0"}
    return digits.zfill(len(number_format)) if padded else digits


def _oddness(value: object, kind: str) -> str:
    if kind == "f":
        return "is a formula: paste the values instead"
    if isinstance(value, datetime | date | time | timedelta):
        return "is a date: format the column as text and enter it again"
    return "is an error value" if kind == "e" else "is neither text nor a number"

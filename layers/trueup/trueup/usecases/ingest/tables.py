"""A file as a header and numbered rows of text cells, whatever its format."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MAX_ROWS = 1_048_575
"""Rows below the header: as many as a sheet holds."""

MAX_COLUMNS = 64


class UnreadableError(Exception):
    """The file cannot be read any further; `row` (0: as a whole) tells where."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(reason)
        self.row = row
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` are (row number, cells) and may raise UnreadableError as they are read."""

    header: list[str]
    rows: Iterable[tuple[int, list[str]]]
    header_row: int = 1
    ragged: bool = False
    """Whether blank cells at the end of a row may be missing, as in workbooks."""


def table_of(records: Iterator[tuple[int, list[str]]]) -> Table:
    """The first record that is not blank is the header; UnreadableError if there is none."""
    number, header = next(_filled(records), (0, []))
    while header and not header[-1].strip():
        header.pop()
    if not header:
        raise UnreadableError(0, "is empty: the first row must name the columns")
    if len(header) > MAX_COLUMNS:
        raise UnreadableError(number, f"has more than {MAX_COLUMNS} columns")
    return Table(header, _limited(_filled(records)), number)


def _filled(records: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    return ((number, cells) for number, cells in records if any(cells))


def _limited(rows: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    for count, row in enumerate(rows):
        if count >= MAX_ROWS:
            raise UnreadableError(row[0], f"more than {MAX_ROWS} rows: split the file")
        yield row

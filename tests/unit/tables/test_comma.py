"""Finds: CSV whose cells move, run as formulas, or cannot be read back."""

import csv
import io
from decimal import Decimal

import pytest

from tests.unit.tables.files import AT, HOSTILE, TABLE, TEXTS, comma, rows
from trueup.domain.time import milliseconds
from trueup.tables.model import Cell, Column, Table
from trueup.tables.texts import unguarded


def _read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def test_a_file_is_rfc_4180_with_a_byte_order_mark() -> None:
    data, written = comma(TABLE, rows(2), rows(1, 2))
    assert data.decode() == (
        "\ufeffSKU,Item: Title,Item: Location,Counts: Total,Counts: Delta,Captured at,"
        "Money: Cost\r\n"
        "000000,Lamp & <shade> 0,Lyon,0,,2026-02-03T04:05:06.789Z,0.00\r\n"
        "000001,Lamp & <shade> 1,Lyon,1,-1,2026-02-03T04:05:06.789Z,0.01\r\n"
        "000002,Lamp & <shade> 2,Lyon,2,0,2026-02-03T04:05:06.789Z,0.02\r\n"
    )
    assert (written.rows, written.size) == (3, len(data))


def test_hostile_text_comes_back_and_the_row_keeps_its_cells() -> None:
    data, _ = comma(TEXTS, [HOSTILE, [*range(len(HOSTILE))]])
    headings, *read = _read(data)
    assert headings == ["Text", "After"]
    assert [(unguarded(text), after) for text, after in read] == [
        (text, str(i)) for i, text in enumerate(HOSTILE)
    ]


@pytest.mark.parametrize(
    "begin",
    [*"=+-@\t\r", "\uff1d", "\uff0b", "\uff0d", "\uff20", " =", "\n-"],
)
def test_no_text_begins_as_a_formula_does(begin: str) -> None:
    data, _ = comma(TEXTS, [[begin + "1"], ["x"]])
    cell = data.decode("utf-8-sig").split("\r\n", 1)[1].lstrip('"')
    assert cell.startswith("'" + begin)


def test_a_leading_apostrophe_is_always_ours() -> None:
    texts: list[Cell] = ["'", "''=1", "'x", "a'b"]
    data, _ = comma(TEXTS, [texts, texts])
    read = [row[0] for row in _read(data)[1:]]
    assert read == ["''", "'''=1", "''x", "a'b"]
    assert list(map(unguarded, read)) == texts


def test_numbers_stay_numbers() -> None:
    table = Table("Numbers", (Column("n", kind="integer"),))
    data, _ = comma(table, [[-5, 0, 10**20, Decimal("-1.50"), None]])
    assert _read(data)[1:] == [["-5"], ["0"], ["100000000000000000000"], ["-1.50"], [""]]


def test_times_are_utc_however_they_are_given() -> None:
    table = Table("Times", (Column("a", kind="instant"), Column("b")))
    data, _ = comma(table, [[milliseconds(AT), AT, None], [AT, None, "x"]])
    told = "2026-02-03T04:05:06.789Z"
    assert _read(data)[1:] == [[told, told], [told, ""], ["", "x"]]


def test_what_utf_8_does_not_have_is_replaced() -> None:
    data, _ = comma(TEXTS, [["a\ud800b", "\0"], ["x", "y"]])
    assert _read(data)[1:] == [["a\ufffdb", "x"], ["\ufffd", "y"]]


def test_a_long_text_is_whole() -> None:
    data, _ = comma(TEXTS, [["x" * 40_000], ["y"]])
    assert _read(data)[1] == ["x" * 40_000, "y"]


def test_headings_are_text_too() -> None:
    data, _ = comma(Table("t", (Column("=1"), Column("a,b", "-g"))))
    assert _read(data) == [["'=1", "'-g: a,b"]]


def test_batches_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="one sequence for each column"):
        comma(TEXTS, [["a"]])

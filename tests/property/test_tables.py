"""Finds: text that does not come out of a file as it went in, whatever it is."""

import csv
import hashlib
import io
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from tests.unit.tables.files import by_calamine, by_openpyxl, comma, opened, xlsx
from trueup.tables.model import Cell, Column, Table
from trueup.tables.texts import cut, unguarded, whole_characters

TABLE = Table("Texts", (Column("a", "g"), Column("b", "g"), Column("c")))
_PIECES = (
    *("=", "+", "-", "@", "\t", "\r", "\n", "'", '"', ",", "_x", "0041", "_", "\x01", "<", "&"),
    *("\ud83d", "\ude00", "\ufffe", "\uffff", "\0", " ", "😀", "\u202e", "x005F", "]]>", "000D"),
)
TEXT = st.text(st.characters(exclude_categories=())) | st.lists(
    st.sampled_from(_PIECES), max_size=12
).map("".join)
CELLS = st.lists(st.tuples(TEXT, st.none() | TEXT, st.integers()), min_size=1, max_size=8)


def _sound(text: str) -> str:
    return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)


def _columns(rows: list[tuple[str, str | None, int]]) -> list[list[Cell]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _number(cell: int) -> int | str:
    return cell if abs(cell) < 10**15 else str(cell)


@settings(max_examples=150)
@given(CELLS)
def test_workbooks_keep_text_and_cells(rows: list[tuple[str, str | None, int]]) -> None:
    data, _ = xlsx(TABLE, _columns(rows))
    wanted = [(_sound(a), b and _sound(b), _number(c)) for a, b, c in rows]
    read = [
        tuple(unescape(x) if isinstance(x, str) else x for x in row) for row in by_openpyxl(data)
    ]
    assert [(a or "", b or None, c) for a, b, c in read[2:]] == [
        (a, b or None, c) for a, b, c in wanted
    ]
    sheet = opened(data).worksheets[0]
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}


@settings(max_examples=150)
@given(CELLS)
def test_the_other_reader_agrees(rows: list[tuple[str, str | None, int]]) -> None:
    """Which takes U+FFFE and U+FFFF as they are written, `_xFFFE_`."""
    rows = [(a.translate(_NONE), b and b.translate(_NONE), c) for a, b, c in rows]
    data, _ = xlsx(TABLE, _columns(rows))
    wanted = [(_sound(a), _sound(b or ""), _number(c)) for a, b, c in rows]
    assert by_calamine(data)[2:] == wanted


_NONE = {0xFFFE: None, 0xFFFF: None}


@settings(max_examples=150)
@given(CELLS)
def test_csv_keeps_text_and_cells(rows: list[tuple[str, str | None, int]]) -> None:
    data, _ = comma(TABLE, _columns(rows))
    read = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    assert [(unguarded(a), unguarded(b), c) for a, b, c in read[1:]] == [
        (_sound(a), _sound(b or ""), str(c)) for a, b, c in rows
    ]


@settings(max_examples=150)
@given(CELLS)
def test_anybody_can_come_to_the_hash(rows: list[tuple[str, str | None, int]]) -> None:
    """From the documentation alone, with nothing but the standard library."""
    sound = [(whole_characters(a), b and whole_characters(b), c) for a, b, c in rows]
    lines = [json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n" for row in sound]
    wanted = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert comma(TABLE, _columns(rows))[1].sha256 == wanted


@given(TEXT, st.integers(1, 3))
def test_a_cut_text_is_a_beginning_that_fits(text: str, pairs: int) -> None:
    long = text + "😀" * 16_380 + "x" * pairs + text
    found = cut(long)
    assert len(found.encode("utf-16-le", "surrogatepass")) <= 2 * 32_767
    whole = whole_characters(long)
    assert found == whole or whole.startswith(found.rpartition("… [cut: ")[0])

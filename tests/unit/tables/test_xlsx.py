"""Finds: workbooks whose cells, headings or sheets are not what was given."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from tests.unit.tables.files import (
    AT,
    HOSTILE,
    TABLE,
    TEXTS,
    about,
    by_calamine,
    by_openpyxl,
    expected,
    opened,
    rows,
    xlsx,
)
from trueup.domain.time import milliseconds
from trueup.tables.model import Batch, Cell, Column, Table
from trueup.tables.xlsx import write_xlsx


@pytest.fixture(scope="module")
def book() -> bytes:
    return xlsx(TABLE, rows(1_500), rows(40, 1_500))[0]


def test_two_readers_find_every_cell(book: bytes) -> None:
    wanted = expected(rows(1_540))
    assert by_openpyxl(book)[2:] == wanted
    blank = [tuple("" if cell is None else cell for cell in row) for row in wanted]
    assert by_calamine(book)[2:] == blank


def test_headings_are_grouped_frozen_and_filterable(book: bytes) -> None:
    sheet = opened(book).worksheets[0]
    first, second, *_ = by_openpyxl(book)
    assert first == (None, "Item", None, "Counts", None, None, "Money")
    assert second[:5] == ("SKU", "Title", "Location", "Total", "Delta")
    assert second[5] == "Captured at (UTC)"
    assert sorted(map(str, sheet.merged_cells.ranges)) == ["B1:C1", "D1:E1"]
    assert sheet.freeze_panes == "A3"
    assert sheet.auto_filter.ref == "A2:G1542"
    assert [sheet.column_dimensions[letter].width for letter in "ABCDEFG"] == [
        *(20, 40, 12, 10, 10, 24, 12),
    ]


def test_without_groups_there_is_one_row_of_headings() -> None:
    sheet = opened(xlsx(TEXTS, [["a"], ["b"]])[0]).worksheets[0]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B2"
    assert list(sheet.iter_rows(values_only=True)) == [("Text", "After"), ("a", "b")]


def test_cells_have_the_type_and_the_look_of_their_column(book: bytes) -> None:
    sheet = opened(book).worksheets[0]
    looks = [(cell.data_type, cell.number_format) for cell in sheet[4]]
    assert looks == [
        ("s", "@"),
        ("s", "@"),
        ("s", "@"),
        ("n", "0"),
        ("n", r"+#,##0;\-#,##0;0"),
        ("d", r"yyyy\-mm\-dd\ hh:mm:ss.000"),
        ("n", "General"),
    ]


def test_over_and_under_have_colours_of_their_own(book: bytes) -> None:
    sheet = opened(book).worksheets[0]
    (found,) = sheet.conditional_formatting
    assert str(found.sqref) == "E3:E1542"
    assert [rule.formula for rule in found.rules] == [
        ["AND(ISNUMBER(E3),E3>0)"],
        ["AND(ISNUMBER(E3),E3<0)"],
    ]
    assert len({rule.dxf.fill.bgColor.rgb for rule in found.rules}) == 2


def test_the_second_sheet_says_what_the_file_is() -> None:
    data, written = xlsx(TABLE, rows(3))
    book = opened(data)
    assert book.sheetnames == ["Inventory rows", "About"]
    assert by_openpyxl(data, 1) == [
        ("Seller", "=acme"),
        ("Generated at", AT.replace(tzinfo=None)),
        ("Rows", 3),
        ("SHA-256", written.sha256),
    ]
    assert book["About"]["B1"].data_type == "s"
    assert "UTC" in book["About"]["B2"].number_format
    assert (written.rows, written.sheets, written.size) == (3, 1, len(data))


def test_properties_tell_nothing_of_a_person(book: bytes) -> None:
    told = opened(book).properties
    assert (told.creator, told.lastModifiedBy, told.title) == ("Trueup", None, None)


def test_what_does_not_fit_a_sheet_goes_on_in_the_next() -> None:
    data, written = xlsx(TABLE, rows(7), rows(0), rows(6, 7), sheet_rows=7)
    book = opened(data)
    assert book.sheetnames == [
        "Inventory rows",
        "Inventory rows (2)",
        "Inventory rows (3)",
        "About",
    ]
    assert (written.rows, written.sheets) == (13, 3)
    found = [by_openpyxl(data, sheet) for sheet in range(3)]
    assert [sheet[:2] for sheet in found[1:]] == [found[0][:2]] * 2
    assert [row for sheet in found for row in sheet[2:]] == expected(rows(13))
    assert [book.worksheets[i].auto_filter.ref for i in range(3)] == ["A2:G7", "A2:G7", "A2:G5"]


def test_a_full_last_sheet_has_no_empty_one_behind_it() -> None:
    data, written = xlsx(TABLE, rows(10), sheet_rows=7)
    assert written.sheets == 2
    assert len(by_openpyxl(data, 1)) == 7


def test_a_table_without_rows_has_its_headings() -> None:
    data, written = xlsx(TABLE)
    assert len(by_openpyxl(data)) == len(by_calamine(data)) == 2
    assert (written.rows, written.sheets) == (0, 1)
    assert opened(data).worksheets[0].auto_filter.ref == "A2:G2"


def test_hostile_text_stays_text_in_its_cell() -> None:
    after: list[Cell] = list(range(len(HOSTILE)))
    data, _ = xlsx(TEXTS, [HOSTILE, after])
    assert [row[0] for row in by_calamine(data)[1:]] == list(HOSTILE)
    assert [row[1] for row in by_openpyxl(data)[1:]] == after
    sheet = opened(data).worksheets[0]
    assert {sheet.cell(i + 2, 1).data_type for i in range(len(HOSTILE))} == {"s"}


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t1", "\r1", "'a", " =1", "x" * 256])
def test_text_that_looks_like_a_formula_is_quoted(text: str) -> None:
    """Editing the cell does not make a formula of it."""
    cell = opened(xlsx(TEXTS, [[text], ["x"]])[0]).worksheets[0]["A2"]
    assert cell.quotePrefix


@pytest.mark.parametrize(("unit", "count"), [("x", 40_000), ("😀", 20_000), ("x😀", 30_000)])
def test_text_too_long_for_a_cell_is_cut_and_says_so(unit: str, count: int) -> None:
    text = unit * count
    ((found, after),) = by_calamine(xlsx(TEXTS, [[text], ["after"]])[0])[1:]
    start, mark = found[:-27].rstrip("…"), f"… [cut: {len(text):,} characters]"
    assert found.endswith(mark)
    assert text.startswith(found.removesuffix(mark))
    assert text.startswith(start[:100])
    assert 32_766 <= len(found.encode("utf-16-le")) // 2 <= 32_767
    assert after == "after"


def test_the_longest_text_is_whole() -> None:
    text = "y" * 32_767
    assert by_openpyxl(xlsx(TEXTS, [[text], [None]])[0])[1] == (text, None)


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\0"])
def test_what_no_reader_takes_is_replaced(text: str) -> None:
    wanted = "".join("\ufffd" if c in "\ud800\udfff\0" else c for c in text)
    assert by_openpyxl(xlsx(TEXTS, [[text], ["x"]])[0])[1] == (wanted, "x")


@pytest.mark.parametrize("number", [10**15, -(10**15), 2**63, Decimal("1234567890.1234567")])
def test_numbers_longer_than_fifteen_digits_are_text(number: Cell) -> None:
    table = Table("Numbers", (Column("n", kind="integer"),))
    assert by_openpyxl(xlsx(table, [[number]])[0])[1] == (str(number),)


@pytest.mark.parametrize("number", [0, 999_999_999_999_999, -(10**15) + 1, True])
def test_shorter_numbers_are_numbers(number: int) -> None:
    table = Table("Numbers", (Column("n", kind="integer"),))
    assert by_openpyxl(xlsx(table, [[number]])[0])[1] == (int(number),)


@pytest.mark.parametrize("number", ["12.50", "0.000001", "1E+5", "-1E-7", "0"])
def test_decimals_are_numbers(number: str) -> None:
    table = Table("Numbers", (Column("n", kind="decimal"),))
    assert by_calamine(xlsx(table, [[Decimal(number)]])[0])[1] == (float(number),)


def test_decimals_that_are_no_number_are_text() -> None:
    table = Table("Numbers", (Column("n", kind="decimal"),))
    data = xlsx(table, [[Decimal("NaN"), Decimal("-Infinity"), Decimal("1E+400")]])[0]
    assert by_openpyxl(data)[1:] == [("NaN",), ("-Infinity",), ("1E+400",)]


def test_times_are_utc_to_the_millisecond_however_they_are_given() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=9)))
    table = Table("Times", (Column("At (UTC)", kind="instant"), Column("b", kind="text")))
    data, _ = xlsx(table, [[AT, elsewhere, milliseconds(AT)], [elsewhere, "x", None]])
    found = by_openpyxl(data)
    naive = AT.replace(tzinfo=None)
    assert found[0] == ("At (UTC)", "b")
    assert found[1:] == [(naive, naive), (naive, "x"), (naive, None)]


def test_times_that_spreadsheets_do_not_know_are_text() -> None:
    table = Table("Times", (Column("At", kind="instant"),))
    early, late = datetime(1899, 1, 1, tzinfo=UTC), 253_402_300_800_000
    data, _ = xlsx(table, [[early, late]])
    assert by_openpyxl(data)[1:] == [
        ("-2240524800000 ms since 1970",),
        ("253402300800000 ms since 1970",),
    ]


@pytest.mark.parametrize(
    "batch", [[["a"]], [["a"], ["b"], ["c"]], [["a", "b"], ["c"]], [["a"], ["b", "c"]]]
)
def test_batches_of_another_shape_are_refused(batch: Batch) -> None:
    with pytest.raises(ValueError, match="one sequence for each column"):
        xlsx(TEXTS, batch)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        xlsx(TEXTS, [[AT.replace(tzinfo=None)], ["x"]])


def test_a_failing_source_leaves_nothing_that_looks_whole() -> None:
    """And no warning either, when what was begun is thrown away."""

    def failing() -> Iterator[Batch]:
        yield rows(2_000)
        raise OSError("gone")

    pieces: list[bytes] = []
    with pytest.raises(OSError, match="gone"):
        write_xlsx(pieces.append, TABLE, failing(), about)
    assert b"PK\x05\x06" not in b"".join(pieces)


def test_what_the_sink_raises_is_passed_on() -> None:
    def full(_: bytes) -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_xlsx(full, TABLE, [rows(1)], about)


def test_rows_go_out_as_they_come_in_and_memory_stays_small() -> None:
    size = 0
    out_before: list[int] = []

    def sink(data: bytes) -> None:
        nonlocal size
        size += len(data)

    def source() -> Iterator[Batch]:
        for first in range(0, 30_000, 3_000):
            out_before.append(size)
            yield rows(3_000, first)

    tracemalloc.start()
    try:
        write_xlsx(sink, TABLE, source(), about)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * 2**20
    assert out_before == sorted(set(out_before))
    assert out_before[-1] > size * 0.7


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Rows", "Rows"),
        ("a/b\\c?d*e[f]g:h", "a b c d e f g h"),
        ("'quoted'", "quoted"),
        ("", "Sheet"),
        ("x" * 40, "x" * 31),
        ("😀" * 20, "😀" * 15),
        ("a & <b>", "a & <b>"),
    ],
)
def test_sheets_have_names_that_spreadsheets_accept(title: str, name: str) -> None:
    data, _ = xlsx(Table(title, TEXTS.columns), [["a"], ["b"]])
    assert opened(data).sheetnames == [name, "About"]


def test_sheets_of_one_title_are_told_apart() -> None:
    data, _ = xlsx(Table("x" * 40, TEXTS.columns), [["a"] * 3, ["b"] * 3], sheet_rows=3)
    assert opened(data).sheetnames == ["x" * 31, "x" * 27 + " (2)", "About"]
    about_twice, _ = xlsx(Table("about", TEXTS.columns), [["a"], ["b"]])
    assert opened(about_twice).sheetnames == ["about", "About (2)"]

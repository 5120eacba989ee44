"""Finds: what spreadsheets do to codes and numbers, taken for what the seller meant."""

import io
import zipfile
from datetime import UTC, datetime

import openpyxl
import pytest

from tests.unit.ingest.intake_world import IntakeWorld, workbook


@pytest.fixture
def world() -> IntakeWorld:
    return IntakeWorld()


def test_numbers_and_text_are_read(world: IntakeWorld) -> None:
    body = workbook([["SKU", "On hand"], ["007", 5], [123, 2.0], [124.0, "3"], ["=X", None]])
    item = world.take(body, format="xlsx")
    assert item.state == "Rejected", "text that begins with = is written as a formula"
    body = workbook([["SKU", "On hand"], ["007", 5], [123, 2.0], [124.0, "3"], [], ["X", None]])
    item = world.take(body, format="xlsx")
    assert item.state == "Applied"
    assert item.cause is not None
    assert item.cause.startswith("2 SKUs are numbers in the sheet")
    found = {sku: (row["on_hand"], row["unknown"]) for sku, row in world.positions().items()}
    assert found == {"007": (5, 2), "123": (2, 2), "124": (3, 2), "X": (0, 3)}


def test_leading_zeros_that_the_sheet_shows_are_kept(world: IntakeWorld) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["sku", "on_hand"])
    sheet.append([42, 1])
    sheet["A2"].number_format = "00000"
    body = io.BytesIO()
    book.save(body)
    world.take(body.getvalue(), format="xlsx")
    assert list(world.positions()) == ["00042"]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (["A", "=1+1"], "on_hand", "is a formula: paste the values instead"),
        (["A", datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None)], "on_hand", "is a date"),
        ([datetime(2026, 3, 1, tzinfo=UTC).replace(tzinfo=None), 1], "sku", "is a date"),
        (["A", True], "on_hand", "is neither text nor a number"),
        (["A", "#N/A"], "on_hand", "is an error value"),
        (["A", 1.5], "on_hand", "not a whole number"),
        ([1.5, 1], "sku", "is a number here, not text"),
        ([1234567890123456, 1], "sku", "is a number of more than 15 digits"),
    ],
)
def test_what_is_no_value(world: IntakeWorld, row: list[object], column: str, reason: str) -> None:
    item = world.take(workbook([["sku", "on_hand"], row]), format="xlsx")
    assert item.state == "Rejected"
    assert item.faults == 1
    assert item.cause is not None
    assert f"row 2, {column}: {reason}" in item.cause


def test_what_is_no_workbook(world: IntakeWorld) -> None:
    assert world.take(b"sku,on_hand\nA,1\n", format="xlsx").cause == (
        "The file has a fault: the file: is not an .xlsx workbook."
    )
    damaged = io.BytesIO()
    with zipfile.ZipFile(damaged, "w") as archive:
        archive.writestr("xl/workbook.xml", "<")
    item = world.take(damaged.getvalue(), format="xlsx")
    assert item.cause == "The file has a fault: row 1: the workbook is damaged from here on."


def test_one_cell_of_many_megabytes_is_not_unpacked(world: IntakeWorld) -> None:
    packed = io.BytesIO(workbook([["sku", "on_hand"], ["A", 1]]))
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/other.xml", b"<a>" + b"a" * 60_000_000 + b"</a>")
    item = world.take(packed.getvalue(), format="xlsx")
    assert item.cause is not None
    assert "unpacks to more than can be read" in item.cause


def test_a_bomb_is_not_unpacked(world: IntakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trueup.usecases.ingest.xlsxfile.MAX_UNPACKED", 1000)
    item = world.take(workbook([["sku", "on_hand"], ["A", 1]]), format="xlsx")
    assert item.cause is not None
    assert "unpacks to more than can be read" in item.cause

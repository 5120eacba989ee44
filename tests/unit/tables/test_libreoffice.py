"""Finds: workbooks that LibreOffice does not open, or reads otherwise than they were meant."""

import csv
import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.tables.files import HOSTILE, TABLE, TEXTS, by_calamine, expected, opened, rows, xlsx
from trueup.tables.model import Batch

CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1"
"""Of the first sheet, in UTF-8, cells as they are shown."""


@pytest.fixture(scope="module")
def soffice() -> str:
    found = shutil.which("soffice")
    if found is None and not os.environ.get("CI"):
        pytest.skip("needs soffice (Debian: libreoffice-calc-nogui), which is not installed")
    assert found is not None, "CI needs soffice (Debian: libreoffice-calc-nogui)"
    return found


def _converted(soffice: str, folder: Path, data: bytes, to: str) -> Path:
    """The workbook as LibreOffice saves it; with a profile of its own, not the user's."""
    source, out = folder / "book.xlsx", folder / "out"
    source.write_bytes(data)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [soffice, profile, "--headless", "--convert-to", to, "--outdir", str(out)]
    done = subprocess.run([*command, str(source)], capture_output=True, check=False, timeout=120)
    files = list(out.glob("*"))
    assert len(files) == 1, done.stdout + done.stderr
    return files[0]


@pytest.fixture(scope="module")
def saved(soffice: str, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    data, _ = xlsx(TABLE, rows(40), sheet_rows=30)
    return _converted(soffice, tmp_path_factory.mktemp("saved"), data, "xlsx").read_bytes()


def test_every_cell_is_as_it_was_given(saved: bytes) -> None:
    wanted = [tuple("" if cell is None else cell for cell in row) for row in expected(rows(40))]
    assert by_calamine(saved)[2:] == wanted[:28]
    assert by_calamine(saved, 1)[2:] == wanted[28:]


def test_headings_filters_and_colours_are_understood(saved: bytes) -> None:
    book = opened(saved)
    assert book.sheetnames == ["Inventory rows", "Inventory rows (2)", "About"]
    sheet = book.worksheets[0]
    assert sorted(map(str, sheet.merged_cells.ranges)) == ["B1:C1", "D1:E1"]
    # Not the frozen rows: without a window, LibreOffice saves no view of any workbook.
    assert sheet.auto_filter.ref == "A2:G30"
    assert [str(found.sqref) for found in sheet.conditional_formatting] == ["E3:E30"]
    assert book["About"]["B1"].value == "=acme"
    assert book["About"]["B1"].data_type == "s"


def test_hostile_text_is_text_here_too(soffice: str, tmp_path: Path) -> None:
    batch: Batch = [list(HOSTILE), ["after"] * len(HOSTILE)]
    data = xlsx(TEXTS, batch)[0]
    told = _converted(soffice, tmp_path, data, CSV).read_text("utf-8")
    with io.StringIO(told, newline="") as lines:
        found = list(csv.reader(lines))
    assert found[0] == ["Text", "After"]
    assert len(found) == 1 + len(HOSTILE)
    assert [after for _, after in found[1:]] == ["after"] * len(HOSTILE)
    plain = [(read, text) for (read, _), text in zip(found[1:], HOSTILE, strict=True)]
    assert [read for read, text in plain if "\r" not in text] == [
        text for _, text in plain if "\r" not in text
    ]

"""Finds: workbooks that Excel, stricter than other readers, would want to repair."""

import re
from io import BytesIO
from xml.etree import ElementTree as ET
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from tests.unit.tables.files import HOSTILE, TABLE, TEXTS, rows, xlsx

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
# CT_Worksheet (ECMA-376 part 1, 18.3.1.99) is a sequence: other orders are damage.
WORKSHEET = (
    *("sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr"),
    *("sheetProtection", "protectedRanges", "scenarios", "autoFilter", "sortState"),
    *("dataConsolidate", "customSheetViews", "mergeCells", "phoneticPr", "conditionalFormatting"),
    *("dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup"),
    *("headerFooter", "rowBreaks", "colBreaks", "customProperties", "cellWatches"),
    *("ignoredErrors", "smartTags", "drawing", "legacyDrawing", "tableParts", "extLst"),
)
# CT_Stylesheet, 18.8.39, and CT_Workbook, 18.2.27.
STYLES = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs")
WORKBOOK = ("workbookPr", "bookViews", "sheets", "externalReferences", "definedNames", "calcPr")

TYPES = {
    "worksheet": "spreadsheetml.worksheet+xml",
    "workbook": "spreadsheetml.sheet.main+xml",
    "styleSheet": "spreadsheetml.styles+xml",
    "coreProperties": "core-properties+xml",
    "Properties": "extended-properties+xml",
    "Relationships": "relationships+xml",
}


@pytest.fixture(scope="module")
def book() -> ZipFile:
    return ZipFile(BytesIO(xlsx(TABLE, rows(12), sheet_rows=8)[0]))


def _children(book: ZipFile, path: str) -> list[str]:
    root = ET.fromstring(book.read(path))  # noqa: S314 -- our own file
    return [child.tag.removeprefix(MAIN) for child in root]


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("xl/worksheets/sheet1.xml", WORKSHEET),
        ("xl/worksheets/sheet2.xml", WORKSHEET),
        ("xl/worksheets/sheet3.xml", WORKSHEET),
        ("xl/styles.xml", STYLES),
        ("xl/workbook.xml", WORKBOOK),
    ],
)
def test_elements_stand_in_the_schema_s_order(
    book: ZipFile, path: str, order: tuple[str, ...]
) -> None:
    found = [order.index(tag) for tag in _children(book, path)]
    assert found == sorted(found)


def test_the_worksheet_has_all_that_it_should(book: ZipFile) -> None:
    tags = _children(book, "xl/worksheets/sheet1.xml")
    assert {"autoFilter", "mergeCells", "conditionalFormatting", "ignoredErrors"} <= set(tags)


def test_every_part_is_xml_with_its_type(book: ZipFile) -> None:
    types = ET.fromstring(book.read("[Content_Types].xml"))  # noqa: S314
    named = {str(part.get("PartName")): part.get("ContentType") for part in types}
    default = {part.get("Extension"): str(part.get("ContentType")) for part in types}
    for name in book.namelist():
        assert book.read(name).startswith(b'<?xml version="1.0" encoding="UTF-8"')
        root = ET.fromstring(book.read(name)).tag.partition("}")[2]  # noqa: S314
        told = named.get(f"/{name}") or default[name.rpartition(".")[2]]
        assert root in TYPES or name == "[Content_Types].xml"
        assert told.endswith(TYPES.get(root, "+xml")), name


def test_tools_tell_it_by_its_first_part(book: ZipFile) -> None:
    assert book.namelist()[:2] == ["[Content_Types].xml", "_rels/.rels"]


def test_relations_lead_to_parts(book: ZipFile) -> None:
    for path, folder in (("_rels/.rels", ""), ("xl/_rels/workbook.xml.rels", "xl/")):
        relations = ET.fromstring(book.read(path))  # noqa: S314
        targets = [folder + str(relation.get("Target")) for relation in relations]
        assert targets
        assert set(targets) <= set(book.namelist())


def test_rows_and_cells_name_their_places_in_order(book: ZipFile) -> None:
    """Some readers need them, though the standard lets them be left out."""
    xml = book.read("xl/worksheets/sheet1.xml").decode()
    places = re.findall(r'<c r="([A-Z]+)(\d+)"', xml.partition('<row r="2">')[2])
    wanted = [(letter, str(row)) for row in range(2, 9) for letter in "ABCDEFG"]
    assert places == wanted
    assert re.findall(r'<row r="(\d+)"', xml) == [str(i) for i in range(1, 9)]


def test_counts_are_those_of_what_they_count(book: ZipFile) -> None:
    for path in ("xl/styles.xml", "xl/worksheets/sheet1.xml"):
        root = ET.fromstring(book.read(path))  # noqa: S314
        counted = [element for element in root.iter() if element.get("count")]
        assert counted
        assert all(int(element.get("count", "")) == len(element) for element in counted)


def test_styles_refer_to_what_is_there(book: ZipFile) -> None:
    root = ET.fromstring(book.read("xl/styles.xml"))  # noqa: S314
    sizes = {tag: len(root.findall(f"{MAIN}{tag}/*")) for tag in ("fonts", "fills", "borders")}
    for xf in root.findall(f"{MAIN}cellXfs/*"):
        for tag, size in sizes.items():
            assert int(xf.get(f"{tag[:-1]}Id", "")) < size
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    used = {int(style) for style in re.findall(r' s="(\d+)"', sheet)}
    assert max(used) < len(root.findall(f"{MAIN}cellXfs/*"))


def test_filters_have_the_names_that_excel_gives_them(book: ZipFile) -> None:
    xml = book.read("xl/workbook.xml").decode()
    assert re.findall(r'localSheetId="(\d)" hidden="1">([^<]+)<', xml) == [
        ("0", "'Inventory rows'!$A$2:$G$8"),
        ("1", "'Inventory rows (2)'!$A$2:$G$8"),
    ]


def test_parts_are_deflated_sound_and_without_a_date_or_zip64(book: ZipFile) -> None:
    """LibreOffice refuses stored parts whose size comes behind them, Excel streamed ZIP64."""
    assert book.testzip() is None
    for part in book.infolist():
        assert part.compress_type == ZIP_DEFLATED
        assert part.date_time == (1980, 1, 1, 0, 0, 0)
        assert part.extract_version == 20
        assert part.extra == b""


def test_there_is_no_formula_and_no_link() -> None:
    data, _ = xlsx(TEXTS, [HOSTILE, HOSTILE])
    with ZipFile(BytesIO(data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert not any("external" in name.lower() for name in book.namelist())
    assert "<f>" not in sheet
    assert "<f " not in sheet
    assert "hyperlink" not in sheet


def test_a_sheet_ends_before_its_part_grows_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trueup.tables.xlsx._SHEET_BYTES", 200_000)
    data, written = xlsx(TABLE, rows(3_000))
    assert (written.rows, written.sheets) == (3_000, 3)
    assert len(ZipFile(BytesIO(data)).namelist()) == 4 + 7


def test_the_same_rows_make_the_same_file() -> None:
    assert xlsx(TABLE, rows(50))[0] == xlsx(TABLE, rows(20), rows(30, 20))[0]

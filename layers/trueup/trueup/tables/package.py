"""The parts around the worksheets, and the streamed ZIP that holds them all."""

import re
from collections.abc import Sequence
from typing import IO, Self
from zipfile import ZIP_DEFLATED, ZipFile

from trueup.tables.cells import escaped
from trueup.tables.model import Sink
from trueup.tables.styles import STYLESHEET
from trueup.tables.texts import first_units

LEVEL = 4
"""Of deflate: an eighth larger than level 6, at half of its time."""

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_TYPE = f"{_OFFICE}.spreadsheetml"
_OF_PACKAGE = "application/vnd.openxmlformats-package"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET_NAME_LIMIT = 31
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff\ufffe\uffff]")


class Package:
    """A ZIP that is written part by part, without going back.

    Sizes stand behind each part (bit 3), all parts are deflated, as spreadsheets ask for, and have
    no time of their own. Parts stay below 2 GiB: their ZIP64 is what Excel takes for damage.
    """

    def __init__(self, sink: Sink) -> None:
        self._output = _Output(sink)
        self._zip = ZipFile(self._output, "w", ZIP_DEFLATED, compresslevel=LEVEL)
        self._part: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """What has failed ends here: the sink is given no ending that makes it look whole."""
        if kind is not None:
            self._output.abandon()
            if self._part:
                self._part.close()
            self._zip.close()

    def open(self, path: str) -> IO[bytes]:
        """A part to write to, until it is closed; one at a time."""
        self._part = part = self._zip.open(path, "w")
        part.write(_XML.encode())
        return part

    def add(self, path: str, xml: str) -> None:
        with self.open(path) as part:
            part.write(xml.encode())

    def close(self) -> int:
        """Write the directory; answers the bytes of the file."""
        self._zip.close()
        return self._output.size


class _Output:
    """A file that can only be written; without `tell` or `seek`, as ZipFile asks of a stream."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.size = 0

    def write(self, data: bytes) -> int:
        self._sink(bytes(data))
        self.size += len(data)
        return len(data)

    def abandon(self) -> None:
        """From here on, nothing is passed on."""
        self._sink = bytes.__len__

    def flush(self) -> None:
        """There is nothing to wait for."""

    def close(self) -> None:
        """The sink belongs to whoever gave it."""


def sheet_name(title: str, number: int = 1) -> str:
    """A name that spreadsheets accept; the second sheet of a title and those after are numbered."""
    ending = f" ({number})" if number > 1 else ""
    plain = first_units(_NOT_IN_SHEET_NAMES.sub(" ", title), _SHEET_NAME_LIMIT - len(ending))
    return (plain.strip(" '") or "Sheet") + ending


def begin_workbook(package: Package) -> None:
    """All that does not depend on the sheets; by what comes first, tools tell what the file is."""
    for path, xml in (
        ("[Content_Types].xml", _CONTENT_TYPES),
        ("_rels/.rels", _RELATIONS),
        ("docProps/app.xml", _APP),
        ("docProps/core.xml", _CORE),
        ("xl/styles.xml", STYLESHEET),
    ):
        package.add(path, xml)


def end_workbook(package: Package, names: Sequence[str], filters: Sequence[str]) -> None:
    """What binds sheets 1 to n together. `filters`: ranges of the first sheets, made absolute."""
    package.add("xl/workbook.xml", _workbook(names, filters))
    package.add("xl/_rels/workbook.xml.rels", _workbook_relations(len(names)))


def _workbook(names: Sequence[str], filters: Sequence[str]) -> str:
    sheets = "".join(
        f'<sheet name="{_attribute(name)}" sheetId="{i}" r:id="rId{i}"/>'
        for i, name in enumerate(names, 1)
    )
    defined = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{i}" hidden="1">'
        f"{escaped(_quoted(name))}!{where}</definedName>"
        for i, (name, where) in enumerate(zip(names, filters, strict=False))
    )
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><bookViews><workbookView/></bookViews>'
        f"<sheets>{sheets}</sheets><definedNames>{defined}</definedNames></workbook>"
    )


def _quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def _attribute(text: str) -> str:
    return escaped(text).replace('"', "&quot;")


def _relation(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'


def _relations(*relations: str) -> str:
    inner = "".join(relations)
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'


def _workbook_relations(sheets: int) -> str:
    each = [
        _relation(i, f"{_REL}/worksheet", f"worksheets/sheet{i}.xml") for i in range(1, sheets + 1)
    ]
    return _relations(*each, _relation(sheets + 1, f"{_REL}/styles", "styles.xml"))


def _content_types(types: dict[str, str]) -> str:
    """XML is a worksheet unless it is named here, for how many there will be is not known yet."""
    each = "".join(f'<Override PartName="{p}" ContentType="{t}"/>' for p, t in types.items())
    return (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="{_OF_PACKAGE}.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="{_TYPE}.worksheet+xml"/>{each}</Types>'
    )


_CONTENT_TYPES = _content_types(
    {
        "/xl/workbook.xml": f"{_TYPE}.sheet.main+xml",
        "/xl/styles.xml": f"{_TYPE}.styles+xml",
        "/docProps/core.xml": f"{_OF_PACKAGE}.core-properties+xml",
        "/docProps/app.xml": f"{_OFFICE}.extended-properties+xml",
    }
)
_RELATIONS = _relations(
    _relation(1, f"{_REL}/officeDocument", "xl/workbook.xml"),
    _relation(2, f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
    _relation(3, f"{_REL}/extended-properties", "docProps/app.xml"),
)
_CORE = (
    f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>Trueup</dc:creator>'
    "</cp:coreProperties>"
)
_APP = (
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
    "<Application>Trueup</Application></Properties>"
)

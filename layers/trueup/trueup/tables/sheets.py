"""What stands before and after a worksheet's rows. The order of elements is the schema's."""

from itertools import groupby

from trueup.tables.cells import styled_text
from trueup.tables.model import Column, Table
from trueup.tables.styles import ABOVE, BELOW, Style

_OPEN = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
_MAX_WIDTH = 255
_LETTERS = 26


def letters(index: int) -> str:
    """The name of a column: 0 is A, 26 is AA."""
    rest, last = divmod(index, _LETTERS)
    return (letters(rest - 1) if rest else "") + chr(ord("A") + last)


def header_rows(table: Table) -> int:
    """Rows above the data: groups, if there are any, and names."""
    return 1 + any(column.group for column in table.columns)


def head(table: Table, *, selected: bool) -> str:
    """All before the first row of data, headings included."""
    rows = header_rows(table)
    view = (
        f'<sheetView{_selected(selected=selected)} workbookViewId="0">{_frozen(rows)}</sheetView>'
    )
    widths = [column.width for column in table.columns]
    headings = _row(1, _groups(table)) if rows > 1 else ""
    headings += _row(rows, _names(table))
    return f"{_OPEN}<sheetViews>{view}</sheetViews>{cols(widths)}<sheetData>{headings}"


def tail(table: Table, last: int) -> str:
    """All behind the row numbered `last`."""
    return (
        f'</sheetData><autoFilter ref="{filtered(table, last)}"/>'
        f"{_merged(table)}{_coloured(table, last)}{_numbers_as_text(table, last)}</worksheet>"
    )


def filtered(table: Table, last: int, mark: str = "") -> str:
    """The range from the names to the last row; `mark` before each part makes it absolute."""
    end = letters(len(table.columns) - 1)
    return f"{mark}A{mark}{header_rows(table)}:{mark}{end}{mark}{last}"


def plain_head(widths: list[int]) -> str:
    """All before the rows of a sheet without headings."""
    view = '<sheetView workbookViewId="0"/>'
    return f"{_OPEN}<sheetViews>{view}</sheetViews>{cols(widths)}<sheetData>"


def cols(widths: list[int]) -> str:
    each = "".join(
        f'<col min="{i}" max="{i}" width="{max(1, min(width, _MAX_WIDTH))}" customWidth="1"/>'
        for i, width in enumerate(widths, 1)
    )
    return f"<cols>{each}</cols>"


def heading(column: Column) -> str:
    """The column's name; that of times says which time zone they are in."""
    unsaid = column.kind == "instant" and "UTC" not in column.name
    return f"{column.name} (UTC)" if unsaid else column.name


def _selected(*, selected: bool) -> str:
    return ' tabSelected="1"' if selected else ""


def _frozen(rows: int) -> str:
    cell = f"A{rows + 1}"
    return (
        f'<pane ySplit="{rows}" topLeftCell="{cell}" activePane="bottomLeft" state="frozen"/>'
        f'<selection pane="bottomLeft" activeCell="{cell}" sqref="{cell}"/>'
    )


def _row(number: int, cells: dict[int, str]) -> str:
    inner = "".join(f'<c r="{letters(i)}{number}"{xml}' for i, xml in cells.items())
    return f'<row r="{number}">{inner}</row>'


def _names(table: Table) -> dict[int, str]:
    names = map(heading, table.columns)
    return {i: styled_text(name, Style.NAME) for i, name in enumerate(names)}


def _groups(table: Table) -> dict[int, str]:
    cells: dict[int, str] = {}
    for group, first, last in _spans(table):
        cells[first] = styled_text(group, Style.GROUP)
        cells |= dict.fromkeys(range(first + 1, last + 1), f' s="{Style.GROUP}"/>')
    return cells


def _spans(table: Table) -> list[tuple[str, int, int]]:
    """Each group with its first and last column."""
    runs = groupby(enumerate(table.columns), key=lambda one: one[1].group)
    spans = [(group, [i for i, _ in columns]) for group, columns in runs if group]
    return [(group, places[0], places[-1]) for group, places in spans]


def _merged(table: Table) -> str:
    refs = [f"{letters(a)}1:{letters(b)}1" for _, a, b in _spans(table) if a < b]
    cells = "".join(f'<mergeCell ref="{ref}"/>' for ref in refs)
    return f'<mergeCells count="{len(refs)}">{cells}</mergeCells>' if refs else ""


def _coloured(table: Table, last: int) -> str:
    first = header_rows(table) + 1
    signed = [letters(i) for i, column in enumerate(table.columns) if column.signed]
    return "".join(
        f'<conditionalFormatting sqref="{letter}{first}:{letter}{max(first, last)}">'
        f"{_rule(2 * i + 1, ABOVE, f'{letter}{first}', '&gt;')}"
        f"{_rule(2 * i + 2, BELOW, f'{letter}{first}', '&lt;')}</conditionalFormatting>"
        for i, letter in enumerate(signed)
    )


def _rule(priority: int, look: int, cell: str, sign: str) -> str:
    """Text is above every number for a spreadsheet: only numbers are coloured."""
    formula = f"AND(ISNUMBER({cell}),{cell}{sign}0)"
    opening = f'<cfRule type="expression" dxfId="{look}" priority="{priority}">'
    return f"{opening}<formula>{formula}</formula></cfRule>"


def _numbers_as_text(table: Table, last: int) -> str:
    """Identifiers made of digits are meant as text: no warning in each cell."""
    first = header_rows(table) + 1
    texts = [letters(i) for i, column in enumerate(table.columns) if column.kind == "text"]
    refs = " ".join(f"{letter}{first}:{letter}{max(first, last)}" for letter in texts)
    ignored = f'<ignoredError sqref="{refs}" numberStoredAsText="1"/>'
    return f"<ignoredErrors>{ignored}</ignoredErrors>" if texts else ""

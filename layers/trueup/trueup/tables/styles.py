"""The looks of cells (ECMA-376 part 1, 18.8): a style is its place in `cellXfs`."""

from enum import IntEnum


class Style(IntEnum):
    """GENERAL first. TEXT stays text when edited, QUOTED too, however it begins."""

    GENERAL = 0
    TEXT = 1
    QUOTED = 2
    INTEGER = 3
    SIGNED = 4
    INSTANT = 5
    STATED_INSTANT = 6
    GROUP = 7
    NAME = 8


ABOVE, BELOW = 0, 1
"""Places in `dxfs`: amber above zero, red below; legible without telling colours, by the sign."""

_INSTANT = r"yyyy\-mm\-dd\ hh:mm:ss.000"
_LOOKS = (
    'numFmtId="0"',
    'numFmtId="49" applyNumberFormat="1"',
    'numFmtId="0" quotePrefix="1"',
    'numFmtId="1" applyNumberFormat="1"',
    'numFmtId="164" applyNumberFormat="1"',
    'numFmtId="165" applyNumberFormat="1"',
    'numFmtId="166" applyNumberFormat="1"',
)
_HEADING = '<xf numFmtId="49" fontId="1" fillId="{fill}" borderId="{border}" xfId="0" '
_HEADING += 'applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">'
_HEADING += '<alignment horizontal="{align}" vertical="center"/></xf>'
_FILL = '<fill><patternFill patternType="solid"><fgColor rgb="FF{}"/><bgColor indexed="64"/>'
_FILL += "</patternFill></fill>"
_BORDERS = (
    '<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border>'
    '<border><left/><right/><top/><bottom style="thin"><color indexed="64"/></bottom>'
    "<diagonal/></border></borders>"
)
_DXF = '<dxf><font><color rgb="FF{}"/></font><fill><patternFill><bgColor rgb="FF{}"/>'
_DXF += "</patternFill></fill></dxf>"


def _xfs() -> str:
    plain = "".join(f'<xf {look} fontId="0" fillId="0" borderId="0" xfId="0"/>' for look in _LOOKS)
    return (
        plain
        + _HEADING.format(fill=2, border=0, align="center")
        + _HEADING.format(fill=3, border=1, align="left")
    )


STYLESHEET = (
    '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<numFmts count="3"><numFmt numFmtId="164" formatCode="+#,##0;\\-#,##0;0"/>'
    f'<numFmt numFmtId="165" formatCode="{_INSTANT}"/>'
    f'<numFmt numFmtId="166" formatCode="{_INSTANT}\\ &quot;UTC&quot;"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>'
    '<fills count="4"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill>'
    f"{_FILL.format('D9E2F3')}{_FILL.format('F2F2F2')}</fills>{_BORDERS}"
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    f'<cellXfs count="{len(Style)}">{_xfs()}</cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    f'<dxfs count="2">{_DXF.format("7F6000", "FFF2CC")}{_DXF.format("9C0006", "FFC7CE")}</dxfs>'
    "</styleSheet>"
)

"""Cells as worksheet XML (ECMA-376 part 1, 18.3.1.4), a column at a time."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from trueup.domain.time import milliseconds
from trueup.tables.model import Cell, Column
from trueup.tables.styles import Style
from trueup.tables.texts import cut, is_risky

_EPOCH_MS = 25_569 * 86_400_000
"""1970 in Excel's time: milliseconds since the day before 1900, as if 1900 had been a leap year."""
_FIRST_MS, _END_MS = 61 * 86_400_000, 2_958_466 * 86_400_000
"""From March 1900 to the end of 9999, Excel's days are right."""

_EXACT = 10**15
"""Excel shows 15 digits of a number: longer ones are written as text, whole."""
_DIGITS = 15
_PLAIN_TEXT = 255
"""Characters that old versions show in a cell of format Text."""
_REMEMBERED = 200
_MEMORY = 20_000

_ORDINARY = re.compile(r"[A-Za-z0-9]+(?:[ .,:;/()-][A-Za-z0-9]+)*")
"""Most texts: there is nothing in them to look after."""

_CODED = "\x01-\x08\x0b-\x1f\ufffe\uffff"
_SPECIAL = re.compile(
    f"[&<>{_CODED}\0\ud800-\udfff]|_(?=x[0-9A-Fa-f]{{4}}[_{_CODED}])",
)
_TEXT = f' s="{Style.TEXT}" t="inlineStr"><is><t>'
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"}


class Encoder(dict[Cell, str]):
    """The XML of each cell of one column behind its reference, as in `<c r="A1"` and what follows.

    Repeated cells are looked up. Few and short ones are remembered: memory stays small.
    """

    def __init__(self, column: Column) -> None:
        self._column = column
        self._number = f' s="{_number_style(column)}"><v>'

    def all(self, cells: Sequence[Cell]) -> Iterable[str]:
        if len(self) > _MEMORY:
            self.clear()
        return map(self.__getitem__, cells)

    def __missing__(self, cell: Cell) -> str:
        xml = self._encoded(cell)
        if len(xml) < _REMEMBERED:
            self[cell] = xml
        return xml

    def _encoded(self, cell: Cell) -> str:
        match cell:
            case None:
                return "/>"
            case str():
                return _text(cell)
            case datetime():
                return _instant(milliseconds(cell), Style.INSTANT)
            case int() if self._column.kind == "instant":
                return _instant(cell, Style.INSTANT)
            case int():
                exact = abs(cell) < _EXACT
                return f"{self._number}{cell:d}</v></c>" if exact else _text(f"{cell:d}")
            case Decimal():
                return f"{self._number}{cell}</v></c>" if _is_exact(cell) else _text(str(cell))


def stated_instant(instant: datetime) -> str:
    """A time that says itself that it is UTC, for where no heading does."""
    return _instant(milliseconds(instant), Style.STATED_INSTANT)


def styled_text(text: str, style: Style) -> str:
    return f' s="{style}" t="inlineStr"><is><t{_space(text)}>{escaped(text)}</t></is></c>'


def escaped(text: str) -> str:
    """Text as XML. What XML cannot have is `_xHHHH_` (ST_Xstring), and so is what looks like that.

    NUL and halves of surrogate pairs are U+FFFD.
    """
    return _SPECIAL.sub(_replaced, text)


def _number_style(column: Column) -> Style:
    if column.signed:
        return Style.SIGNED
    return Style.INTEGER if column.kind == "integer" else Style.GENERAL


def _text(text: str) -> str:
    if len(text) <= _PLAIN_TEXT and _ORDINARY.fullmatch(text):
        return f"{_TEXT}{text}</t></is></c>"
    shown = cut(text)
    quoted = is_risky(shown) or len(shown) > _PLAIN_TEXT
    return styled_text(shown, Style.QUOTED if quoted else Style.TEXT)


def _instant(since: int, style: Style) -> str:
    at = since + _EPOCH_MS
    if not _FIRST_MS <= at < _END_MS:
        return _text(f"{since} ms since 1970")
    return f' s="{style}"><v>{at / 86_400_000!r}</v></c>'


def _is_exact(number: Decimal) -> bool:
    if not number.is_finite():
        return False
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    return len(digits) <= _DIGITS and -300 < number.adjusted() < 300  # noqa: PLR2004


def _space(text: str) -> str:
    kept = text != text.strip() or "\n" in text or "\t" in text or "  " in text
    return ' xml:space="preserve"' if kept else ""


def _replaced(found: re.Match[str]) -> str:
    character = found[0]
    if named := _NAMED.get(character):
        return named
    return "\ufffd" if "\ud800" <= character <= "\udfff" else f"_x{ord(character):04X}_"

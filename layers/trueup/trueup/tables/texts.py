"""Text that others wrote, made safe for a cell: it stays text, and stays in its cell."""

import re

EXCEL_LIMIT = 32_767
"""UTF-16 units that a cell of Excel holds."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_SURROGATES_OR_NUL = re.compile("[\ud800-\udfff\0]")
_RISKY = re.compile(r"[\s\x00-\x1f\ufeff]*[=+\-@＝＋－＠]|[\t\r\n']")  # noqa: RUF001
_GUARD = "'"
_BYTES = 2


def whole_characters(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair: UTF-8 has no such thing."""
    return _SURROGATES.sub("\ufffd", text)


def is_risky(text: str) -> bool:
    """Whether a spreadsheet might take the text for a formula, or for the guard against that."""
    return _RISKY.match(text) is not None


def guarded(text: str) -> str:
    """The text as a CSV cell that no spreadsheet takes for a formula; `unguarded` undoes it.

    NUL and halves of surrogate pairs, which no reader takes, are U+FFFD.
    """
    sound = _SURROGATES_OR_NUL.sub("\ufffd", text)
    return _GUARD + sound if is_risky(sound) else sound


def unguarded(cell: str) -> str:
    """What `guarded` was given: a leading apostrophe is always ours."""
    return cell.removeprefix(_GUARD)


def cut(text: str) -> str:
    """Text as long as Excel holds; one that was longer ends by saying how long it was."""
    if len(text) <= EXCEL_LIMIT // 2:
        return text
    text = whole_characters(text)
    if len(_utf16(text)) <= EXCEL_LIMIT * _BYTES:
        return text
    mark = f"… [cut: {len(text):,} characters]"
    return first_units(text, EXCEL_LIMIT - len(mark)) + mark


def first_units(text: str, units: int) -> str:
    """The text's beginning, of at most so many UTF-16 units, without half a pair at its end."""
    whole = _utf16(text)
    if len(whole) <= units * _BYTES:
        return text
    start = whole[: units * _BYTES].decode("utf-16-le", "surrogatepass")
    return start[:-1] if "\ud800" <= start[-1] <= "\udbff" else start


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")

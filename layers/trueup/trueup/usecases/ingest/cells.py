"""What one cell may hold: from its text to a value, or the reason why not.

Every kind of cell has a scalar rule, which is the reference, and a way of reading a whole column
at once, which either gives what the rule would give for every cell or gives up.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from trueup.domain.keys import MAX_CODE_LENGTH, is_code
from trueup.domain.stock import MAX_QUANTITY

EXACT_DIGITS = 15
"""Spreadsheets keep no more digits of a number."""


class NumberCell(str):
    """Text of a spreadsheet cell that holds a number, not text."""

    __slots__ = ()


class OddCell(str):
    """Text of a spreadsheet cell that holds neither text nor a number; `reason` says what."""

    __slots__ = ("reason",)
    reason: str


def odd_cell(text: str, reason: str) -> OddCell:
    cell = OddCell(text)
    cell.reason = reason
    return cell


@dataclass(frozen=True, slots=True)
class Cell:
    """A kind of cell: `read` gives a value or raises ValueError with the reason."""

    read: Callable[[str], Any]
    bulk: Callable[[Sequence[str]], list[Any] | None]

    def column(self, texts: Sequence[str]) -> tuple[list[Any], list[tuple[int, str]]]:
        """Values of a column (None where one cannot be read), and the faults by index."""
        plain = all(type(text) is str for text in texts)
        values = self.bulk(texts) if plain else None
        return (values, []) if values is not None else self._one_by_one(texts)

    def _one_by_one(self, texts: Sequence[str]) -> tuple[list[Any], list[tuple[int, str]]]:
        values: list[Any] = []
        faults: list[tuple[int, str]] = []
        for index, text in enumerate(texts):
            try:
                values.append(self._read(text))
            except ValueError as error:
                values.append(None)
                faults.append((index, str(error)))
        return values, faults

    def _read(self, text: str) -> Any:
        reason = getattr(text, "reason", "")
        if reason:
            raise ValueError(reason)
        return self.read(text)


_INTEGER = re.compile(r"-?\d{1,19}(?:\.0*)?", re.ASCII)


def integer(low: int = 0, high: int = MAX_QUANTITY) -> Cell:
    """A whole number from `low` to `high`; None for a blank. "5.0" is 5; "1,000" is refused."""

    def read(text: str) -> int | None:
        text = text.strip()
        if not text:
            return None
        if not _INTEGER.fullmatch(text):
            raise ValueError("not a whole number (digits only, no separators of thousands)")
        value = int(text.partition(".")[0])
        if not low <= value <= high:
            raise ValueError(f"must be from {low} to {high}")
        return value

    kind = list[Annotated[int, msgspec.Meta(ge=low, le=high)]]

    def bulk(texts: Sequence[str]) -> list[int | None] | None:
        joined = "".join(texts)
        if not joined.isascii() or "." in joined or "e" in joined or "E" in joined:
            return None  # msgspec would read 1e3 and round long decimals
        filled = texts if all(texts) else [text or str(low) for text in texts]
        try:
            values: list[int | None] = list(msgspec.convert(filled, kind, strict=False))
        except msgspec.ValidationError:
            return None
        if filled is not texts:
            values = [v if text else None for v, text in zip(values, texts, strict=True)]
        return values

    return Cell(read, bulk)


def _read_code(text: str) -> str:
    if isinstance(text, NumberCell):
        _check_number(text)
    if text and not is_code(text):
        raise ValueError(
            f"must be 1-{MAX_CODE_LENGTH} printable characters without space at either end"
        )
    return str(text)


def _check_number(text: str) -> None:
    if not text.isdigit():
        raise ValueError("is a number here, not text: format the column as text and enter it again")
    if len(text) > EXACT_DIGITS:
        raise ValueError(f"is a number of more than {EXACT_DIGITS} digits: the last ones are lost")


def _bulk_codes(texts: Sequence[str]) -> list[str] | None:
    fine = "".join(texts).isprintable() and all(
        len(text) <= MAX_CODE_LENGTH and text == text.strip() for text in texts
    )
    return list(texts) if fine else None


CODE = Cell(_read_code, _bulk_codes)
"""A code, kept as it is, or "" for a blank."""


def text(longest: int) -> Cell:
    """Any text of at most `longest` characters, kept as it is."""

    def read(text: str) -> str:
        if len(text) > longest:
            raise ValueError(f"is longer than {longest} characters")
        return str(text)

    def bulk(texts: Sequence[str]) -> list[str] | None:
        return list(texts) if max(map(len, texts), default=0) <= longest else None

    return Cell(read, bulk)


def matching(pattern: str, reason: str, *, upper: bool = False) -> Cell:
    """A blank, or text that matches all of `pattern`; spaces around it do not count."""
    compiled = re.compile(pattern, re.ASCII)

    def read(text: str) -> str:
        text = text.strip().upper() if upper else text.strip()
        if text and not compiled.fullmatch(text):
            raise ValueError(reason)
        return str(text)

    def bulk(texts: Sequence[str]) -> list[str] | None:
        return [""] * len(texts) if not any(texts) else None

    return Cell(read, bulk)

"""What a file's report says: its faults, and what is odd; a spreadsheet can open it safely."""

import csv
import io

REPORT_LINES = 100_000
"""Faults listed in a report, and contradictions as many again; all are counted."""

LONGEST_VALUE = 200
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula; control characters become spaces."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return f"'{printable}" if text.startswith(_FORMULA_STARTS) else printable


class Faults:
    """Collects faults as they are found, in bounded memory."""

    def __init__(self) -> None:
        self.count = 0
        self.first = ""
        self._text = io.StringIO()
        self._lines = csv.writer(self._text)

    def add(self, row: int, column: str, value: str, reason: str) -> None:
        """A fault at a row (as the spreadsheet counts; 0: the file) and a column (may be "")."""
        self.count += 1
        column = column[:LONGEST_VALUE]  # a title is from the file too
        if self.count <= REPORT_LINES:
            cells = (column, value[:LONGEST_VALUE], reason)
            self._lines.writerow((row or "", *map(safe_cell, cells)))
        if not self.first:
            where = f"row {row}" if row else "the file"
            self.first = f"{where}{', ' + column if column else ''}: {reason}"

    def lines(self, named: str) -> str:
        """CSV lines, and one that says how many, `named` so, are not among them."""
        left_out = self.count - REPORT_LINES
        note = f",,,{left_out} more {named} are not listed\r\n" if left_out > 0 else ""
        return self._text.getvalue() + note

    def summary(self) -> str:
        """One sentence for the import's cause."""
        if self.count == 1:
            return f"The file has a fault: {self.first}."
        return f"The file has {self.count} faults; the first: {self.first}."


def report_of(faults: Faults, contradictions: Faults) -> bytes:
    """CSV in UTF-8 with a byte order mark, as Excel wants it: faults, then contradictions."""
    header = "row,column,value,reason\r\n"
    text = header + faults.lines("faults") + contradictions.lines("contradictions")
    return b"\xef\xbb\xbf" + text.encode()

"""CSV as people save it: UTF-8 with or without a mark; comma, semicolon or tab; any line end."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

from trueup.usecases.ingest.tables import Table, UnreadableError, table_of

SEPARATORS = ",;\t"
LONGEST_RECORD = 1_000_000
"""Characters of one record: an unclosed quote must not take the whole file into memory."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SAVE_AS = "save it as CSV UTF-8"

# Bytes that are no UTF-8 come as lone surrogates, so that the row they are in can be named.
_ESCAPED = "surrogateescape"
_NO_UTF8 = re.compile("[\udc80-\udcff]")


def read_csv(chunks: Iterable[bytes]) -> Table:
    """The table in a stream of bytes; UnreadableError if it is no CSV in UTF-8."""
    return table_of(_records(chunks))


class _Stream(io.RawIOBase):
    """Chunks as a raw file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        view = memoryview(buffer)
        size = min(len(view), len(self._left))
        view[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


class _Lines:
    """Lines with their ends, the first one peeked at; counts the characters of a record."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        raw = io.BufferedReader(_Stream(chunks), 262_144)
        if raw.peek(2)[:2] in _UTF16:
            raise UnreadableError(0, f"is UTF-16: {_SAVE_AS}")
        self._text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors=_ESCAPED, newline="")
        self.used = 0
        self._first = self._read()

    @property
    def separator(self) -> str:
        """The one of `SEPARATORS` that the header has most of, outside quotes."""
        outside = "".join(self._first.split('"')[::2])
        return max(SEPARATORS, key=outside.count)

    def __iter__(self) -> Iterator[str]:
        line = self._first
        while line:
            self.used += len(line)
            if self.used > LONGEST_RECORD:
                raise csv.Error(f"a record is longer than {LONGEST_RECORD} characters")
            yield line
            line = self._read()

    def _read(self) -> str:
        line = self._text.readline(LONGEST_RECORD + 1)
        if not line.isascii() and _NO_UTF8.search(line):
            raise csv.Error(f"is not UTF-8: {_SAVE_AS}")
        return line


def _records(chunks: Iterable[bytes]) -> Iterator[tuple[int, list[str]]]:
    number = 1
    try:
        lines = _Lines(chunks)
        reader = csv.reader(lines, delimiter=lines.separator, strict=True)
        for number in count(1):
            lines.used = 0
            record = next(reader, None)
            if record is None:
                return
            yield number, record
    except csv.Error as error:
        raise UnreadableError(number, f"cannot be read from here on: {error}") from error

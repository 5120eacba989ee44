"""Reads a CSV file of stock record by record, and knows at which byte each one ends.

UTF-8, with or without a byte order mark. Texts stay as they are, leading zeros too. A blank
quantity is unknown, not zero.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from trueup.channel.contract import Observation

REQUIRED = ("location", "key", "quantity")
OPTIONAL = ("allocated", "product_id", "gtin", "title", "read_only")
MAX_CODE = 256
MAX_TEXT = 2000
_BOM = b"\xef\xbb\xbf"
_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")


class FaultError(ValueError):
    """What is wrong with a record: column and reason."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record's fields, and the byte after its end."""

    fields: list[str]
    end: int


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a body that comes in chunks, with their ends."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line + b"\n" for line in whole)
    if rest:
        yield rest


def records(body: Iterable[bytes], start: int = 0) -> Iterator[Record]:
    """The records of the lines from byte `start` on; UnicodeDecodeError, csv.Error on a bad one."""
    position = start

    def text() -> Iterator[str]:
        nonlocal position
        for line in body:
            content = line.removeprefix(_BOM) if position == 0 else line
            position += len(line)
            yield content.decode()

    # The reader takes as many lines as a record needs and no more: `position` is the record's end.
    for fields in csv.reader(text(), strict=True):
        yield Record(fields, position)


def columns(header: list[str]) -> list[int]:
    """Where each known column is, -1 for one that is not there; FaultError on a bad header."""
    names = [name.strip().lower() for name in header]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise FaultError(f"row 1: the columns {', '.join(missing)} are missing")
    known = (*REQUIRED, *OPTIONAL)
    twice = [name for name in known if names.count(name) > 1]
    if twice:
        raise FaultError(f"row 1: the columns {', '.join(twice)} are there twice")
    return [names.index(name) if name in names else -1 for name in known]


def observation(fields: list[str], at: list[int], width: int) -> Observation | None:
    """The observation in a record, None for an empty line; FaultError if it is malformed."""
    if not fields:
        return None
    if len(fields) != width:
        raise FaultError(f"{len(fields)} fields where the header has {width}")
    location, key, quantity, allocated, product_id, gtin, title, read_only = (
        fields[index] if index >= 0 else "" for index in at
    )
    return Observation(
        _code("key", key),
        _code("location", location),
        _units("quantity", quantity),
        _units("allocated", allocated) or 0,
        _text("product_id", product_id),
        _text("gtin", gtin),
        title[:MAX_TEXT],
        read_only[:MAX_TEXT],
    )


def _code(column: str, value: str) -> str:
    if not value:
        raise FaultError(f"{column}: is blank")
    if len(value) > MAX_CODE or value != value.strip() or not value.isprintable():
        raise FaultError(
            f"{column}: longer than {MAX_CODE} characters, spaces around, or unprintable"
        )
    return value


def _units(column: str, value: str) -> int | None:
    stripped = value.strip()
    if not stripped:
        return None
    if not _INTEGER.fullmatch(stripped):
        raise FaultError(f"{column}: {stripped[:40]!r} is not a whole number")
    return int(stripped)


def _text(column: str, value: str) -> str:
    if len(value) > MAX_TEXT:
        raise FaultError(f"{column}: longer than {MAX_TEXT} characters")
    return value.strip()

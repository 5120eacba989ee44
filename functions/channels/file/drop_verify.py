"""Checks a file against its manifest before any row of it is given: checksum, rows, every field."""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from drop_bucket import Drops, FileEntry
from drop_csv import FaultError, columns, lines, observation, records
from drop_errors import SHOWN, DropError, FaultyFileError
from trueup.channel.pacing import Allowance

LEAST_SECONDS = 5.0
"""A file is given this long to be checked, however little time there is."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A file whose rows are good: its entity tag, its columns, and where its rows begin."""

    tag: str
    columns: list[int]
    width: int
    start: int


@dataclass
class Verification:
    """One file, read once as a stream. `declared`: the locations it may name (none: any)."""

    drops: Drops
    entry: FileEntry
    allowance: Allowance
    declared: frozenset[str] = frozenset()
    places: set[str] = field(default_factory=set)

    def run(self) -> Verified:
        """DropError if anything is wrong with the file."""
        self._digest = hashlib.sha256()
        self._faults: list[str] = []
        self._count = 0
        tag, chunks = self.drops.open(self.entry.name)
        body = self._hashed(chunks)
        found = self._read(body)
        for _ in body:
            pass  # the checksum is over the whole file, also where its reading was given up
        if self._digest.hexdigest() != self.entry.sha256.lower():
            raise DropError(f"{self.entry.name} does not have the checksum of its manifest.")
        if self._count or found is None:
            raise FaultyFileError(self.entry.name, self._faults, self._count)
        at, width, start = found
        return Verified(tag, at, width, start)

    def _hashed(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        seconds = max(LEAST_SECONDS, self.allowance.seconds_left)
        begun = self.allowance.seconds()
        for chunk in chunks:
            self._digest.update(chunk)
            yield chunk
            if self.allowance.seconds() - begun > seconds:
                message = f"{self.entry.name} is too large to be checked in time: split it."
                raise DropError(message)

    def _read(self, body: Iterator[bytes]) -> tuple[list[int], int, int] | None:
        found = records(lines(body))
        row, rows = 1, 0
        try:
            header = next(found, None)
            if header is None:
                raise FaultError("row 1: the header is missing")  # noqa: TRY301
            at = columns(header.fields)
            width = len(header.fields)
            for row, record in enumerate(found, start=2):
                rows += self._good(row, record.fields, at, width)
        except (FaultError, UnicodeDecodeError, csv.Error) as error:
            self._fault(str(error) if isinstance(error, FaultError) else _broken(row, error))
            return None
        for place in sorted(self.places - self.declared) if self.declared else ():
            self._fault(f"location {place!r} is not among the declared ones")
        if rows != self.entry.rows:
            self._fault(f"it has {rows} rows where its manifest says {self.entry.rows}")
        return at, width, header.end

    def _good(self, row: int, fields: list[str], at: list[int], width: int) -> int:
        """How many rows a record is: 0 if it is empty."""
        try:
            found = observation(fields, at, width)
        except FaultError as error:
            self._fault(f"row {row}: {error}")
            return 1
        if found is None:
            return 0
        self.places.add(found.location)
        return 1

    def _fault(self, text: str) -> None:
        self._count += 1
        if self._count <= SHOWN:
            self._faults.append(text)


def _broken(row: int, error: Exception) -> str:
    kind = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"is not CSV ({error})"
    return f"the row after row {row} {kind}"

"""Fetch: first every file of the newest drop is verified, then its rows are given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import msgspec

from drop_bucket import Drop, Drops
from drop_csv import observation, records
from drop_verify import Verification, Verified
from trueup.channel.contract import FetchRequest, FetchResponse, Observation, PlaceFailure
from trueup.channel.cursors import from_cursor, to_cursor
from trueup.channel.pacing import Allowance

BATCH = 1000
UNKNOWN = "The newest drop names no such location."


class Standing(msgspec.Struct, frozen=True):
    """Where a fetch stands: which files are verified, and up to which byte of which they are given.

    `places` are the locations met while verifying; `told` whether unknown ones were reported.
    """

    manifest: str
    schema: Literal[1] = 1
    verified: list[tuple[str, list[int], int, int]] = []
    places: list[str] = []
    told: bool = False
    file: int = 0
    offset: int = 0
    end: int = 0


@dataclass
class Reading:
    """The rows of one answer. `declared`: the locations that the drop may name (none: any)."""

    request: FetchRequest
    drops: Drops
    drop: Drop
    declared: frozenset[str]
    allowance: Allowance
    now: Callable[[], datetime]
    rows: list[Observation] = field(default_factory=list)
    failed: list[PlaceFailure] = field(default_factory=list)

    def answer(self) -> FetchResponse:
        """Raises DropError."""
        cursor = self.request.cursor
        self._at = from_cursor(cursor, Standing) if cursor else Standing(self.drop.name)
        first = self._at.end
        self._wanted = None if self.request.keys is None else set(self.request.keys)
        outcome: Literal["more", "done"] = "done" if self._verify() and self._read() else "more"
        return FetchResponse(
            outcome=outcome,
            captured_at=self.drop.manifest.captured_at.isoformat(),
            rows=self.rows,
            cursor=to_cursor(self._at) if outcome == "more" else None,
            first=first,
            span=self._at.end - first,
            total=self.drop.rows,
            calls=self.allowance.calls,
            failed_locations=self.failed,
        )

    def _verify(self) -> bool:
        """Whether all files are verified now."""
        files = self.drop.manifest.files
        while len(self._at.verified) < len(files):
            if self._is_over():
                return False
            self.allowance.spend_call()
            entry = files[len(self._at.verified)]
            verification = Verification(self.drops, entry, self.allowance, self.declared)
            found = verification.run()
            self._at = msgspec.structs.replace(
                self._at,
                verified=[*self._at.verified, _packed(found)],
                places=sorted(verification.places.union(self._at.places)),
            )
        self._tell_unknown()
        return True

    def _tell_unknown(self) -> None:
        if self._at.told:
            return
        known = self.declared.union(self._at.places)
        unknown = [place for place in self.request.locations or [] if place not in known]
        self.failed = [PlaceFailure(location=place, reason=UNKNOWN) for place in unknown]
        self._at = msgspec.structs.replace(self._at, told=True)

    def _read(self) -> bool:
        """Whether all rows are given now."""
        while self._at.file < len(self.drop.manifest.files):
            if self._is_over():
                return False
            self.allowance.spend_call()
            if not self._read_file():
                return False
        return True

    def _is_over(self) -> bool:
        return bool(self.allowance.calls) and self.allowance.is_spent

    def _read_file(self) -> bool:
        """Give rows of the present file; whether that was the rest of it."""
        number = self._at.file
        name = self.drop.manifest.files[number].name
        found = Verified(*self._at.verified[number])
        offset = self._at.offset or found.start
        for count, record in enumerate(
            records(self.drops.lines(name, offset, found.tag), offset), start=1
        ):
            row = observation(record.fields, found.columns, found.width)
            if row is not None and not self._take(row):
                return False
            self._at = msgspec.structs.replace(
                self._at, offset=record.end, end=self._at.end + (row is not None)
            )
            if self._must_stop(count):
                return False
        self._at = msgspec.structs.replace(self._at, file=number + 1, offset=0)
        return True

    def _must_stop(self, count: int) -> bool:
        """Time is asked for now and then, room after every record."""
        return self.allowance.rows_left <= 0 or (count % BATCH == 0 and self.allowance.is_spent)

    def _take(self, row: Observation) -> bool:
        """Keep a row if it was asked for; whether there was room."""
        places = self.request.locations
        if (places is not None and row.location not in places) or not self._is_wanted(row.key):
            return True
        if self.rows and not self.allowance.fits([row]):
            return False
        self.rows.append(row)
        self.allowance.spend_rows([row])
        return True

    def _is_wanted(self, key: str) -> bool:
        return self._wanted is None or key in self._wanted


def _packed(found: Verified) -> tuple[str, list[int], int, int]:
    return found.tag, found.columns, found.width, found.start


def manifest_of(cursor: str) -> str:
    """The manifest that a fetch began with; BadCursorError."""
    return from_cursor(cursor, Standing).manifest

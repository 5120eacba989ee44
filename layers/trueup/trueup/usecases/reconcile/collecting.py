"""Turns a connector's answers into sorted segments, and checks that they fit together."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from trueup.books.pages import Page
from trueup.books.reader import BookReader
from trueup.books.schema import ALIASES, OBSERVATIONS, Observed
from trueup.books.segments import Captured, SegmentWriter
from trueup.channel.contract import FetchResponse, Observation
from trueup.domain.errors import DefectError
from trueup.domain.runs import Fetch, Inputs, Segment
from trueup.domain.time import from_milliseconds, iso, milliseconds
from trueup.usecases.books import open_book
from trueup.usecases.reconcile.job import Job, prefix_of
from trueup.usecases.work import Work

SEGMENT_ROWS = 50_000
LONGEST_REASON = 500
"""Kept of why a location failed: hundreds of them stay within one record."""

_Seen = tuple[Observation, int]
Sighting = tuple[str, Observation, int]
"""A row key, what the channel shows of it, and when it did: milliseconds since 1970."""


class Collector:
    """Holds at most a segment of rows; `finish` gives the fetch as it then stands."""

    def __init__(self, work: Work, job: Job, inputs: Inputs, fetch: Fetch) -> None:
        self._work = work
        self._prefix = f"{prefix_of(work, job)}/segments/"
        self._aliases = _aliases(work, inputs)
        self._wanted = {link.channel_location for link in inputs.links}
        self._fetch = fetch
        self._turn = fetch.turns + 1
        self._segments: list[Segment] = list(fetch.segments)
        self._buffer: list[_Seen] = []

    @property
    def cursor(self) -> str | None:
        return self._fetch.cursor

    @property
    def attempt(self) -> int:
        return self._fetch.attempt

    def take(self, response: FetchResponse) -> str:
        """Keep an answer's rows. The contradiction to earlier answers, "" where there is none."""
        if response.first != self._fetch.reached:
            return f"an answer began at {response.first}, expected was {self._fetch.reached}."
        captured_at = instant_of(response.captured_at)
        at = milliseconds(captured_at)
        self._buffer += [(row, at) for row in response.rows if row.location in self._wanted]
        self._advance(response, captured_at)
        if len(self._buffer) >= SEGMENT_ROWS:
            self._flush()
        return ""

    def incomplete(self) -> str:
        """What is missing at the end of the fetch, "" if nothing."""
        expected, reached = self._fetch.expected, self._fetch.reached
        if expected is None or expected == reached:
            return ""
        return f"it announced {expected} and gave {reached}."

    def mark_done(self) -> None:
        self._fetch = self._fetch.model_copy(update={"done": True, "cursor": None})

    def restart(self) -> None:
        """Forget all rows and begin again; the segments written so far are never read."""
        fetch = self._fetch
        self._fetch = Fetch(
            run=fetch.run,
            account=fetch.account,
            attempt=fetch.attempt + 1,
            turns=fetch.turns,
            usage=fetch.usage,
        )
        self._segments, self._buffer = [], []

    def finish(self) -> Fetch:
        """Write what is buffered; the fetch to be stored as the checkpoint."""
        self._flush()
        changes = {
            "segments": tuple(self._segments),
            "turns": self._turn,
            "usage": self._fetch.usage + self._work.meter.usage,
        }
        return self._fetch.model_copy(update=changes)

    def _advance(self, response: FetchResponse, captured_at: datetime) -> None:
        fetch = self._fetch
        failed = {f.location: f.reason[:LONGEST_REASON] for f in response.failed_locations}
        changes = {
            "cursor": response.cursor,
            "reached": response.end,
            "rows": fetch.rows + len(response.rows),
            "expected": fetch.expected if response.total is None else response.total,
            "failed_locations": fetch.failed_locations | failed,
            "captured_from": min(filter(None, (fetch.captured_from, captured_at))),
            "captured_to": max(filter(None, (fetch.captured_to, captured_at))),
        }
        self._fetch = fetch.model_copy(update=changes)

    def _flush(self) -> None:
        if not self._buffer:
            return
        writer = SegmentWriter(self._work.evidence, self._prefix)
        self._segments.append(writer.write(OBSERVATIONS, _captured(self._resolved())))
        self._buffer = []

    def _resolved(self) -> list[Sighting]:
        """Rows with the keys of their listings where the channel's code is an alias."""
        if self._aliases is None:
            return [(row.key, row, at) for row, at in self._buffer]
        keys = sorted({row.key for row, _ in self._buffer})
        known = self._aliases.get(keys)
        return [
            (str(known[row.key]["listing_key"]) if row.key in known else row.key, row, at)
            for row, at in self._buffer
        ]


def _aliases(work: Work, inputs: Inputs) -> BookReader | None:
    return None if inputs.aliases is None else open_book(work.pages, inputs.aliases, ALIASES)


def _captured(rows: list[Sighting]) -> Iterator[Captured]:
    """One sorted page of all rows for each location."""
    rows.sort(key=lambda sighting: (sighting[1].location, sighting[0]))
    for location, group in groupby(rows, key=lambda sighting: sighting[1].location):
        seen = list(group)
        oldest = min(at for _, _, at in seen)
        yield Captured(location, iso(from_milliseconds(oldest)), observed_page(seen))


def observed_page(seen: list[Sighting]) -> Page:
    """Observations under their row keys, sorted, as one page."""
    rows = [row for _, row, _ in seen]
    return Page(
        keys=[key for key, _, _ in seen],
        ints={
            "reported": [row.quantity or 0 for row in rows],
            "allocated": [row.allocated for row in rows],
            "unknown": list(map(_bits, rows)),
            "captured_at": [at for _, _, at in seen],
        },
        texts={
            "product_id": [row.product_id for row in rows],
            "gtin": [row.gtin for row in rows],
            "title": [row.title for row in rows],
        },
    )


def _bits(row: Observation) -> int:
    """As `Observed` has them."""
    no_quantity = Observed.NO_QUANTITY if row.quantity is None else 0
    return no_quantity | (Observed.READ_ONLY if row.read_only else 0)


def instant_of(text: str) -> datetime:
    """A connector's instant. DefectError: it is none, or has no offset."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise DefectError(f"The connector gave no valid instant: {text!r}.") from error
    if instant.tzinfo is None:
        raise DefectError(f"The connector gave an instant without an offset: {text!r}.")
    return instant

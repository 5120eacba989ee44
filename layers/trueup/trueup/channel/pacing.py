"""How a connector stays within its budget, and how large its answer has become."""

import json
import time
from collections.abc import Callable

from trueup.channel.contract import LEAST_CALLS, MAX_RESPONSE_BYTES, Budget, Observation

RESERVED_MILLISECONDS = 500
"""Kept back to encode the answer."""
ROOM_BYTES = MAX_RESPONSE_BYTES - 100_000
"""For rows; the rest is for the cursor and whatever else is in an answer."""
ROW_OVERHEAD_BYTES = 64
"""Brackets, quotes, commas, spaces and two numbers of up to 17 characters of a row on the wire."""


class Allowance:
    """What is left of a budget. `monotonic` gives seconds."""

    def __init__(self, budget: Budget, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ends = monotonic() + max(0, budget.milliseconds - RESERVED_MILLISECONDS) / 1000
        self._calls_allowed = max(budget.calls, LEAST_CALLS)
        self._bytes = 0
        self.rows_left = budget.rows
        self.calls = 0

    def seconds(self) -> float:
        """A clock that only goes forward."""
        return self._monotonic()

    @property
    def seconds_left(self) -> float:
        return max(0.0, self._ends - self._monotonic())

    @property
    def calls_left(self) -> int:
        return max(0, self._calls_allowed - self.calls)

    @property
    def is_spent(self) -> bool:
        """Whether to stop now; never asked before the first step of progress."""
        full = self.rows_left <= 0 or self._bytes >= ROOM_BYTES
        return full or self.calls_left == 0 or self.seconds_left == 0

    def spend_call(self) -> None:
        self.calls += 1

    def fits(self, rows: list[Observation]) -> bool:
        """Whether the answer has room for these rows too, in bytes."""
        return self._bytes + wire_bytes(rows) < ROOM_BYTES

    def spend_rows(self, rows: list[Observation]) -> None:
        self.rows_left -= len(rows)
        self._bytes += wire_bytes(rows)


def wire_bytes(rows: list[Observation]) -> int:
    """At most how many bytes these rows take in an answer."""
    return sum(_row_bytes(row) for row in rows)


def _row_bytes(row: Observation) -> int:
    texts = row.key + row.location + row.product_id + row.gtin + row.title + row.read_only
    # As long as it gets: some runtimes escape all that is not ASCII.
    return ROW_OVERHEAD_BYTES + len(json.dumps(texts))

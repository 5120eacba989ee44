"""The rows of retries as planning asks for them; and how rows that were pushed before show now."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar

from trueup.books.schema import ROWS, RowUnknown
from trueup.domain.force import ForcePlan, Skip
from trueup.domain.outcomes import Reason
from trueup.domain.pushes import UNREAD
from trueup.domain.repeats import RetriedRow, RetriedRows, retried_in
from trueup.ports import Registry
from trueup.usecases.force.targets import Visible, Wanted
from trueup.usecases.whole import all_of

AT_ONCE = 500
"""Keys that are looked up together."""

GONE = "It is not listed any more, or the channel does not show it."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Retried:
    """Rows whose push failed: their targets are computed anew."""

    registry: Registry
    plan: ForcePlan

    def rows(self, visible: Visible, lo: str) -> Iterator[Wanted]:
        """As `targets.Targets` says."""
        prefix = (self.plan.account, self.plan.id, visible.location)
        stored = all_of(self.registry, RetriedRows, *prefix)
        mine = (row for some in stored for row in retried_in(some.value) if row.key >= lo)
        return looked_up(visible, mine, lambda row: row.key, _retried)


def _retried(row: RetriedRow, wanted: Wanted) -> Wanted:
    seen = _unexplained(wanted, since(wanted, row.shown, row.shown_at))
    return replace(seen, named=True, attempts=row.attempts, retry_of=row.retry_of)


def _unexplained(compared: Wanted, seen: Wanted) -> Wanted:
    """What the channel shows more or less than when its row was explained, nothing explains."""
    if seen is compared or "unexplained" not in seen.values:
        return seen
    moved = (seen.values["reported"] - compared.values["reported"]) * seen.values["pack_size"]
    values = {**seen.values, "unexplained": seen.values["unexplained"] - moved}
    return replace(seen, values=values)


def looked_up(
    visible: Visible,
    rows: Iterator[T],
    key_of: Callable[[T], str],
    told: Callable[[T, Wanted], Wanted],
) -> Iterator[Wanted]:
    """Rows as they are visible now, so many at a time; those that are not are `UNMAPPED`."""
    while some := list(islice(rows, AT_ONCE)):
        there = visible.at([key_of(row) for row in some])
        for row in some:
            yield told(row, there.get(key_of(row)) or _gone(visible, key_of(row)))


def _gone(visible: Visible, key: str) -> Wanted:
    unknown = RowUnknown.TOTAL | RowUnknown.SELLABLE | RowUnknown.REPORTED | RowUnknown.CAP
    values: Mapping[str, Any] = {
        **dict.fromkeys(ROWS.ints, 0),
        "key": key,
        "pack_size": 1,
        "unknown": unknown,
        "reason": Reason.NOT_ON_CHANNEL,
    }
    return Wanted(
        key, values, visible.as_of, visible.version, named=True, skip=Skip.UNMAPPED, note=GONE
    )


def since(wanted: Wanted, shown: int, at: int) -> Wanted:
    """The row with what the channel showed when it was pushed, where that is the newer reading."""
    if wanted.skip or shown == UNREAD or at <= wanted.captured_at:
        return wanted
    unknown = wanted.values["unknown"] & ~RowUnknown.REPORTED
    values = {**wanted.values, "reported": shown, "unknown": unknown}
    return replace(wanted, values=values, captured_at=at, version=0)

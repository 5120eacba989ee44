"""The rows of an undo as planning asks for them: what a plan has set, in the order of the keys.

A part's chunks are in the order of urgency, location and key, so the first one that matters is
found by halving: a step of planning reads what it needs of a plan of a million rows, not the whole.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import merge

from trueup.books.schema import RowUnknown
from trueup.domain.errors import DefectError
from trueup.domain.force import ForcePlan, Skip, Urgency
from trueup.domain.pushes import UNREAD
from trueup.domain.pushlog import PushChunk, PushOutcome, PushRow, rows_of
from trueup.ports import Registry
from trueup.usecases.force.again import looked_up, since
from trueup.usecases.force.targets import Visible, Wanted

CHANGED = "It shows {} now, and was set to {}: sold, edited or pushed since."

_Order = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Undone:
    """Rows that a plan has set, back to what the channel showed before.

    Only where it still shows what was set; `Skip.CHANGED` else. What may not be published any
    more is left out too, unless the scope asks for it.
    """

    registry: Registry
    plan: ForcePlan

    def rows(self, visible: Visible, lo: str) -> Iterator[Wanted]:
        """As `targets.Targets` says."""
        undone = self.registry.get(ForcePlan, self.plan.account, self.plan.of or "")
        if undone is None:
            raise DefectError(f"The plan that {self.plan.id} takes back does not exist.")
        done = applied_rows(self.registry, undone.value, visible.location, lo)
        return looked_up(visible, done, lambda row: row.key, self._restored)

    def _restored(self, row: PushRow, wanted: Wanted) -> Wanted:
        seen = since(wanted, row.quantity, row.done_at)
        known = not seen.values["unknown"] & RowUnknown.REPORTED
        shows = seen.values["reported"] if known else None
        above = self.plan.scope.above_publishable
        back = replace(seen, named=True, restore=shown_before(row), above=above)
        if seen.skip or shows == row.quantity:
            return back
        shown = "no quantity" if shows is None else shows
        return replace(back, skip=Skip.CHANGED, note=CHANGED.format(shown, row.quantity))


def shown_before(row: PushRow) -> int:
    """What the channel showed; 0 where that was less, which no channel takes."""
    return max(0, row.showed if row.before == UNREAD else row.before)


def applied_rows(
    registry: Registry, plan: ForcePlan, location: str, lo: str = ""
) -> Iterator[PushRow]:
    """Rows of all parts of a plan that were read back as set at a location, by key, from `lo`."""
    parts = [_Part(registry, plan, stage.share.value) for stage in plan.stages]
    runs = [part.applied(urgency, location, lo) for part in parts for urgency in Urgency]
    return merge(*runs, key=lambda row: row.key)


@dataclass
class _Part:
    """The chunks of one part of a plan; read when they are needed, and not kept."""

    registry: Registry
    plan: ForcePlan
    share: str

    def applied(self, urgency: Urgency, location: str, lo: str) -> Iterator[PushRow]:
        place = self._places.get(location)
        if place is None:
            return
        first = bisect_left(range(self._count), (int(urgency), place, lo), key=self._order)
        for number in range(first, self._count):
            chunk = self._chunk(number)
            rows = rows_of(chunk)
            if chunk.channel_location != location or rows[0].urgency != urgency:
                return
            yield from (row for row in rows if _is_set(row) and row.key >= lo)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {place.channel_location: i for i, place in enumerate(self.plan.places)}

    @cached_property
    def _count(self) -> int:
        last = self.registry.list(PushChunk, *self._prefix, limit=1, newest_first=True).items
        return last[0].value.number + 1 if last else 0

    @property
    def _prefix(self) -> tuple[str, str, str]:
        return self.plan.account, self.plan.id, self.share

    def _order(self, number: int) -> _Order:
        chunk = self._chunk(number)
        return rows_of(chunk)[0].urgency, self._places[chunk.channel_location], chunk.hi

    def _chunk(self, number: int) -> PushChunk:
        found = self.registry.get(PushChunk, *self._prefix, f"{number:06d}")
        if found is None:
            raise DefectError(f"Push {self.plan.id}.{self.share}.{number} is gone.")
        return found.value


def _is_set(row: PushRow) -> bool:
    return row.outcome == PushOutcome.APPLIED

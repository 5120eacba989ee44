"""A small channel in memory, held to the conformance suite like every connector."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

import msgspec

from trueup.channel.contract import (
    Abilities,
    CheckRequest,
    CheckResponse,
    DescribeRequest,
    DescribeResponse,
    FetchRequest,
    FetchResponse,
    Observation,
    Place,
    PlaceFailure,
    PushRequest,
    PushResponse,
)

CAPTURED = datetime(2026, 3, 1, 11, 59, tzinfo=UTC)


@dataclass
class Shelf:
    """Quantities by (location, key). `spoil` may change an answer on its way out."""

    stock: dict[tuple[str, str], int | None] = field(default_factory=dict)
    locations: tuple[str, ...] = ("1",)
    page: int = 100
    allocated: dict[tuple[str, str], int] = field(default_factory=dict)
    read_only: dict[tuple[str, str], str] = field(default_factory=dict)
    failing: dict[str, str] = field(default_factory=dict)
    on_hand: bool = False
    spoil: Callable[[FetchResponse], FetchResponse] = lambda answer: answer

    def describe(self, request: DescribeRequest) -> DescribeResponse:
        del request
        abilities = Abilities(can_push=False, reports="on_hand" if self.on_hand else "available")
        places = [Place(id=location, code=location) for location in self.locations]
        return DescribeResponse(abilities=abilities, locations=places)

    def fetch(self, request: FetchRequest) -> FetchResponse:
        wanted = self.locations if request.locations is None else tuple(request.locations)
        rows = self._rows(wanted, request.keys)
        start = int(request.cursor or 0)
        count = min(self.page, request.budget.rows)
        end = min(start + count, len(rows))
        return self.spoil(
            FetchResponse(
                outcome="done" if end == len(rows) else "more",
                captured_at=CAPTURED.isoformat(),
                rows=list(islice(rows, start, end)),
                cursor=None if end == len(rows) else str(end),
                first=start,
                total=len(rows),
                calls=1,
                failed_locations=self._failures(wanted) if start == 0 else [],
            )
        )

    def push(self, request: PushRequest) -> PushResponse:
        del request
        return PushResponse(outcome="unsupported", reason="A shelf is only looked at.")

    def check(self, request: CheckRequest) -> CheckResponse:
        del request
        return CheckResponse(outcome="unsupported", reason="A shelf is only looked at.")

    def _rows(self, locations: tuple[str, ...], keys: list[str] | None) -> list[Observation]:
        return [
            Observation(
                key=key,
                location=location,
                quantity=quantity,
                allocated=self.allocated.get((location, key), 0),
                read_only=self.read_only.get((location, key), ""),
            )
            for (location, key), quantity in sorted(self.stock.items())
            if location in locations
            and location in self.locations
            and location not in self.failing
            and (keys is None or key in keys)
        ]

    def _failures(self, wanted: tuple[str, ...]) -> list[PlaceFailure]:
        unknown = [
            PlaceFailure(location, "There is no such location.")
            for location in wanted
            if location not in self.locations
        ]
        broken = [
            PlaceFailure(location, reason)
            for location, reason in self.failing.items()
            if location in wanted
        ]
        return unknown + broken


def changed(answer: FetchResponse, **changes: object) -> FetchResponse:
    """A copy of an answer with some fields changed."""
    return msgspec.structs.replace(answer, **changes)

"""Plans with pushes, written as the product keeps them, without pushing anything."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ulid import ULID

from trueup.domain.accounts import Account, ChannelLocation
from trueup.domain.force import (
    ForcePlan,
    PlanKind,
    PlanPlace,
    PlanState,
    PushCounts,
    Scope,
    Share,
    Stage,
    StageState,
)
from trueup.domain.pushlog import (
    PushChunk,
    PushOutcome,
    PushRow,
    counts_of,
    packed,
    push_id,
    rows_of,
)
from trueup.ports import Create, Registry, Replace

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(key: str, outcome: PushOutcome = PushOutcome.APPLIED, **other: Any) -> PushRow:
    """From 5 to 8, of ten sellable with a buffer of two."""
    fields: dict[str, Any] = {
        "product_id": f"P-{key}",
        "showed": 5,
        "quantity": 8,
        "urgency": 2,
        "units": 3,
        "sellable": 10,
        "allocation": 100,
        "backorder": 0,
        "buffer": 2,
        "pack_size": 1,
        "cap": -1,
    }
    return PushRow(key=key, outcome=outcome, **{**fields, **other})


@dataclass
class Logbook:
    """Writes accounts, plans and chunks of one seller."""

    registry: Registry
    now: datetime = NOW
    made: list[PushChunk] = field(default_factory=list)

    def account(self, id_: str, places: Sequence[str] = ("1",), **other: Any) -> Account:
        fields: dict[str, Any] = {"channel": "shelf", "name": id_.upper(), "created_at": NOW}
        known = tuple(ChannelLocation(id=p, code=f"C{p}", name=f"Place {p}") for p in places)
        account = Account(id=id_, locations=known, **{**fields, **other})
        self.registry.write(Create(account))
        return account

    def plan(
        self,
        account: str = "eu",
        *parts: tuple[Share, Sequence[tuple[str, Sequence[PushRow]]]],
        after: timedelta = timedelta(minutes=1),
        **other: Any,
    ) -> ForcePlan:
        """A plan with its parts, each (share, chunks as (location, rows)); `now` goes on."""
        self.now += after
        id_ = str(ULID.from_datetime(self.now))
        stages = tuple(self._part(account, id_, share, chunks) for share, chunks in parts)
        places = sorted({place for _, chunks in parts for place, _ in chunks}) or ["1"]
        fields: dict[str, Any] = {
            "kind": PlanKind.FORCE,
            "scope": Scope(locations=tuple(places)),
            "state": PlanState.FINISHED,
            "proposed_by": "ann",
            "proposed_at": self.now,
            "expires_at": self.now + timedelta(minutes=30),
            "deadline": self.now + timedelta(hours=1),
            "stages": stages,
            "places": tuple(map(self._place, places)),
        }
        plan = ForcePlan(id=id_, account=account, **{**fields, **other})
        self.registry.write(Create(plan))
        return plan

    def _place(self, location: str) -> PlanPlace:
        fields: dict[str, Any] = {"version": 1, "as_of": self.now, "manifest": "", "rows": 0}
        return PlanPlace(channel_location=location, **fields)

    def _part(
        self, account: str, plan: str, share: Share, chunks: Sequence[tuple[str, Sequence[PushRow]]]
    ) -> Stage:
        at, counts = self.now + timedelta(seconds=30), PushCounts()
        for number, (place, rows) in enumerate(chunks):
            ordered = sorted(rows, key=lambda row: row.key)
            chunk = PushChunk(
                account=account,
                plan=plan,
                share=share,
                number=number,
                channel_location=place,
                sequence=1,
                created_at=at + timedelta(seconds=number),
                changed_at=at + timedelta(seconds=number),
                counts=counts_of(ordered),
                lo=ordered[0].key,
                hi=ordered[-1].key,
                rows=packed(ordered),
            )
            self.registry.write(Create(chunk))
            self.made.append(chunk)
            counts += chunk.counts
        return Stage(
            share=share,
            decided_by="bea",
            decided_at=at,
            approved=share is Share.REST,
            state=StageState.ENDED if not counts.queued else StageState.RUNNING,
            deadline=at + timedelta(hours=1),
            sequences={},
            counts=PushCounts() if counts.queued else counts,
        )

    def ids(self, plan: ForcePlan) -> list[str]:
        """Of all pushes of a plan."""
        mine = [chunk for chunk in self.made if chunk.plan == plan.id]
        return [push_id(c, i) for c in mine for i in range(len(rows_of(c)))]

    def change(self, chunk: PushChunk, rows: Sequence[PushRow]) -> None:
        """Write other rows into a chunk."""
        stored = self.registry.get(PushChunk, *chunk.identity)
        assert stored is not None
        new = {"rows": packed([*rows]), "counts": counts_of([*rows])}
        self.registry.write(Replace(stored.value.model_copy(update=new), stored.version))

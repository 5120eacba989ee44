"""A world with a live account, rows that differ, and a plan to force them that is at work."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from tests.asl import ExecutionFailedError, Machine
from tests.force_channel import Till
from tests.world import ACCOUNT, NOW, SELLER, World
from trueup.adapters.memory_channels import MemoryChannels
from trueup.books.manifest import Manifest, save_manifest
from trueup.books.pages import Page
from trueup.books.schema import PLANNED
from trueup.books.writer import write_range
from trueup.domain.accounts import Account, Mode
from trueup.domain.force import (
    ForcePlan,
    ForceSlot,
    Over,
    PlanKind,
    PlanPlace,
    PlanState,
    Scope,
    Share,
    Stage,
    StageState,
    Urgency,
    holder_of,
)
from trueup.domain.pushlog import PushChunk, PushOutcome, PushRow, rows_of
from trueup.domain.time import milliseconds
from trueup.ports import Create, Replace
from trueup.usecases.books import plan_book
from trueup.usecases.exceptions.filing import Cabinet
from trueup.usecases.finalising import ending_of, finalise
from trueup.usecases.force.checking import check_force
from trueup.usecases.force.closing import Closing, close_force
from trueup.usecases.force.job import ForceJob, chunks_of
from trueup.usecases.force.opening import open_force
from trueup.usecases.force.pushing import push_force

COOLDOWN = timedelta(minutes=15)
DEADLINE = timedelta(hours=6)


class ForceWorld(World):
    """`till` is the channel of the account; locations are fed by one of the seller each."""

    def __init__(self, **modes: Any) -> None:
        super().__init__()
        self.till = Till(self.clock, **modes)
        self.channels = MemoryChannels({"shelf": self.till})

    def furnish(
        self, showed: Mapping[str, int], wanted: Mapping[str, int], place: str = "1", **account: Any
    ) -> None:
        """One location where the channel shows some quantities, and others may be published."""
        self.till.fill(place, dict(showed))
        self.link({place: ["main"]}, mode=Mode.LIVE, **account)
        self.refresh_capabilities()
        self.baseline("main", wanted)
        self.listings(wanted)

    def refresh_capabilities(self) -> None:
        stored = self.registry.get(Account, ACCOUNT)
        assert stored is not None
        capable = {"capabilities": self.till.capabilities()}
        self.registry.write(Replace(stored.value.model_copy(update=capable), stored.version))

    # Plans --------------------------------------------------------------------------------------

    def plan(
        self,
        targets: Mapping[str, int],
        place: str = "1",
        *,
        kind: PlanKind = PlanKind.FORCE,
        share: Share = Share.ALL,
        approved: bool = False,
        columns: Mapping[str, Mapping[str, int]] | None = None,
    ) -> ForcePlan:
        """A plan to show these quantities, decided, with the slot of its location claimed."""
        plan = self.proposed(targets, place, kind=kind, columns=columns, above=approved)
        return self.decided(plan, share, approved=approved)

    def proposed(
        self,
        targets: Mapping[str, int],
        place: str = "1",
        *,
        kind: PlanKind = PlanKind.FORCE,
        columns: Mapping[str, Mapping[str, int]] | None = None,
        above: bool = False,
    ) -> ForcePlan:
        """`above`: it needs an approver, as it sets more than may be published."""
        id_, page = self.new_id(), self._page(targets, place, columns or {})
        book = plan_book(id_, place)
        manifest = Manifest.of(
            PLANNED.kind, write_range(self.pages, book, PLANNED, (), iter([page]))
        )
        ups = sum(urgency == Urgency.INCREASE for urgency in page.ints["urgency"])
        planned = PlanPlace(
            channel_location=place,
            version=1,
            as_of=self.now,
            manifest=save_manifest(self.pages, book, manifest),
            rows=len(page),
            decreases=len(page) - ups,
            rest=ups,
        )
        plan = ForcePlan(
            id=id_,
            kind=kind,
            account=ACCOUNT,
            scope=Scope(locations=(place,)),
            state=PlanState.PROPOSED,
            proposed_by="ada",
            proposed_at=self.now,
            planned_at=self.now,
            expires_at=self.now + timedelta(minutes=30),
            deadline=self.now + timedelta(hours=1),
            places=(planned,),
            approvals=(Over.ABOVE_PUBLISHABLE,) if above else (),
        )
        self.registry.write(Create(plan))
        return plan

    def decided(
        self, plan: ForcePlan, share: Share = Share.ALL, *, approved: bool = False
    ) -> ForcePlan:
        """As deciding does it: the slot is claimed and the stage added."""
        stored = self.registry.get(ForcePlan, ACCOUNT, plan.id)
        assert stored is not None
        places = [p.channel_location for p in stored.value.places if p.rows_in(share)]
        slots = [self._claim(place, holder_of(plan.id, share)) for place in places]
        stage = Stage(
            share=share,
            decided_by="ada",
            decided_at=self.now,
            approved=approved,
            deadline=self.now + DEADLINE,
            sequences={slot.channel_location: slot.sequence for slot in slots},
        )
        changes = {"state": PlanState.FORCING, "stages": (*stored.value.stages, stage)}
        self.registry.write(Replace(stored.value.model_copy(update=changes), stored.version))
        return self.found(plan)

    def _claim(self, place: str, holder: str) -> ForceSlot:
        stored = self.registry.get(ForceSlot, ACCOUNT, place)
        slot = stored.value if stored else ForceSlot(account=ACCOUNT, channel_location=place)
        claimed = slot.model_copy(
            update={
                "holder": holder,
                "sequence": slot.sequence + 1,
                "sent": False,
                "claimed_at": self.now,
                "cooling_until": self.now + COOLDOWN,
                "cooled_before": slot.cooling_until,
            }
        )
        self.registry.write(Replace(claimed, stored.version) if stored else Create(claimed))
        return claimed

    def _page(
        self, targets: Mapping[str, int], place: str, columns: Mapping[str, Mapping[str, int]]
    ) -> Page:
        keys = sorted(targets)
        showed = [self.till.available(place, key) for key in keys]
        wanted = [targets[key] for key in keys]
        ints: dict[str, list[int]] = {name: [0] * len(keys) for name in PLANNED.ints}
        ints |= {
            "showed": showed,
            "target": wanted,
            "publishable": wanted,
            "sellable": wanted,
            "captured_at": [milliseconds(self.now)] * len(keys),
            "urgency": [_urgency(s, w) for s, w in zip(showed, wanted, strict=True)],
            "units": [abs(s - w) for s, w in zip(showed, wanted, strict=True)],
            "allocation": [100] * len(keys),
            "pack_size": [1] * len(keys),
            "cap": [-1] * len(keys),
            "attempts": [1] * len(keys),
        }
        for name, values in columns.items():
            ints[name] = [values.get(k, v) for k, v in zip(keys, ints[name], strict=True)]
        return Page(keys, ints, {name: [""] * len(keys) for name in PLANNED.texts})

    # Running ------------------------------------------------------------------------------------

    def force_machine(self, spoilt: Mapping[str, Callable[[Any], Any]] | None = None) -> Machine:
        """The shipped machine with the real steps behind it; waits let the clock go on."""
        tasks: dict[str, Callable[[dict[str, Any]], Any]] = {
            "${OpenForceFunctionArn}": lambda e: {
                "state": open_force(self.work(), force_job(e)).state
            },
            "${PushForceFunctionArn}": lambda e: push_force(
                self.work(), force_job(e), self._remaining
            ),
            "${CheckForceFunctionArn}": lambda e: check_force(
                self.work(), force_job(e), self._remaining
            ),
            "${CloseForceFunctionArn}": self._closed,
            "${FinaliseFunctionArn}": lambda e: finalise(self.plant(), ending_of(e)).model_dump(),
            "arn:aws:states:::states:startExecution": lambda e: self._continued(e, spoilt),
        }
        return Passing("force", tasks | dict(spoilt or {})).of(self)

    def _continued(
        self, event: dict[str, Any], spoilt: Mapping[str, Callable[[Any], Any]] | None
    ) -> dict[str, Any]:
        """The next execution, which here has ended before this one has."""
        with suppress(ExecutionFailedError):
            self.force_machine(spoilt).run(event["Input"])
        return {}

    def _remaining(self) -> int:
        return self.milliseconds_left

    def _closed(self, event: dict[str, Any]) -> dict[str, Any]:
        closed = close_force(self.closing(), force_job(event))
        return {"state": closed.state, "cause": closed.cause}

    def closing(self) -> Closing:
        cabinet = Cabinet(self.registry, self.pages, self.clock, self.new_id, "rule:cases")
        return Closing(self.work(), self.registry, cabinet, self.machines, self.events, self.new_id)

    def force(self, plan: ForcePlan, share: Share = Share.ALL) -> ForcePlan:
        """Run a decided part to its end, and look at its plan."""
        self.force_machine().run(force_payload(plan, share))
        return self.found(plan)

    # Looking ------------------------------------------------------------------------------------

    def found(self, plan: ForcePlan) -> ForcePlan:
        stored = self.registry.get(ForcePlan, ACCOUNT, plan.id)
        assert stored is not None
        return stored.value

    def stage(self, plan: ForcePlan, share: Share = Share.ALL) -> Stage:
        stage = self.found(plan).stage(share)
        assert stage is not None
        return stage

    def has_ended(self, plan: ForcePlan, share: Share = Share.ALL) -> bool:
        return self.stage(plan, share).state is StageState.ENDED

    def chunks(self, plan: ForcePlan, share: Share = Share.ALL) -> list[PushChunk]:
        return [s.value for s in chunks_of(self.registry, ACCOUNT, plan.id, share)]

    def pushed(self, plan: ForcePlan, share: Share = Share.ALL) -> dict[str, PushRow]:
        """The push log of a part, by row key."""
        return {row.key: row for chunk in self.chunks(plan, share) for row in rows_of(chunk)}

    def outcomes(self, plan: ForcePlan, share: Share = Share.ALL) -> dict[str, PushOutcome]:
        return {key: PushOutcome(row.outcome) for key, row in self.pushed(plan, share).items()}

    def slot(self, place: str = "1") -> ForceSlot:
        stored = self.registry.get(ForceSlot, ACCOUNT, place)
        assert stored is not None
        return stored.value


class Passing(Machine):
    """A machine whose waits let the world's clock go on."""

    def of(self, world: World) -> "Passing":
        self.world = world
        return self

    def _step(self, name: str, state: dict[str, Any], data: Any) -> tuple[Any, str | None]:
        waits = len(self.waited)
        found = super()._step(name, state, data)
        for seconds in self.waited[waits:]:
            self.world.now += timedelta(seconds=seconds)
        return found


def force_payload(plan: ForcePlan, share: Share = Share.ALL) -> dict[str, Any]:
    of = {"seller": SELLER, "account": ACCOUNT, "plan": plan.id, "share": share.value}
    return {"schema": 1, **of}


def force_job(event: dict[str, Any]) -> ForceJob:
    return ForceJob.model_validate(event)


def _urgency(showed: int, target: int) -> Urgency:
    if target > showed:
        return Urgency.INCREASE
    return Urgency.OVERSOLD if target == 0 else Urgency.DECREASE


__all__ = ["NOW", "ForceWorld", "force_job", "force_payload"]

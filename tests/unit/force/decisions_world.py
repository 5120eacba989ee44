"""A seller with an account that can be forced, and plans that wait for a decision."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from trueup.adapters.memory_machines import MemoryMachines
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.domain.accounts import Account, Capabilities, ChannelLocation, Mode
from trueup.domain.audit import AuditRecord
from trueup.domain.force import (
    ForcePlan,
    ForceSlot,
    Over,
    PlanPlace,
    PlanState,
    Scope,
    Share,
    StageState,
    holder_of,
)
from trueup.domain.slots import freed
from trueup.ports import Create, Registry, Replace
from trueup.usecases.audit.keeping import AuditedRegistry, By
from trueup.usecases.force.checks import Wish
from trueup.usecases.force.deciding import Counter, decide, require_plan
from trueup.usecases.whole import all_of

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SELLER, ACCOUNT, HASH = "acme", "eu", "a" * 64
MINIMUM, COOLDOWN = 60, 900
OVER: dict[str, Any] = {"approvals": (Over.UNITS, Over.SHARE)}
"""Of a plan that needs a second person."""
Clock = Callable[[], datetime]


def capabilities(**fields: Any) -> Capabilities:
    stated: dict[str, Any] = {
        "can_push": True,
        "reports": "available",
        "takes": "available",
        "compare_and_set": True,
        "idempotent": True,
        "submits": False,
        "push_batch": 100,
        "calls_per_minute": None,
        "settle_seconds": 0,
        "minimum_cooldown_seconds": MINIMUM,
        "documentation": "docs/channels/sandbox.md",
    }
    return Capabilities(**{**stated, **fields})


def account_of(*places: str, **fields: Any) -> Account:
    stated: dict[str, Any] = {
        "id": ACCOUNT,
        "channel": "sandbox",
        "name": "EU",
        "mode": Mode.LIVE,
        "cooldown_seconds": COOLDOWN,
        "created_at": START,
        "capabilities": capabilities(),
        "locations": tuple(ChannelLocation(id=p, code=p, name=p) for p in places),
    }
    return Account(**{**stated, **fields})


def plan_of(
    id_: str, places: Mapping[str, tuple[int, int]], at: datetime, **fields: Any
) -> ForcePlan:
    """A proposed plan; of each place, the rows among its decreases and among the rest."""
    stated: dict[str, Any] = {
        "id": id_,
        "account": ACCOUNT,
        "scope": Scope(locations=tuple(places)),
        "state": PlanState.PROPOSED,
        "proposed_by": "olga",
        "proposed_at": at,
        "expires_at": at + timedelta(minutes=30),
        "deadline": at + timedelta(minutes=30),
        "hash": HASH,
        "places": tuple(_place(name, *rows, at) for name, rows in places.items()),
    }
    return ForcePlan(**{**stated, **fields})


def _place(name: str, decreases: int, rest: int, at: datetime) -> PlanPlace:
    return PlanPlace(
        channel_location=name,
        version=1,
        as_of=at,
        manifest="m",
        rows=decreases + rest,
        decreases=decreases,
        rest=rest,
    )


class Decisions:
    """`now` is the time. What people do here is audited, as in the API."""

    def __init__(self, *places: str, registries: Any = None, **account: Any) -> None:
        self.now = START
        self.registries = registries or MemoryRegistries()
        self.plain: Registry = self.registries.of(SELLER)
        self.machines = MemoryMachines()
        self.plain.write(Create(account_of(*(places or ("1", "2", "3")), **account)))

    def clock(self) -> datetime:
        return self.now

    def counter(self, user: str = "olga", **ports: Any) -> Counter:
        registry = AuditedRegistry(ports.get("inner", self.plain), By(user), self.clock)
        fields: dict[str, Any] = {
            "registry": registry,
            "machines": self.machines,
            "clock": self.clock,
            "tries": lambda: range(20),
        }
        return Counter(**{**fields, **{k: v for k, v in ports.items() if k != "inner"}})

    def propose(self, id_: str, places: Mapping[str, tuple[int, int]], **fields: Any) -> ForcePlan:
        made = plan_of(id_, places, self.now, **fields)
        self.plain.write(Create(made))
        return made

    def decide(self, plan: str, by: str = "olga", **fields: Any) -> ForcePlan:
        wish = Wish(**{"by": by, "hash": HASH, **fields})
        return decide(self.counter(by), ACCOUNT, plan, wish)

    def plan(self, id_: str) -> ForcePlan:
        return require_plan(self.plain, ACCOUNT, id_).value

    def slot(self, place: str) -> ForceSlot:
        found = self.plain.get(ForceSlot, ACCOUNT, place)
        return found.value if found else ForceSlot(account=ACCOUNT, channel_location=place)

    def slots(self) -> dict[str, ForceSlot]:
        return {s.value.channel_location: s.value for s in all_of(self.plain, ForceSlot, ACCOUNT)}

    def change(self, **fields: Any) -> None:
        """The account is another one from here on."""
        stored = self.plain.get(Account, ACCOUNT)
        assert stored is not None
        changed = stored.value.model_copy(update=fields)
        self.plain.write(Replace(changed, stored.version))

    def rewrite(self, plan: ForcePlan) -> None:
        """The plan as its steps change it."""
        version = require_plan(self.plain, ACCOUNT, plan.id).version
        self.plain.write(Replace(plan, version))

    def mark_sent(self, place: str) -> None:
        """Its holder has begun to send."""
        stored = self.plain.get(ForceSlot, ACCOUNT, place)
        assert stored is not None
        sent = stored.value.model_copy(update={"sent": True})
        self.plain.write(Replace(sent, stored.version))

    def end(self, id_: str, share: Share = Share.ALL, *, sent: bool = True) -> None:
        """The part is over: its slots are free, and the plan stands as it then does."""
        stored = require_plan(self.plain, ACCOUNT, id_)
        holder, stages = holder_of(id_, share), list(stored.value.stages)
        at = next(i for i, stage in enumerate(stages) if stage.share is share)
        ended = {"state": StageState.ENDED, "ended_at": self.now}
        stages[at] = stages[at].model_copy(update=ended)
        plan = stored.value.model_copy(update={"stages": tuple(stages)})
        state = {"state": plan.standing}
        self.plain.write(Replace(plan.model_copy(update=state), stored.version))
        for one in all_of(self.plain, ForceSlot, ACCOUNT):
            if one.value.holder == holder:
                slot = freed(one.value.model_copy(update={"sent": sent}))
                self.plain.write(Replace(slot, one.version))

    def everything(self) -> dict[str, str]:
        """All that is stored of the seller, and what was started."""
        items = self.registries._sellers[SELLER].values()
        return {item.sk: item.body for item in items} | {"started": str(self.machines.started)}

    def trail(self) -> list[AuditRecord]:
        return [stored.value for stored in all_of(self.plain, AuditRecord)]

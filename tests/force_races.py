"""Many who decide at the same moment, each with a registry, a plan and a clock of their own."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from random import Random
from threading import Barrier
from typing import Any

from tests.unit.force.decisions_world import ACCOUNT, COOLDOWN, HASH, START, account_of, plan_of
from trueup.adapters.backoff import Backoff
from trueup.adapters.memory_machines import MemoryMachines
from trueup.domain.accounts import Account
from trueup.domain.errors import CoolingError
from trueup.domain.force import ForcePlan, ForceSettings, ForceSlot, Share, StageState
from trueup.domain.slots import freed
from trueup.ports import Create, Registry, Replace, Stored, Write
from trueup.usecases.audit.keeping import AuditedRegistry, By
from trueup.usecases.force.checks import Wish
from trueup.usecases.force.deciding import Counter, decide, require_plan
from trueup.usecases.whole import all_of

SKEW_MS = 5_000
TRIES = Backoff(attempts=100, base=0.01, longest=0.25)
Outcome = ForcePlan | CoolingError


class Settled:
    """A registry that reads what nobody changes in a race only once.

    `met`: where all contestants wait for each other after the first look at a slot.
    """

    def __init__(self, inner: Registry) -> None:
        self.met: Barrier | None = None
        self._inner = inner
        self._known: dict[type[Any], Stored[Any] | None] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def get(self, kind: type[Any], *identity: str) -> Stored[Any] | None:
        if kind is ForceSlot:
            return self._look(*identity)
        if kind not in (Account, ForceSettings):
            return self._inner.get(kind, *identity)
        if kind not in self._known:
            self._known[kind] = self._inner.get(kind, *identity)
        return self._known[kind]

    def _look(self, *identity: str) -> Stored[ForceSlot] | None:
        found = self._inner.get(ForceSlot, *identity)
        met, self.met = self.met, None
        if met is not None:
            met.wait()
        return found

    def write(self, *writes: Write) -> None:
        self._inner.write(*writes)


class Race:
    """Contestants by number. Clocks are off by up to five seconds either way."""

    def __init__(self, registries: Sequence[Registry], places: Sequence[str], seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - no secret
        self.now = START
        self.machines = MemoryMachines()
        self.plain = registries[0]
        self.plain.write(Create(account_of(*places)))
        self.skews = [self._skew() for _ in registries]
        self.settled = [Settled(registry) for registry in registries]
        numbers = range(len(registries))
        self.audited = [self._counter(number, audited=True) for number in numbers]
        self.plainly = [self._counter(number, audited=False) for number in numbers]
        self.plans: list[str | None] = [None] * len(registries)
        self.made = 0

    def _skew(self) -> timedelta:
        return timedelta(milliseconds=self.random.randint(-SKEW_MS, SKEW_MS))

    def _counter(self, number: int, *, audited: bool) -> Counter:
        clock = partial(self._clock, number)
        registry: Any = self.settled[number]
        if audited:
            registry = AuditedRegistry(registry, By(f"user-{number}"), clock, TRIES.tries)
        return Counter(registry, self.machines, clock, TRIES.tries)

    def _clock(self, number: int) -> datetime:
        return self.now + self.skews[number]

    def propose(self, number: int, places: Sequence[str]) -> None:
        """A new plan of the contestant, of these locations."""
        self.made += 1
        made = plan_of(
            f"P{self.made:05d}",
            dict.fromkeys(places, (1, 1)),
            self.now,
            expires_at=START + timedelta(days=300),
        )
        self.plain.write(Create(made))
        self.plans[number] = made.id

    def run(
        self, pool: ThreadPoolExecutor, *, eye_to_eye: bool = False, audited: bool = True
    ) -> list[Outcome]:
        """All confirm their plans at once; `eye_to_eye`, when all have seen that they may.

        `audited` as people's decisions are, for which they share the head of the trail, too.
        """
        counters = self.audited if audited else self.plainly
        barrier = Barrier(len(counters), timeout=60)
        for settled in self.settled:
            settled.met = barrier if eye_to_eye else None

        def confirm(number: int) -> Outcome:
            plan, user = self.plans[number], f"user-{number}"
            assert plan is not None
            barrier.wait()
            try:
                return decide(counters[number], ACCOUNT, plan, Wish(user, HASH))
            except CoolingError as error:
                return error

        return list(pool.map(confirm, range(len(counters))))

    def end(self, id_: str) -> None:
        """The part has sent, and is over."""
        stored = require_plan(self.plain, ACCOUNT, id_)
        (stage,) = stored.value.stages
        ended = stage.model_copy(update={"state": StageState.ENDED, "ended_at": self.now})
        plan = stored.value.model_copy(update={"stages": (ended,)})
        self.plain.write(
            Replace(plan.model_copy(update={"state": plan.standing}), stored.version),
            *(self._free(place) for place in stage.sequences),
        )

    def _free(self, place: str) -> Replace:
        stored = self.plain.get(ForceSlot, ACCOUNT, place)
        assert stored is not None
        slot = stored.value.model_copy(update={"sent": True})
        return Replace(freed(slot), stored.version)

    def cool(self) -> None:
        """Until no clock, however slow, finds a location cooling."""
        self.now += timedelta(seconds=COOLDOWN, milliseconds=2 * SKEW_MS)


def check(race: Race, outcomes: Sequence[Outcome]) -> list[ForcePlan]:
    """The winners: no two share a location, each holds all of its own, nobody else holds any."""
    winners = [outcome for outcome in outcomes if isinstance(outcome, ForcePlan)]
    held = [(place, plan.id) for plan in winners for place in plan.stages[0].sequences]
    assert len({place for place, _ in held}) == len(held), "two winners share a location"
    slots = [stored.value for stored in all_of(race.plain, ForceSlot, ACCOUNT)]
    holding = {slot.channel_location: slot.holder for slot in slots if slot.holder}
    assert holding == {place: f"{id_}/{Share.ALL.value}" for place, id_ in held}
    for outcome in outcomes:
        if isinstance(outcome, CoolingError):
            _told_rightly(outcome, dict(held))
    return winners


def _told_rightly(error: CoolingError, held: dict[str, str]) -> None:
    assert error.faults, "nothing was in the way"
    for fault in error.faults:
        assert held[fault.where] in fault.reason
    assert 0 < error.seconds <= COOLDOWN + 2 * SKEW_MS / 1000

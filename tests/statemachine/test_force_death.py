"""Whatever call of a force fails, before or after its effect: no row is sent twice."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from tests.asl import ExecutionFailedError
from tests.faults import Died, Injector, Kind, each_call
from tests.force_world import ForceWorld, force_job, force_payload
from tests.statemachine.test_death import survivable
from tests.world import ACCOUNT
from trueup.domain.errors import TrueupError
from trueup.domain.force import PlanState, Share
from trueup.domain.outcomes import Reason
from trueup.domain.overlays import Overlay
from trueup.domain.pushlog import PushOutcome, parts_of
from trueup.usecases.force.ending import end_stage
from trueup.usecases.force.opening import open_force
from trueup.usecases.force.pushing import push_force
from trueup.usecases.intake.pushing import pushes_of
from trueup.usecases.overlays import lay, overlays_of

KINDS = [Kind.BEFORE, Kind.AFTER, Kind.DIES_BEFORE, Kind.DIES_AFTER, Kind.CONFLICT]
PORTS = ("registries", "registry", "pages", "channels", "machines", "events", "ledger")
SHOWED = {"A": 5, "C": 9}
WANTED = {"A": 7, "C": 4}
ON_HAND = {"cas": False, "reports": "on_hand", "takes": "on_hand"}
CASES: list[tuple[Kind, dict[str, Any]]] = [
    *((kind, {}) for kind in KINDS),
    (Kind.AFTER, {"idempotent": True}),
    (Kind.DIES_BEFORE, {"idempotent": True}),
    (Kind.DIES_AFTER, {"idempotent": True}),
    (Kind.DIES_AFTER, ON_HAND),
]


class Disturbed(ForceWorld):
    """A world with a decided plan, whose ports are disturbed until it is calmed."""

    def __init__(self, injector: Injector, **modes: Any) -> None:
        super().__init__(**modes)
        self.furnish(SHOWED, WANTED)
        self.forced = self.plan(WANTED)
        self.calm_ports = {name: getattr(self, name) for name in PORTS}
        for name, port in self.calm_ports.items():
            setattr(self, name, injector.wrap(port))

    def calm(self) -> None:
        for name, port in self.calm_ports.items():
            setattr(self, name, port)


def attempt(world: Disturbed) -> None:
    """Run the execution as far as it comes; where it ends without ending the part, so does this."""
    with suppress(Died, TrueupError, ExecutionFailedError):
        survivable(world.force_machine()).run(force_payload(world.forced))
    world.calm()
    stopped = "It stopped before it had finished."
    end_stage(world.registry, world.clock, ACCOUNT, world.forced.id, Share.ALL, stopped)


def check(world: Disturbed, where: str) -> None:
    plan = world.forced
    assert world.has_ended(plan), where
    assert world.found(plan).state is PlanState.FINISHED, where
    rows, till = world.pushed(plan), world.till
    assert all(PushOutcome(row.outcome).final for row in rows.values()), where
    limit = 2 if till.idempotent else 1
    assert all(count <= limit for count in till.sent.values()), (where, till.sent)
    assert all(count == 1 for count in till.written.values()), (where, till.written)
    for key, row in rows.items():
        is_set = till.available("1", key) == WANTED[key]
        assert is_set or till.available("1", key) == SHOWED[key], where
        assert is_set or row.outcome != PushOutcome.APPLIED, where
        assert not (is_set and row.outcome == PushOutcome.NOT_SENT), where
    slot = world.slot()
    assert slot.holder == "", where
    assert slot.sent or not till.sent, where
    assert (slot.cooling_until is None) == (not slot.sent), where
    found = pushes_of(world.ledger, ACCOUNT, "1", WANTED)
    assert all(len(pushes) == 1 for pushes in found.values()), where


@pytest.mark.parametrize(("kind", "modes"), CASES, ids=str)
def test_any_call_may_fail(kind: Kind, modes: dict[str, Any]) -> None:
    calls = 0
    for injector in each_call(kind):
        world = Disturbed(injector, **modes)
        attempt(world)
        check(world, f"{kind}, call {injector.nth}: {injector.calls[-3:]}")
        calls = injector.nth
    assert calls > 10


def test_what_is_not_disturbed_is_all_applied() -> None:
    world = Disturbed(Injector(Kind.SLOW, 10_000))
    attempt(world)
    check(world, "calm")
    assert set(world.outcomes(world.forced).values()) == {PushOutcome.APPLIED}


@pytest.mark.parametrize("idempotent", [False, True])
def test_a_storm_of_repeats_sends_each_row_once(idempotent: bool) -> None:  # noqa: FBT001
    world = ForceWorld(idempotent=idempotent, lose=3)
    world.furnish(SHOWED, WANTED)
    plan = world.plan(WANTED)
    job = force_job(force_payload(plan))
    for _ in range(20):
        open_force(world.work(), job)
        push_force(world.work(), job, lambda: 600_000)
    assert world.till.written.total() == len(WANTED)
    if not idempotent:
        assert world.till.sent.total() == len(WANTED)
    assert all(parts_of(id_) for id_ in world.till.sent)
    world.force(plan)
    assert set(world.outcomes(plan).values()) == {PushOutcome.APPLIED}


class Held:
    """Channels whose next push is delivered only when a test says so."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.request: Any = None

    def call(self, channel: str, request: Any) -> Any:
        if type(request).__name__ == "PushRequest" and self.request is None:
            self.request = request
            raise Died("the answer never came")
        return self.inner.call(channel, request)

    def exists(self, channel: str) -> bool:
        return bool(self.inner.exists(channel))

    def deliver(self) -> Any:
        return self.inner.call("shelf", self.request)


@pytest.mark.parametrize("cas", [True, False])
def test_of_two_pushes_of_a_row_delivered_in_reverse_the_newer_stands(cas: bool) -> None:  # noqa: FBT001
    world = ForceWorld(cas=cas)
    world.furnish({"A": 5}, {"A": 7})
    world.reconcile()
    older = world.plan({"A": 7})
    held = Held(world.channels)
    world.channels = held
    job = force_job(force_payload(older))
    open_force(world.work(), job)
    with pytest.raises(Died):
        push_force(world.work(), job, lambda: 600_000)
    end_stage(world.registry, world.clock, ACCOUNT, older.id, Share.ALL, "It was stopped.")
    assert world.outcomes(older) == {"A": PushOutcome.UNVERIFIED}
    world.now += timedelta(hours=1)
    world.baseline("main", {"A": 8})
    newer = world.plan({"A": 8})
    world.force(newer)
    late = held.deliver()
    assert late.results[0].outcome == "stale"
    assert world.till.available("1", "A") == 8
    assert world.outcomes(newer) == {"A": PushOutcome.APPLIED}
    assert push_force(world.work(), job, lambda: 600_000)["state"] == "done"
    assert world.till.available("1", "A") == 8
    assert world.outcomes(older) == {"A": PushOutcome.UNVERIFIED}


def test_a_push_whose_slot_was_claimed_anew_is_never_sent() -> None:
    world = ForceWorld()
    world.furnish(SHOWED, WANTED)
    older = world.plan(WANTED)
    job = force_job(force_payload(older))
    open_force(world.work(), job)
    newer = world.plan({"A": 7})  # claims the slot, as only a lapse of ours could let it
    push_force(world.work(), job, lambda: 600_000)
    assert set(world.outcomes(older).values()) == {PushOutcome.SUPERSEDED}
    assert world.till.sent.total() == 0
    end_stage(world.registry, world.clock, ACCOUNT, older.id, Share.ALL, None)
    assert world.slot().holder.startswith(newer.id), "it frees only what is its own"
    world.force(newer)
    assert world.till.available("1", "A") == 7
    assert world.slot().holder == ""


def test_what_was_read_later_than_the_push_stays() -> None:
    world = ForceWorld()
    world.furnish(SHOWED, WANTED)
    world.reconcile()
    plan = world.plan(WANTED)
    newer = Overlay(
        account=ACCOUNT,
        channel_location="1",
        key="A",
        values={"reason": int(Reason.DIFFERS), "reported": 2, "publishable": 7},
        captured_at=world.now + timedelta(hours=1),
        compared_at=world.now + timedelta(hours=1),
        requested_by="ada",
    )
    assert lay(world.registry, newer)
    world.force(plan)
    laid = overlays_of(world.registry, ACCOUNT, "1")
    assert laid["A"] == newer
    assert laid["C"].values["reported"] == 4

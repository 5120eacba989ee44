"""What is looked at once more before a row is sent: a plan may be a day old by then."""

from datetime import timedelta
from typing import Any

import pytest

from tests.force_world import ForceWorld, force_job, force_payload
from tests.unit.force.again_world import AgainWorld
from tests.world import ACCOUNT
from trueup.domain.accounts import Account, Mode
from trueup.domain.errors import RetryLaterError
from trueup.domain.force import OrdersCovered, Over, PlanKind, StageState
from trueup.domain.pushlog import PushOutcome, PushRow
from trueup.domain.sources import Domain, Ownership, Provides, Source
from trueup.ports import Create, Replace
from trueup.usecases.force import pushing
from trueup.usecases.force.covering import state_covered
from trueup.usecases.force.ending import end_stage
from trueup.usecases.force.judging import Rules
from trueup.usecases.force.opening import open_force
from trueup.usecases.force.ours import UNCOVERED, Ours, judged
from trueup.usecases.force.pushing import NOT_LIVE, push_force

SHOWED = {"DOWN": 9, "UP": 3}
WANTED = {"DOWN": 7, "UP": 5}


def covered_world() -> ForceWorld:
    world = ForceWorld()
    world.furnish(SHOWED, WANTED)
    stated = OrdersCovered(account=ACCOUNT, until=world.now, stated_by="x", stated_at=world.now)
    world.registry.write(Create(stated))
    return world


def test_no_increase_is_sent_after_the_orders_were_taken_back() -> None:
    world = covered_world()
    plan = world.plan(WANTED)
    earlier = world.now - timedelta(hours=1)
    state_covered(world.registry, world.clock, ACCOUNT, earlier, "importer")
    world.force(plan)
    assert world.outcomes(plan) == {"DOWN": PushOutcome.APPLIED, "UP": PushOutcome.SKIPPED}
    assert world.pushed(plan)["UP"].message == UNCOVERED
    assert world.till.available("1", "UP") == 3


def test_an_increase_is_sent_while_its_orders_are_covered() -> None:
    world = covered_world()
    plan = world.plan(WANTED)
    world.now += timedelta(minutes=5)
    world.force(plan)
    assert set(world.outcomes(plan).values()) == {PushOutcome.APPLIED}


def test_positions_that_are_past_their_age_by_now_are_not_pushed() -> None:
    world = ForceWorld()
    world.furnish(SHOWED, WANTED)
    terms: dict[str, Any] = {"provides": Provides.SNAPSHOTS, "max_age_minutes": 60}
    world.registry.write(
        Create(Source(code="wms", name="Warehouse", **terms)),
        Create(Ownership(domain=Domain.POSITIONS, location="main", source="wms")),
    )
    fresh = world.plan({"UP": 5})
    world.force(fresh)
    assert world.outcomes(fresh) == {"UP": PushOutcome.APPLIED}
    world.till.written.clear()
    plan = world.plan({"DOWN": 7})
    world.now += timedelta(hours=2)
    world.force(plan)
    assert world.outcomes(plan) == {"DOWN": PushOutcome.STALE_POSITION}
    assert not world.till.written


def test_an_undo_that_was_approved_for_its_size_does_not_go_above_what_may_be_published() -> None:
    world = AgainWorld({"A": 9, "B": 9}, {"A": 5, "B": 12})
    undo = world.undo(world.forced())  # B back to 9: 12 may be published
    world.baseline("main", {"A": 5, "B": 2})
    world.settled(undo, approving=True)
    assert world.outcomes(undo) == {"B": PushOutcome.STALE_POSITION}
    assert world.till.available("1", "B") == 12


def test_an_undo_above_the_publishable_goes_no_further_above_than_was_approved() -> None:
    world = AgainWorld({"A": 9, "B": 9}, {"A": 5, "B": 12})
    undo = world.undo(world.forced(), above=True)
    assert undo.approvals == (Over.ABOVE_PUBLISHABLE,)
    world.baseline("main", {"A": 5, "B": 2})
    world.settled(undo, approving=True)
    assert world.outcomes(undo) == {"A": PushOutcome.APPLIED, "B": PushOutcome.STALE_POSITION}


def test_an_account_that_leaves_live_mode_stops_what_is_at_work() -> None:
    world = ForceWorld(batch=1)
    many = {f"S{i:03d}": 9 for i in range(120)}
    world.furnish(many, dict.fromkeys(many, 7))
    plan = world.plan(dict.fromkeys(many, 7))
    job = force_job(force_payload(plan))
    open_force(world.work(), job)

    def leave(moment: str, _: object) -> None:
        stored = world.registry.get(Account, ACCOUNT)
        assert stored is not None
        if moment == "read" and stored.value.mode is Mode.LIVE:
            shadow = stored.value.model_copy(update={"mode": Mode.SHADOW})
            world.registry.write(Replace(shadow, stored.version))

    world.till.between = leave
    turn = push_force(world.work(), job, lambda: 600_000)
    assert (turn["state"], turn["cause"]) == ("done", NOT_LIVE)
    sent = [row for row in world.pushed(plan).values() if row.intent_at]
    assert len(sent) == 50  # those of the chunk that was on its way


def test_nothing_is_queued_for_a_part_that_has_ended_meanwhile() -> None:
    world = ForceWorld()
    world.furnish(SHOWED, WANTED)
    plan = world.plan(WANTED)
    job = force_job(force_payload(plan))
    registry, write = world.registry, world.registry.write

    def ended_first(*writes: object) -> None:
        registry.write = write  # type: ignore[method-assign]
        end_stage(registry, world.clock, ACCOUNT, plan.id, job.share, "It was stopped.")
        write(*writes)  # type: ignore[arg-type]

    registry.write = ended_first  # type: ignore[method-assign]
    assert open_force(world.work(), job).state == "ended"
    assert world.chunks(plan) == []
    assert world.stage(plan).state is StageState.ENDED


def test_a_chunk_that_was_queued_while_its_part_was_being_ended_is_ended_with_it() -> None:
    world = ForceWorld()
    world.furnish(SHOWED, WANTED)
    plan = world.plan(WANTED)
    job = force_job(force_payload(plan))
    registry, write = world.registry, world.registry.write

    def opened_first(*writes: object) -> None:
        registry.write = write  # type: ignore[method-assign]
        open_force(world.work(), job)
        write(*writes)  # type: ignore[arg-type]

    registry.write = opened_first  # type: ignore[method-assign]
    assert end_stage(registry, world.clock, ACCOUNT, plan.id, job.share, "It was stopped.")
    assert set(world.outcomes(plan).values()) == {PushOutcome.NOT_SENT}
    assert world.stage(plan).counts.error == 2


def test_a_slow_channel_does_not_keep_a_turn_beyond_its_time() -> None:
    """A call that the Lambda's end cuts off may leave rows that nobody knows about."""
    world = ForceWorld(cas=False, rows_a_call=2)
    many = {f"S{i:02d}": 9 for i in range(40)}
    world.furnish(many, dict.fromkeys(many, 7))
    plan = world.plan(dict.fromkeys(many, 7))
    job, began = force_job(force_payload(plan)), world.now
    open_force(world.work(), job)

    def slow(moment: str, _: object) -> None:
        world.now += timedelta(seconds=10 if moment == "write" else 0)

    def left() -> int:
        return (130 - (world.now - began) // timedelta(seconds=1)) * 1000

    world.till.between = slow
    turn = push_force(world.work(), job, left)
    assert left() > 0
    assert (turn["state"], turn["next"]) == ("more", 0)
    began = world.now
    world.force(plan)
    assert set(world.outcomes(plan).values()) == {PushOutcome.APPLIED}
    assert max(world.till.sent.values()) == 1


def test_a_rate_that_many_ask_for_at_once_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    world = ForceWorld()
    world.furnish(SHOWED, WANTED)
    plan = world.plan(WANTED)
    job = force_job(force_payload(plan))
    open_force(world.work(), job)

    def busy(*_: object) -> None:
        raise RetryLaterError("The channel's rate is asked for by many at once.", 2)

    with monkeypatch.context() as patched:
        patched.setattr(pushing, "grant", busy)
        turn = push_force(world.work(), job, lambda: 600_000)
    assert (turn["state"], turn["wait_seconds"]) == ("wait", 2)
    world.force(plan)
    assert set(world.outcomes(plan).values()) == {PushOutcome.APPLIED}


@pytest.mark.parametrize(
    ("quantity", "withheld", "publishable", "target", "outcome"),
    [
        (5, 0, 5, 5, PushOutcome.QUEUED),
        (5, 0, 5, 3, PushOutcome.STALE_POSITION),  # orders became known that our ledger lacks
        (3, 2, 5, 3, PushOutcome.QUEUED),
        (3, 2, 3, 3, PushOutcome.QUEUED),  # they are imported by now
        (3, 2, 3, 1, PushOutcome.STALE_POSITION),  # they are, and others came
        (3, 2, 5, 5, PushOutcome.QUEUED),  # they were imported, and goods came in
        (5, 0, 7, 7, PushOutcome.STALE_POSITION),
    ],
)
def test_never_more_than_may_be_published_less_the_orders_that_are_lacking(
    quantity: int, withheld: int, publishable: int, target: int, outcome: PushOutcome
) -> None:
    capable = ForceWorld().till.capabilities()
    row = PushRow("A", "", 9, quantity, 1, 1, 9, 100, 0, 0, 1, -1, withheld=withheld)
    rules = Rules(PlanKind.FORCE, above=False, channel=capable)
    assert judged(row, Ours(publishable, target), rules, 1).outcome == outcome

"""Pushing a part: what becomes of each row, in every mode that channels have."""

from datetime import timedelta

import pytest

from tests.force_world import ForceWorld, force_job, force_payload
from tests.world import ACCOUNT
from trueup.domain.accounts import Account, Mode
from trueup.domain.adjustments import ToPush
from trueup.domain.errors import RejectedError
from trueup.domain.force import PlanKind, PlanState, Share
from trueup.domain.outcomes import Reason
from trueup.domain.pushlog import MAX_ROWS, PushOutcome, PushStatus, rows_of
from trueup.domain.time import milliseconds
from trueup.ports import Create, Replace
from trueup.usecases.force.judging import LOST, NOT_SEEN
from trueup.usecases.force.opening import LEAST_ROWS, chunk_size, open_force
from trueup.usecases.force.pushing import push_force
from trueup.usecases.intake.pushing import pushes_of
from trueup.usecases.overlays import overlays_of

SHOWED = {"A": 5, "B": 3, "C": 9, "D": 1}
WANTED = {"A": 7, "B": 0, "C": 4, "D": 2}
ALL_APPLIED = dict.fromkeys(WANTED, PushOutcome.APPLIED)


def differing(**modes: object) -> ForceWorld:
    world = ForceWorld(**modes)
    world.furnish(SHOWED, WANTED)
    world.reconcile()
    return world


def shown(world: ForceWorld) -> dict[str, int]:
    return {key: held.available for (_, key), held in sorted(world.till.stock.items())}


MODES = [
    {},
    {"idempotent": True},
    {"cas": False},
    {"cas": False, "idempotent": True},
    {"tells_after": False},
    {"reports": "on_hand", "takes": "on_hand"},
    {"reports": "on_hand", "takes": "on_hand", "cas": False},
    {"reports": "on_hand", "takes": "available"},
    {"rows_a_call": 1},
    {"batch": 1, "rows_a_call": 3},
    {"calls_per_minute": 6},
    {"calls_per_minute": 4, "reports": "on_hand", "takes": "on_hand"},
    {"throttled": 2},
    {"settles": 40, "tells_after": False},
    {"lose": 2},
    {"lose": 2, "idempotent": True},
]


@pytest.mark.parametrize("modes", MODES, ids=str)
def test_every_row_is_set_once_and_read_back(modes: dict[str, object]) -> None:
    world = differing(**modes)
    plan = world.plan(WANTED)
    ended = world.force(plan)
    assert shown(world) == WANTED
    assert world.outcomes(plan) == ALL_APPLIED
    assert ended.state is PlanState.FINISHED
    assert world.stage(plan).counts.success == len(WANTED)
    assert set(world.till.written.values()) == {1}
    laid = overlays_of(world.registry, ACCOUNT, "1")
    assert {key: overlay.values["reason"] for key, overlay in laid.items()} == dict.fromkeys(
        WANTED, Reason.MATCHES
    )
    assert world.slot().holder == ""
    assert world.slot().cooling_until is not None, "it was sent: its cooldown stays"


def test_what_is_oversold_goes_first_then_decreases_then_increases() -> None:
    world = differing()
    plan = world.plan(WANTED)
    world.force(plan)
    numbers = {key: chunk.number for chunk in world.chunks(plan) for key in _keys(chunk)}
    assert numbers == {"B": 0, "C": 1, "A": 2, "D": 2}


def _keys(chunk: object) -> list[str]:
    return [row.key for row in rows_of(chunk)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("batch", "rows"), [(1, LEAST_ROWS), (100, 100), (10_000, MAX_ROWS)], ids=str
)
def test_a_chunk_is_as_large_as_a_call_within_limits(batch: int, rows: int) -> None:
    assert chunk_size(batch) == rows


def test_a_row_that_the_channel_changed_is_not_overwritten() -> None:
    world = differing()
    plan = world.plan(WANTED)
    world.till.order(("1", "C"), 2)
    world.force(plan)
    row = world.pushed(plan)["C"]
    assert (row.outcome, row.before) == (PushOutcome.STALE_CHANNEL, 7)
    assert "shows 7 instead of 9" in row.message
    assert world.till.available("1", "C") == 7
    assert world.outcomes(plan)["A"] is PushOutcome.APPLIED
    laid = overlays_of(world.registry, ACCOUNT, "1")["C"]
    assert laid.values["reported"] == 7, "what is there now is seen at once"


def test_a_row_whose_position_changed_is_not_sent() -> None:
    world = differing()
    plan = world.plan(WANTED)
    world.now += timedelta(minutes=1)
    world.baseline("main", WANTED | {"A": 6})
    world.force(plan)
    row = world.pushed(plan)["A"]
    assert (row.outcome, row.intent_at, row.sent) == (PushOutcome.STALE_POSITION, 0, 0)
    assert world.till.available("1", "A") == 5
    assert world.outcomes(plan)["C"] is PushOutcome.APPLIED


def test_a_position_that_is_not_known_any_more_is_never_pushed_as_zero() -> None:
    world = differing()
    plan = world.plan(WANTED)
    world.now += timedelta(minutes=1)
    world.baseline("main", {"B": 0, "C": 4, "D": 2})
    world.force(plan)
    assert world.outcomes(plan)["A"] is PushOutcome.STALE_POSITION
    assert world.till.available("1", "A") == 5


def test_units_withheld_for_orders_not_imported_stay_withheld() -> None:
    world = differing()
    plan = world.plan({"A": 6}, columns={"publishable": {"A": 7}})
    world.force(plan)
    assert world.outcomes(plan) == {"A": PushOutcome.APPLIED}
    assert world.till.available("1", "A") == 6


@pytest.mark.parametrize("outcome", [PushOutcome.STALE_POSITION, PushOutcome.APPLIED])
def test_an_undo_above_publishable_needs_approval(outcome: PushOutcome) -> None:
    world, approved = differing(), outcome is PushOutcome.APPLIED
    now = {"sellable": WANTED}
    plan = world.plan({"A": 4, "C": 6}, kind=PlanKind.UNDO, approved=approved, columns=now)
    world.force(plan)
    assert world.outcomes(plan) == {"A": PushOutcome.APPLIED, "C": outcome}


def test_on_hand_channels_get_what_they_have_allocated_added() -> None:
    world = ForceWorld(reports="on_hand", takes="on_hand")
    world.till.fill("1", SHOWED, allocated=2)
    world.furnish({}, WANTED)
    world.reconcile()
    plan = world.plan(WANTED)
    world.till.read_only["D"] = "The marketplace owns this stock."
    world.till.order(("1", "C"), 1)
    world.force(plan)
    rows = world.pushed(plan)
    assert (rows["A"].sent, rows["A"].expected, rows["A"].before, rows["A"].after) == (9, 7, 5, 7)
    assert rows["D"].outcome == PushOutcome.SKIPPED
    assert rows["D"].message == "The marketplace owns this stock."
    assert (rows["C"].outcome, rows["C"].before) == (PushOutcome.STALE_CHANNEL, 8)
    assert shown(world) == {"A": 7, "B": 0, "C": 8, "D": 1}


def test_one_bad_row_does_not_lose_the_others() -> None:
    wanted = {f"SKU-{i:03d}": i for i in range(100)}
    world = ForceWorld()
    world.furnish(dict.fromkeys(wanted, 200), wanted)
    world.reconcile()
    world.till.refusing["SKU-041"] = "Unknown product."
    plan = world.plan(wanted)
    world.force(plan)
    counts = world.stage(plan).counts
    assert (counts.success, counts.error) == (99, 1)
    row = world.pushed(plan)["SKU-041"]
    assert (row.outcome, row.message) == (PushOutcome.REJECTED, "Unknown product.")


def test_a_channel_that_writes_nothing_ends_the_part_with_its_reason() -> None:
    world = differing()
    plan = world.plan(WANTED)
    world.till.push_failure = "Down for maintenance."
    machine = world.force_machine()
    with pytest.raises(Exception, match="EndFailed"):
        machine.run(force_payload(plan))
    outcomes = world.outcomes(plan)
    assert outcomes["B"] is PushOutcome.REJECTED
    assert {outcomes[key] for key in "ACD"} == {PushOutcome.NOT_SENT}
    assert world.stage(plan).cause == "Down for maintenance."
    assert world.slot().holder == ""


def test_submitted_rows_are_asked_after_until_they_are_final() -> None:
    world = differing(submits=True, cas=False)
    world.till.refusing["D"] = "Price is missing."
    plan = world.plan(WANTED)
    machine = world.force_machine()
    task = machine.tasks["${CheckForceFunctionArn}"]
    polls: list[dict[str, PushOutcome]] = []

    def check(event: dict[str, object]) -> object:
        polls.append(world.outcomes(plan))
        if len(polls) == 3:
            for batch in world.till.batches:
                world.till.apply(batch)
        return task(event)

    machine.tasks["${CheckForceFunctionArn}"] = check
    machine.run(force_payload(plan))
    assert {outcome.status for outcome in polls[1].values()} == {PushStatus.SUBMITTED}
    assert world.outcomes(plan) == ALL_APPLIED | {"D": PushOutcome.REJECTED}
    assert world.pushed(plan)["D"].message == "Price is missing."
    assert shown(world) == WANTED | {"D": 1}


def test_what_is_never_applied_is_unverified_in_the_end() -> None:
    world = differing(submits=True)
    plan = world.plan(WANTED)
    began = world.now
    world.force(plan)
    assert set(world.outcomes(plan).values()) == {PushOutcome.UNVERIFIED}
    assert timedelta(minutes=30) <= world.now - began < timedelta(minutes=35)
    assert "shows 5 instead" in world.pushed(plan)["A"].message
    assert world.has_ended(plan)


def test_a_channel_that_cannot_be_read_since_is_given_up() -> None:
    world = differing(tells_after=False)
    plan = world.plan(WANTED)
    open_force(world.work(), force_job(force_payload(plan)))
    world.till.unreadable = "No read today."
    world.force(plan)
    rows = world.pushed(plan)
    assert {row.outcome for row in rows.values()} == {PushOutcome.UNVERIFIED}
    assert {row.message for row in rows.values()} <= {LOST, NOT_SEEN}


def test_channels_without_compare_and_set_say_what_may_be_lost() -> None:
    world = differing(cas=False)

    def slow(moment: str, _: object) -> None:
        if moment == "read":
            world.now += timedelta(milliseconds=250)

    world.till.between = slow
    plan = world.plan(WANTED)
    world.force(plan)
    assert world.stage(plan).window_ms == 500, "two rows in the longest call"
    assert "cannot compare and set" in world.pushed(plan)["A"].message


def test_pushes_are_told_to_the_ledger_with_what_showed_before_and_when_seen() -> None:
    world = differing()
    plan = world.plan(WANTED)
    world.force(plan)
    found = pushes_of(world.ledger, ACCOUNT, "1", WANTED)
    row = world.pushed(plan)["A"]
    (push,) = found["A"]
    assert (push.quantity, push.before, push.accepted_at) == (7, 5, row.intent_at)
    assert push.seen_at == row.done_at
    assert push.id == f"trueup:{plan.id}.all.2.0"
    following = world.reconcile()
    assert following.locations[0].tally.matching == len(WANTED)


def test_decreases_first_and_the_rest_later() -> None:
    world = differing()
    plan = world.proposed(WANTED)
    world.decided(plan, Share.DECREASES)
    assert world.force(plan, Share.DECREASES).state is PlanState.PROPOSED
    assert shown(world) == SHOWED | {"B": 0, "C": 4}
    world.decided(plan, Share.REST)
    assert world.force(plan, Share.REST).state is PlanState.FINISHED
    assert shown(world) == WANTED
    events = [notice.detail["share"] for notice in world.events.notices]
    assert events == ["decreases", "rest"]


def test_a_plan_whose_rest_came_too_late_is_finished() -> None:
    world = differing()
    plan = world.proposed(WANTED)
    world.decided(plan, Share.DECREASES)
    world.now = plan.expires_at
    assert world.force(plan, Share.DECREASES).state is PlanState.FINISHED


def test_opening_twice_queues_each_row_once() -> None:
    wanted = {f"SKU-{i:04d}": i for i in range(1_250)}
    world = ForceWorld(batch=1)
    world.furnish(dict.fromkeys(wanted, 2_000), wanted)
    plan, work = world.plan(wanted), world.work()
    job = force_job(force_payload(plan))
    assert open_force(work, job).state == open_force(work, job).state == "proceed"
    chunks = world.chunks(plan)
    assert [chunk.number for chunk in chunks] == list(range(26))
    assert sorted(key for chunk in chunks for key in _keys(chunk)) == sorted(wanted)


def test_an_account_that_is_not_live_any_more_is_not_pushed() -> None:
    world = differing()
    plan = world.plan(WANTED)
    stored = world.registry.get(Account, ACCOUNT)
    assert stored is not None
    shadow = stored.value.model_copy(update={"mode": Mode.SHADOW})
    world.registry.write(Replace(shadow, stored.version))
    with pytest.raises(RejectedError, match="not live"):
        open_force(world.work(), force_job(force_payload(plan)))
    with pytest.raises(Exception, match="EndFailed"):
        world.force_machine().run(force_payload(plan))
    assert world.stage(plan).cause == "The account is not live any more; nothing was sent."
    slot = world.slot()
    assert (slot.holder, slot.cooling_until) == ("", None), "nothing was sent: it is given back"


def test_a_turn_ends_before_its_time_and_goes_on_where_it_was() -> None:
    world = differing()
    plan = world.plan(WANTED)
    job = force_job(force_payload(plan))
    open_force(world.work(), job)
    turns = iter([600_000, 0])
    reached = push_force(world.work(), job, lambda: next(turns))
    assert (reached["state"], reached["next"], reached["turns"]) == ("more", 1, 1)
    again = job.model_validate({**force_payload(plan), "turn": reached})
    reached = push_force(world.work(), again, lambda: 600_000)
    assert (reached["state"], reached["turns"]) == ("done", 2)
    assert shown(world) == WANTED


def test_marks_of_corrections_go_once_their_row_was_pushed() -> None:
    world = differing()
    world.registry.write(*(Create(_mark(world, key)) for key in "AC"))
    plan = world.plan(WANTED)
    world.now += timedelta(minutes=1)
    world.till.order(("1", "C"), 1)
    world.force(plan)
    left = world.registry.list(ToPush, ACCOUNT, "1").items
    assert [stored.value.key for stored in left] == ["C"]


def _mark(world: ForceWorld, key: str) -> ToPush:
    return ToPush(account=ACCOUNT, channel_location="1", key=key, adjustment="01J", at=world.now)


def test_very_many_rows_are_compared_by_a_run() -> None:
    wanted = {f"SKU-{i:04d}": i % 7 for i in range(1_001)}
    world = ForceWorld(batch=500)
    world.furnish(dict.fromkeys(wanted, 9), wanted)
    world.reconcile()
    before = len(world.machines.started)  # type: ignore[attr-defined]
    plan = world.plan(wanted)
    world.force(plan)
    assert world.stage(plan).counts.success == len(wanted)
    assert overlays_of(world.registry, ACCOUNT, "1") == {}
    started = world.machines.started[before:]  # type: ignore[attr-defined]
    assert [machine for machine, _, _ in started] == ["reconcile"]


def test_the_deadline_ends_what_would_go_on() -> None:
    world = differing(throttled=10_000, retry_after=20)
    plan = world.plan(WANTED)
    world.force(plan)
    stage = world.stage(plan)
    assert stage.execution.endswith("-all-1000"), "each execution has 500 turns"
    assert stage.cause is not None
    assert "deadline" in stage.cause
    assert set(world.outcomes(plan).values()) == {PushOutcome.NOT_SENT}
    assert milliseconds(world.now) >= milliseconds(stage.deadline)

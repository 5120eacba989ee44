"""Runs that die on the embedded stack: aborted, never started, overtaken by their deadline.

For the bug where a run stays open for ever, or an account is never free again.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from local.deploy import STACK_NAME
from local.embedded import Embedded
from tests.executions import executed, execution_arn
from tests.stack_world import Json, StackWorld, invoke, rules_off, within
from trueup.domain.accounts import Account
from trueup.domain.runs import Lease, Run, RunState, Trigger
from trueup.domain.time import system_clock, ulid_ids
from trueup.ports import Replace
from trueup.usecases.runs import claim, new_run
from trueup.usecases.sweeping import NEVER_STARTED, TOO_LATE, VANISHED

pytestmark = pytest.mark.stack

SKUS = [f"SKU-{number}" for number in range(6)]
STOPPED = "It was stopped before it had finished."
SLOW = {"slow_ms": 6000}


@pytest.fixture(scope="module")
def world(stack: Embedded) -> Iterator[StackWorld]:
    with (
        rules_off(stack, "DispatchSchedule", "SweepSchedule"),
        StackWorld(stack, "mortal") as made,
    ):
        made.add_place("main", [{"sku": sku, "on_hand": 5} for sku in SKUS])
        yield made


def connected(world: StackWorld, account: str) -> None:
    world.shop(account).seed({"L1": [(sku, 5) for sku in SKUS]})
    world.connect(account)
    world.link(account, {"L1": ["main"]})
    world.list_skus(account, SKUS)


def fetching(world: StackWorld, account: str) -> Json:
    """A run whose connector is at work, and will be for some seconds."""
    world.shop(account).faults(**SLOW)
    run = world.generate(account)
    within(30, lambda: world.run(run)["progress"]["phase"] == "fetching" or None)
    return run


def abort(world: StackWorld, run: Json) -> None:
    arn = execution_arn(world.stack, run["id"])
    world.stack.client("stepfunctions").stop_execution(executionArn=arn)


def sweep(world: StackWorld) -> Json:
    swept: Json = invoke(world.stack, f"{STACK_NAME}-sweep", {})
    return swept


def check_ended(world: StackWorld, run: Json, cause: str) -> None:
    """It failed with this cause, the account is free, and the next run is a good one."""
    ended = world.run(run)
    assert (ended["state"], ended["cause"]) == ("Failed", cause)
    lease = world.registry.get(Lease, run["account"])
    assert lease is not None
    assert lease.value.holder == ""
    assert world.rows(run["account"]) == {}
    world.shop(run["account"]).faults()
    assert world.reconcile(run["account"])["state"] == "Succeeded"
    rows = world.rows(run["account"])
    assert {key: row["reason"] for key, row in rows.items()} == {
        ("L1", sku): "MATCHES" for sku in SKUS
    }


def changed(world: StackWorld, run: Json, **changes: Any) -> None:
    stored = world.registry.get(Run, run["account"], run["id"])
    assert stored is not None
    world.registry.write(Replace(stored.value.model_copy(update=changes), stored.version))


def test_an_aborted_execution_ends_its_run_by_an_event(world: StackWorld) -> None:
    connected(world, "aborted")
    run = fetching(world, "aborted")
    abort(world, run)
    world.ended(run, 30)
    check_ended(world, run, STOPPED)


def test_without_the_event_the_sweeper_ends_it(world: StackWorld) -> None:
    connected(world, "unheard")
    with rules_off(world.stack, "ExecutionEnded"):
        run = fetching(world, "unheard")
        abort(world, run)
        assert world.run(run)["state"] == "Running"
        assert sweep(world)["ended"] >= 1
    check_ended(world, run, VANISHED)


def test_the_sweeper_leaves_a_run_that_lives_alone(world: StackWorld) -> None:
    connected(world, "alive")
    run = fetching(world, "alive")
    assert sweep(world)["open"] >= 1
    assert world.run(run)["state"] == "Running"
    assert world.ended(run)["state"] == "Succeeded"


def test_a_run_past_its_deadline_is_ended_and_its_execution_changes_nothing(
    world: StackWorld,
) -> None:
    connected(world, "late")
    run = fetching(world, "late")
    changed(world, run, deadline=system_clock())
    assert sweep(world)["ended"] >= 1
    within(60, lambda: refused(world, run) or None)
    check_ended(world, run, TOO_LATE)
    abort(world, run)


def refused(world: StackWorld, run: Json) -> bool:
    """Whether a task of the execution has failed."""
    history = world.stack.client("stepfunctions").get_execution_history(
        executionArn=execution_arn(world.stack, run["id"])
    )
    return any(event["type"] == "TaskFailed" for event in history["events"])


def test_a_run_whose_execution_never_started_is_started(world: StackWorld) -> None:
    connected(world, "forgotten")
    account = world.registry.get(Account, "forgotten")
    assert account is not None
    opened = new_run(account.value, ulid_ids(system_clock)(), Trigger.BUTTON, "ada", system_clock())
    queued = claim(world.registry, opened, system_clock).run
    run = {"account": queued.account, "id": queued.id}
    sweep(world)
    assert world.run(run)["state"] == "Queued", "it is not late yet"
    assert world.generate("forgotten")["id"] == queued.id
    assert world.ended(run)["state"] == "Succeeded"


def test_a_run_that_waited_too_long_for_its_execution_is_started_by_the_sweeper(
    world: StackWorld,
) -> None:
    connected(world, "queued")
    account = world.registry.get(Account, "queued")
    assert account is not None
    opened = new_run(account.value, ulid_ids(system_clock)(), Trigger.BUTTON, "ada", system_clock())
    queued = claim(world.registry, opened, system_clock).run
    run = {"account": queued.account, "id": queued.id}
    changed(world, run, opened_at=queued.opened_at - NEVER_STARTED - timedelta(seconds=1))
    assert sweep(world)["restarted"] >= 1
    assert world.ended(run)["state"] == "Succeeded"


@pytest.mark.slow
def test_the_schedule_starts_an_account_that_is_due(world: StackWorld) -> None:
    """The rule's own clock may need a minute, the execution some seconds."""
    connected(world, "due")
    events = world.stack.client("events")
    (rule,) = [
        found["Name"]
        for found in events.list_rules()["Rules"]
        if found.get("ScheduleExpression") == "rate(1 minute)"
    ]
    events.enable_rule(Name=rule)
    try:
        runs = within(90, lambda: world.get("/v1/accounts/due/runs")["runs"] or None)
    finally:
        events.disable_rule(Name=rule)
    assert world.ended(runs[0])["state"] == RunState.SUCCEEDED
    assert (runs[0]["trigger"], len(world.rows("due"))) == ("schedule", len(SKUS))
    path = ["FindDue", "AnyDue?", "StartRuns", "MoreDue?", "AllSound?", "EndDispatched"]
    assert path in dispatches(world)
    account = world.get("/v1/accounts/due")
    assert account["next_due_at"] > runs[0]["opened_at"], "it has moved on"


def dispatches(world: StackWorld) -> list[list[str]]:
    """What the dispatch executions so far visited."""
    found = world.stack.client("stepfunctions").list_executions(
        stateMachineArn=world.stack.outputs["DispatchArn"]
    )
    return [executed(world.stack, one["name"], "dispatch").visited for one in found["executions"]]

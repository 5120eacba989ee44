"""Many at once on the embedded stack.

For the bug where two runs of one account stand beside each other, or one account waits for another.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any, TypeVar

import httpx
import pytest

from local.embedded import Embedded
from tests.contract.stores import LOCAL
from tests.executions import execution_arn
from tests.stack_world import Json, StackWorld, rules_off
from trueup.adapters.clients import Clients
from trueup.adapters.dynamodb_registry import DynamoDBRegistries
from trueup.domain.accounts import Account
from trueup.domain.runs import Lease, Run, Trigger
from trueup.domain.time import system_clock, ulid_ids
from trueup.ports import Meter
from trueup.usecases.runs import Started, claim, new_run

pytestmark = pytest.mark.stack

T = TypeVar("T")
AT_ONCE = 50
SKUS = [f"SKU-{number}" for number in range(6)]


@pytest.fixture(scope="module")
def world(stack: Embedded) -> Iterator[StackWorld]:
    with (
        rules_off(stack, "DispatchSchedule", "SweepSchedule"),
        StackWorld(stack, "racing") as made,
    ):
        made.add_place("main", [{"sku": sku, "on_hand": 5} for sku in SKUS])
        yield made


def connected(world: StackWorld, account: str) -> None:
    world.shop(account).seed({"L1": [(sku, 5) for sku in SKUS]})
    world.connect(account)
    world.link(account, {"L1": ["main"]})
    world.list_skus(account, SKUS)


def together(act: Callable[[int], T], times: int = AT_ONCE) -> list[T]:
    """Let so many threads act at the same moment."""
    barrier = Barrier(times)

    def run(number: int) -> T:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_fifty_who_press_generate_start_one_run(world: StackWorld) -> None:
    connected(world, "pressed")
    # The run is active until it is stopped: none of the fifty can come after its end.
    world.shop("pressed").faults(throttle_every=1, retry_after_seconds=300)
    headers = dict(world.http.headers)
    url = f"{world.stack.api_url}/v1/accounts/pressed/runs"

    def press(_: int) -> httpx.Response:
        return httpx.post(url, headers=headers, timeout=120, trust_env=False)

    answers = together(press)
    assert {answer.status_code for answer in answers} == {202}, answers[0].text
    (run,) = {answer.json()["id"] for answer in answers}
    assert [stored.value.id for stored in world.registry.list(Run, "pressed").items] == [run]
    assert started(world, run) == [run]
    states = world.stack.client("stepfunctions")
    states.stop_execution(executionArn=execution_arn(world.stack, run))
    assert world.ended(answers[0].json())["state"] == "Failed"


def started(world: StackWorld, run: str) -> list[str]:
    """Executions since the first of this run; whatever other account they were for."""
    states = world.stack.client("stepfunctions")
    pages = states.get_paginator("list_executions").paginate(
        stateMachineArn=world.stack.outputs["ReconcileArn"]
    )
    return [one["name"] for page in pages for one in page["executions"] if one["name"] >= run]


def test_two_accounts_run_side_by_side(world: StackWorld) -> None:
    names = ("left", "right")
    for name in names:
        connected(world, name)
        world.shop(name).faults(slow_ms=3000)
    runs = [world.ended(one) for one in [world.generate(name) for name in names]]
    assert [run["state"] for run in runs] == ["Succeeded", "Succeeded"]
    begun = max(instant(run, "started_at") for run in runs)
    ended = min(instant(run, "finished_at") for run in runs)
    assert begun < ended, "one waited for the other"


def instant(run: Json, name: str) -> datetime:
    return datetime.fromisoformat(run[name])


def test_fifty_claims_of_one_lease_have_one_winner(world: StackWorld) -> None:
    """Each with a connection of its own, as that many Lambdas have."""
    account = Account(id="claimed", channel="sandbox", name="Claimed", created_at=system_clock())
    new_id = ulid_ids(system_clock)
    runs = [new_run(account, new_id(), Trigger.BUTTON, "ada", system_clock()) for _ in range(50)]
    table = world.stack.outputs["RegistryTableName"]
    registries: list[Any] = [
        DynamoDBRegistries(
            Clients(endpoint_url=world.stack.endpoint_url, **LOCAL).dynamodb, table, Meter()
        ).of(world.seller)
        for _ in runs
    ]

    def take(number: int) -> Started:
        return claim(registries[number], runs[number], system_clock)

    claims = together(take)
    (winner,) = {one.run.id for one in claims}
    assert [one.run.id for one in claims if one.created] == [winner]
    lease = world.registry.get(Lease, "claimed")
    assert lease is not None
    assert (lease.value.holder, lease.value.fence) == (winner, 1)
    assert [stored.value.id for stored in world.registry.list(Run, "claimed").items] == [winner]

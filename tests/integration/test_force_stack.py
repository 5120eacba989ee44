"""Forcing on the embedded stack: with the shipped machines, functions and their own roles.

For what no twin shows: a right that is missing, a part that dies half way and holds its location,
two who are both admitted, a batch that nobody asks after.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest

from local.deploy import STACK_NAME
from local.embedded import Embedded
from tests.drops import put_drop
from tests.executions import executed, execution_arn
from tests.stack_force import Desk, copied, outcomes
from tests.stack_world import Json, StackWorld, invoke, rules_off, within
from trueup.domain.rates import Rate
from trueup.ports import Remove
from trueup.usecases.finalising import STOPPED
from trueup.usecases.force.attending import VANISHED

pytestmark = pytest.mark.stack

SKUS = [f"SKU-{number:03d}" for number in range(250)]
AT_ONCE = 10
LIMITLESS: Json = {"share": None, "units": None, "unexplained": None, "to_zero": None}
LIMITLESS |= {"first_rows": 1000, "orders_covered": False}


@pytest.fixture(scope="module")
def world(stack: Embedded) -> Iterator[StackWorld]:
    with (
        rules_off(stack, "DispatchSchedule", "SweepSchedule"),
        StackWorld(stack, "forcing") as made,
    ):
        made.add_place("hall", [{"sku": sku, "on_hand": 10} for sku in SKUS])
        yield made


def live(world: StackWorld, account: str, shows: int, reports: str = "available") -> Desk:
    """A sandbox where every item shows so many of the 10 that there are."""
    world.shop(account).seed({"L1": [(sku, shows) for sku in SKUS]}, reports=reports)
    return ready(world, account, "L1")


def ready(world: StackWorld, account: str, place: str, **fields: Any) -> Desk:
    world.connect(account, **fields)
    world.link(account, {place: ["hall"]})
    world.list_skus(account, SKUS)
    assert world.reconcile(account)["state"] == "Succeeded"
    desk = Desk(world, account)
    desk.go_live(**LIMITLESS)
    return desk


def reached(desk: Desk, plan: Json, state: str) -> str:
    """The execution of the plan's part, when it has come to a state."""
    arn = execution_arn(desk.world.stack, f"{plan['id']}-all", "force")
    states = desk.world.stack.client("stepfunctions")

    def there() -> bool | None:
        try:
            history = states.get_execution_history(executionArn=arn, reverseOrder=True)
        except states.exceptions.ExecutionDoesNotExist:
            return None
        entered = (event.get("stateEnteredEventDetails", {}) for event in history["events"])
        return any(details.get("name") == state for details in entered) or None

    within(60, there)
    return arn


def stop(desk: Desk, arn: str) -> None:
    desk.world.stack.client("stepfunctions").stop_execution(executionArn=arn)


def unpaused(desk: Desk) -> None:
    """As if the pause that the channel asked for were over."""
    desk.world.shop(desk.account).faults()
    for stored in desk.world.registry.list(Rate).items:
        if stored.value.credential == f"account/{desk.account}":
            desk.world.registry.write(Remove(stored.value, stored.version))


def test_a_part_that_is_killed_half_way_frees_its_slot_and_is_retried(world: StackWorld) -> None:
    desk, shop = live(world, "killed", shows=12), world.shop("killed")
    plan = desk.propose(["L1"])
    shop.edit("L1", {SKUS[5]: 11})
    shop.faults(throttle_every=3, retry_after_seconds=300)
    assert desk.decide(plan).status_code == httpx.codes.ACCEPTED
    stop(desk, reached(desk, plan, "WaitToPush"))
    ended = desk.ended(plan, 30)
    assert (ended["state"], ended["parts"][0]["cause"]) == ("finished", STOPPED["ABORTED"])
    log = desk.pushes(plan)
    assert outcomes(log) == {"APPLIED": 99, "STALE_CHANNEL": 1, "NOT_SENT": 150}
    assert log["L1", SKUS[5]]["outcome"] == "STALE_CHANNEL"
    assert [(slot.holder, slot.sent) for slot in desk.slots()] == [("", True)]
    assert executed(world.stack, f"{plan['id']}-all", "force").status == "ABORTED"
    unpaused(desk)
    refused = desk.decide(desk.propose(["L1"]))
    assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (409, True)
    retry = desk.retry(errors={"plan": plan["id"]})
    assert desk.forced(retry)["parts"][0]["counts"]["success"] == 151
    assert desk.pushes(plan, retried=True)["L1", SKUS[5]]["retried_by"] == retry["id"]
    assert {row["status"] for row in world.rows("killed").values()} == {"Success"}
    assert {item[1] for item in shop.look("L1", SKUS)} == {10}
    done = executed(world.stack, f"{retry['id']}-all", "force")
    assert (done.status, done.visited[-1]) == ("SUCCEEDED", "EndForced")


@pytest.fixture(scope="module")
def early(world: StackWorld) -> tuple[Desk, Json]:
    """A part that was killed while its function read the channel; the event of that was lost."""
    desk = live(world, "early", shows=12, reports="on_hand")
    plan = desk.propose(["L1"])
    world.shop("early").faults(slow_ms=10_000)
    with rules_off(world.stack, "ExecutionEnded"):
        assert desk.decide(plan).status_code == httpx.codes.ACCEPTED
        stop(desk, reached(desk, plan, "PushForce"))
        assert desk.plan(plan)["state"] == "forcing"
        assert invoke(world.stack, f"{STACK_NAME}-sweep", {})["ended"] >= 1
    return desk, plan


def test_one_that_is_killed_before_it_sends_gives_the_cooldown_back(
    early: tuple[Desk, Json],
) -> None:
    desk, plan = early[0], early[0].plan(early[1])
    assert (plan["state"], plan["parts"][0]["cause"]) == ("finished", VANISHED)
    assert [(slot.holder, slot.cooling_until) for slot in desk.slots()] == [("", None)]


def test_a_submitted_file_is_done_when_the_channel_says_so(world: StackWorld) -> None:
    s3, bucket = world.stack.client("s3"), world.stack.outputs["DropBucketName"]
    lines = "".join(f"R1,{sku},9\r\n" for sku in SKUS)
    body = f"location,key,quantity\r\n{lines}".encode()
    for account in ("feed", "reads-only"):
        put_drop(s3, "forcing", account, "one", {"a.csv": (body, len(SKUS))}, bucket=bucket)
    desk = ready(world, "feed", "R1", channel="file", config={"push": True})
    plan = desk.propose(["R1"], skus=SKUS[:20])
    assert desk.decide(plan).status_code == httpx.codes.ACCEPTED
    reached(desk, plan, "WaitToCheck")
    log = desk.pushes(plan, status="Submitted")
    assert outcomes(log) == {"SUBMITTED": 20}
    support = world.get(f"/v1/pushes/{log['R1', SKUS[0]]['id']}/support")
    batch, prefix = support["wire"]["batch"], "drops/forcing/feed"
    written = s3.get_object(Bucket=bucket, Key=f"{prefix}/out/{batch}.csv")["Body"].read()
    assert len(written.splitlines()) == 21
    answer = f"key,location,outcome,reason\r\n{SKUS[3]},R1,rejected,Not sold here.\r\n"
    s3.put_object(Bucket=bucket, Key=f"{prefix}/ack/{batch}.csv", Body=answer.encode())
    assert desk.ended(plan)["parts"][0]["counts"]["success"] == 19
    log = desk.pushes(plan)
    assert outcomes(log) == {"APPLIED": 19, "REJECTED": 1}
    assert log["R1", SKUS[3]]["message"] == "Not sold here."
    assert executed(world.stack, f"{plan['id']}-all", "force").visited[-1] == "EndForced"


def test_a_channel_that_takes_nothing_says_so_at_once(world: StackWorld) -> None:
    """Its files were dropped before."""
    world.connect("reads-only", "file", config={"locations": "R1"})
    body = {"account": "reads-only", "locations": ["R1"]}
    refused = world.http.post("/v1/force-plans", json=body)
    assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert refused.json()["documentation"] == "docs/channels/file.md"


def test_the_lines_of_the_documentation_work(world: StackWorld) -> None:
    """They are pasted into a shell, with the names that they say."""
    desk = live(world, "shop-eu", shows=10)
    world.shop("shop-eu").edit("L1", {SKUS[8]: 12})
    world.reconcile("shop-eu")
    names, *lines = documented()
    token = world.http.headers["Authorization"].removeprefix("Bearer ")
    env = {"PATH": os.environ["PATH"], "API": world.stack.api_url, "TOKEN": token}

    def paste(line: str) -> Json:
        script = f"{names}\n{line}"
        done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, check=True)  # noqa: S607
        answer: Json = json.loads(done.stdout)
        return answer

    env["PLAN"] = paste(lines[0])["id"]
    env["HASH"] = desk.made({"id": env["PLAN"]})["hash"]
    assert paste(lines[1])["state"] == "proposed"
    assert [row["showed"] for row in paste(lines[2])["rows"]] == [12]
    assert paste(lines[3])["state"] == "forcing"
    desk.ended({"id": env["PLAN"]})
    assert [push["status"] for push in paste(lines[4])["pushes"]] == ["Success"]


def documented() -> list[str]:
    text = (Path(__file__).parents[2] / "docs" / "force.md").read_text()
    return text.partition("```sh\n")[2].partition("```")[0].splitlines()


def test_of_a_hundred_who_confirm_one_is_admitted(world: StackWorld) -> None:
    """Ten at a time: on the embedded stack each request at once is a process of its own."""
    desk = live(world, "raced", shows=12)
    plans = copied(desk, desk.propose(["L1"], skus=SKUS[:3]), 100)
    headers, barrier = dict(world.http.headers), Barrier(AT_ONCE)

    def confirm(plan: Json) -> httpx.Response:
        url = f"{world.stack.api_url}{desk.path}/force-plans/{plan['id']}/confirm"
        barrier.wait()
        body = {"hash": plan["hash"]}
        return httpx.post(url, json=body, headers=headers, timeout=120, trust_env=False)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(confirm, plans))
    codes = [answer.status_code for answer in answers]
    assert (codes.count(202), codes.count(409)) == (1, len(plans) - 1), codes
    assert all(int(a.headers["Retry-After"]) > 0 for a in answers if a.status_code == 409)
    winner = desk.ended(answers[codes.index(202)].json())
    assert winner["parts"][0]["counts"]["success"] == 3
    shown = [item[1] for item in world.shop("raced").look("L1", SKUS)]
    assert (shown.count(10), shown.count(12)) == (3, len(SKUS) - 3)
    assert [(slot.holder, slot.sequence) for slot in desk.slots()] == [("", 1)]


def test_and_its_function_which_outlived_it_sent_nothing(early: tuple[Desk, Json]) -> None:
    """Last, when it has long read the channel and found that the slot is not its own any more."""
    desk, plan = early
    assert outcomes(desk.pushes(plan)) == {"NOT_SENT": 250}
    assert {item[1] for item in desk.world.shop("early").look("L1", SKUS)} == {12}
    assert [slot.sent for slot in desk.slots()] == [False]

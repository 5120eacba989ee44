"""Replays on the embedded stack: with the shipped machine, functions and their own roles.

For what no twin shows: that a role lacks a right that a replay needs, or has one to write rows.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from local.embedded import Embedded
from tests.executions import executed
from tests.stack_world import StackWorld, rules_off, within

pytestmark = pytest.mark.stack

SKUS = [f"SKU-{number:03d}" for number in range(30)]


@pytest.fixture(scope="module")
def world(stack: Embedded) -> Iterator[StackWorld]:
    """A seller with an account of which one row is two off, and another five."""
    with (
        rules_off(stack, "DispatchSchedule", "SweepSchedule"),
        StackWorld(stack, "replayed") as made,
    ):
        made.add_place("hall", [{"sku": sku, "on_hand": 10} for sku in SKUS])
        shown = {SKUS[3]: 12, SKUS[7]: 5}
        made.shop("eu").seed({"L1": [(sku, shown.get(sku, 10)) for sku in SKUS]})
        made.connect("eu")
        made.link("eu", {"L1": ["hall"]})
        made.list_skus("eu", SKUS)
        yield made


def replayed(world: StackWorld, run: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    started = world.post(f"/v1/accounts/eu/runs/{run['id']}/replays", body)

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = world.get(f"/v1/replays/{started['id']}")
        return found if found["state"] in ("Succeeded", "Failed") else None

    return within(60, ended)


def test_a_run_is_replayed_and_tried_under_other_terms(world: StackWorld) -> None:
    run = world.reconcile("eu")
    world.shop("eu").edit("L1", {SKUS[9]: 1})
    world.reconcile("eu")
    rows = world.rows("eu")
    same = replayed(world, run, {"kind": "replay"})
    assert (same["state"], same["cause"]) == ("Succeeded", None)
    assert (same["result"]["identical"], same["result"]["rows"]) == (True, len(SKUS))
    done = executed(world.stack, same["id"], "replay")
    assert (done.status, done.children) == ("SUCCEEDED", ["SUCCEEDED"])
    assert done.visited[-1] == "EndReplayed"
    other = replayed(world, run, {"kind": "what_if", "change": {"tolerance": 2}})
    assert other["result"]["turns"] == [
        {"before": "DIFFERS", "after": "WITHIN_TOLERANCE", "rows": 1}
    ]
    (row,) = world.get(f"/v1/replays/{other['id']}/rows")["rows"]
    assert (row["sku"], row["after"]["status"]) == (SKUS[3], "Success")
    assert world.rows("eu") == rows


def test_a_page_that_was_altered_is_found(world: StackWorld) -> None:
    run = world.reconcile("eu")
    table = world.stack.outputs["PagesTableName"]
    client = world.stack.client("dynamodb")
    items = client.scan(TableName=table)["Items"]
    first = next(i for i in items if i["pk"]["S"].startswith("replayed#baseline/hall#"))
    (blob,) = [name for name, value in first.items() if "B" in value]
    altered = first | {blob: {"B": b"altered"}}
    client.put_item(TableName=table, Item=altered)
    result = replayed(world, run, {"kind": "replay"})["result"]
    client.put_item(TableName=table, Item=first)
    assert (result["identical"], result["first"]["what"]) == (False, "evidence")
    assert "baseline/hall" in result["first"]["detail"]

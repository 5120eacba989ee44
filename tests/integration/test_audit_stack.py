"""The audit trail on the embedded stack: what people do, and the ledger's blocks beside it.

For the role that may not write the trail, and the anchor that nobody ever makes.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from local.deploy import STACK_NAME
from local.embedded import Embedded
from tests.stack_world import StackWorld, invoke, rules_off
from trueup.domain.audit import AuditDue
from trueup.domain.time import iso, system_clock
from trueup.ports import Replace

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def world(stack: Embedded) -> Iterator[StackWorld]:
    with (
        rules_off(stack, "DispatchSchedule", "SweepSchedule"),
        StackWorld(stack, "audited") as made,
    ):
        made.add_place("main", [{"sku": "SKU-1", "on_hand": 5}])
        made.post("/v1/sources", {"code": "wms", "name": "WMS", "provides": "movements"})
        yield made


def move(world: StackWorld, id_: str) -> None:
    at = iso(system_clock() - timedelta(minutes=1))
    movement = {
        "id": id_,
        "kind": "receipt",
        "sku": "SKU-1",
        "location": "main",
        "quantity": 1,
        "occurred_at": at,
    }
    taken = world.post("/v1/movements", {"source": "wms", "movements": [movement]})
    assert taken["accepted"] == 1, taken


def a_day_later(stack: Embedded, world: StackWorld) -> None:
    stored = world.registry.get(AuditDue, "due")
    assert stored is not None
    due = stored.value.model_copy(update={"due_at": system_clock()})
    world.registry.write(Replace(due, stored.version))
    invoke(stack, f"{STACK_NAME}-sweep", {})


def test_movements_are_reachable_from_the_trail_and_checked_with_it(
    stack: Embedded, world: StackWorld
) -> None:
    move(world, "1")
    a_day_later(stack, world)
    (record,) = world.get("/v1/audit", kind="ledger")["records"]
    (change,) = record["changes"]
    assert (record["actor"], change["subject"]) == ("schedule", "movements%2Fmain")
    assert [shard["sequence"] for shard in change["after"].values()] == [1]
    verified = world.get("/v1/audit/verify")
    assert (verified["sound"], verified["blocks"], verified["cursor"]) == (True, 1, None)


def test_a_block_that_is_gone_is_named(stack: Embedded, world: StackWorld) -> None:
    move(world, "2")
    a_day_later(stack, world)
    table = stack.outputs["LedgerTableName"]
    tables = stack.client("dynamodb")
    blocks = [
        item
        for item in tables.scan(TableName=table)["Items"]
        if item["pk"]["S"].startswith("audited#movements/main#") and "payload" in item
    ]
    newest = max(blocks, key=lambda item: int(item["sequence"]["N"]))
    tables.delete_item(TableName=table, Key={"pk": newest["pk"], "sequence": newest["sequence"]})
    verified = world.get("/v1/audit/verify")
    assert verified["sound"] is False
    assert verified["finding"]["wrong"] == "missing"
    assert verified["finding"]["chain"].startswith("movements/main ")

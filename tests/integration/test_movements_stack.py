"""Movements on the embedded stack, by all three ways, and the queue's bad messages.

For what no twin shows: that the queue feeds the function, that one bad message comes again alone
and ends in the dead-letter queue, and that every role has the rights that it needs.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from local.embedded import Embedded
from tests.contract.stores import LOCAL
from tests.stack_world import Json, StackWorld, within
from trueup.adapters.clients import Clients
from trueup.adapters.dynamodb_ledger import DynamoDBLedger
from trueup.domain.time import iso, system_clock
from trueup.ledger.blocks import MOVEMENTS
from trueup.ledger.streams import SHARDS, movements_stream
from trueup.ports import Meter
from trueup.usecases.intake.pushing import pushes_of

pytestmark = pytest.mark.stack


class Warehouse:
    """A seller with a warehouse system, and the queue it may send to."""

    def __init__(self, world: StackWorld) -> None:
        self.world = world
        self.sqs: Any = world.stack.client("sqs")
        self.queue: str = world.stack.outputs["MovementsQueueUrl"]
        self.dead: str = world.stack.outputs["MovementsDeadLettersUrl"]
        client = Clients(endpoint_url=world.stack.endpoint_url, **LOCAL).dynamodb
        table = world.stack.outputs["LedgerTableName"]
        self.ledger = DynamoDBLedger(client, table, world.seller, Meter())

    def event(self, id_: str, **fields: Any) -> Json:
        plain = {"id": id_, "kind": "receipt", "sku": f"SKU-{id_}", "quantity": 1}
        return plain | {"location": "hall", "occurred_at": iso(system_clock())} | fields

    def message(self, *events: Json, **fields: Any) -> str:
        given = {"seller": self.world.seller, "source": "wms", "movements": list(events)}
        return json.dumps(given | fields)

    def send(self, *bodies: str) -> None:
        entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(bodies)]
        sent = self.sqs.send_message_batch(QueueUrl=self.queue, Entries=entries)
        assert not sent.get("Failed")

    def stored(self) -> set[str]:
        stream = movements_stream("hall")
        found = [
            movement.id
            for shard in range(SHARDS)
            for _, block in self.ledger.read(stream, shard)
            for movement in MOVEMENTS.entries(block)
        ]
        assert len(set(found)) == len(found)
        return set(found)

    def dug_up(self) -> list[str]:
        """Messages of the dead-letter queue: the embedded stack has no task that moves them."""
        asked = {"QueueUrl": self.dead, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1}
        return [found["Body"] for found in self.sqs.receive_message(**asked)["Messages"]]

    def until_stored(self, *ids: str) -> None:
        within(60, lambda: True if set(ids) <= self.stored() else None)


@pytest.fixture(scope="module")
def warehouse(stack: Embedded) -> Iterator[Warehouse]:
    with StackWorld(stack, "mover") as world:
        world.post("/v1/locations", {"code": "hall", "name": "Hall"})
        world.post("/v1/sources", {"code": "wms", "name": "Warehouse", "units": {"case": 12}})
        found = Warehouse(world)
        # Whoever failed waits for as long as six invocations may take; here, for a cold one.
        quick = {"VisibilityTimeout": "6"}
        found.sqs.set_queue_attributes(QueueUrl=found.queue, Attributes=quick)
        yield found
        slow = {"VisibilityTimeout": "360"}
        found.sqs.set_queue_attributes(QueueUrl=found.queue, Attributes=slow)


def test_by_request_each_event_once_and_none_of_a_faulty_batch(warehouse: Warehouse) -> None:
    body = {"source": "wms", "movements": [warehouse.event("r1"), warehouse.event("r2")]}
    told = warehouse.world.post("/v1/movements", body)
    assert (told["accepted"], told["duplicates"]) == (2, 0)
    told = warehouse.world.post("/v1/movements", body)
    assert (told["accepted"], told["duplicates"]) == (0, 2)
    wrong = {"source": "wms", "movements": [warehouse.event("r3"), warehouse.event("r4", unit="x")]}
    answer = warehouse.world.http.post("/v1/movements", json=wrong)
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert [fault["where"] for fault in answer.json()["faults"]] == ["/movements/1/unit"]
    assert warehouse.stored() >= {"r1", "r2"}
    assert not {"r3", "r4"} & warehouse.stored()


def test_by_file(warehouse: Warehouse) -> None:
    rows = [warehouse.event(f"f{i}", quantity="1.5", unit="case") for i in range(50)]
    ended = warehouse.world.imported({"kind": "movements", "target": "wms", "rows": rows})
    assert (ended["applied"], ended["rows_changed"]) == (50, 50)
    assert {row["id"] for row in rows} <= warehouse.stored()


def test_by_queue_a_bad_message_comes_again_alone_and_is_buried(warehouse: Warehouse) -> None:
    bad = warehouse.message(warehouse.event("q-bad", unit="pallet"), warehouse.event("q-beside"))
    warehouse.send(
        warehouse.message(warehouse.event("q1"), warehouse.event("q2")),
        bad,
        warehouse.message(warehouse.event("q3"), source="nobody"),
        warehouse.message(warehouse.event("q4"), seller="nobody"),
        "no JSON {",
        warehouse.message(warehouse.event("q5")),
    )
    warehouse.until_stored("q1", "q2", "q5")
    assert not {"q-bad", "q-beside", "q3", "q4"} & warehouse.stored()
    sqs, attribute = warehouse.sqs, "ApproximateNumberOfMessages"

    def buried() -> bool | None:
        found = sqs.get_queue_attributes(QueueUrl=warehouse.dead, AttributeNames=[attribute])
        return True if int(found["Attributes"][attribute]) == 4 else None

    within(120, buried)
    warehouse.world.call(
        "PUT", "/v1/sources/wms", {"name": "Warehouse", "units": {"case": 12, "pallet": 480}}
    )
    warehouse.send(*warehouse.dug_up())
    warehouse.until_stored("q-bad", "q-beside")


def test_a_tools_pushes_are_kept(warehouse: Warehouse) -> None:
    world = warehouse.world
    world.shop("shop").seed({"north": [("SKU-1", 5)]})
    world.connect("shop")
    place = world.get("/v1/accounts/shop")["locations"][0]["id"]
    push = {"id": "p1", "channel_location": place, "key": "SKU-1", "quantity": 5}
    body = {"tool": "sync", "pushes": [push | {"accepted_at": iso(system_clock())}]}
    assert world.post("/v1/accounts/shop/pushes", body)["accepted"] == 1
    found = pushes_of(warehouse.ledger, "shop", place, ["SKU-1"])
    assert [(told.id, told.quantity) for told in found["SKU-1"]] == [("sync:p1", 5)]

"""For faults that do not happen as they were told, and stock that does not add up."""

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from sandbox_admin import Admin, administer, is_administrative
from sandbox_client import RefusedError, SandboxClient
from sandbox_connector import SandboxConnector
from sandbox_store import Store
from trueup.channel.serve import answer

ACCOUNT = {"seller": "acme", "account": "s"}
KEYS = ("pk", "sk")


class Sandbox:
    """The sandbox's Lambda, in this process, and how often it was told to wait."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.pauses: list[float] = []
        self.client = SandboxClient(self.call, ACCOUNT)

    def call(self, event: dict[str, Any]) -> dict[str, Any]:
        if is_administrative(event):
            return administer(Admin(self._store), event)
        return answer(SandboxConnector(self._store, pause=self.pauses.append), event)

    def fetch(self, **arguments: Any) -> dict[str, Any]:
        event = {"operation": "fetch", "account": ACCOUNT, "budget": {"milliseconds": 60_000}}
        return self.call({**event, **arguments})

    def keys(self, **arguments: Any) -> list[str]:
        return [row[0] for row in self.fetch(**arguments)["rows"]]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-west-1")
        client.create_table(
            TableName="sandbox",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in KEYS],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        found = Sandbox(Store(client, "sandbox"))
        found.client.seed({"L1": [(f"K{n:02d}", 10) for n in range(50)]})
        yield found


def test_a_dropped_page_makes_the_positions_fall_short(sandbox: Sandbox) -> None:
    sandbox.client.faults(page_rows=10, drop_page=2)
    fetched = sandbox.fetch()
    assert (fetched["outcome"], fetched["span"], fetched["total"]) == ("done", 40, 50)
    assert not {f"K{n}" for n in range(20, 30)} & {row[0] for row in fetched["rows"]}


def test_a_repeated_page_makes_the_positions_too_many(sandbox: Sandbox) -> None:
    sandbox.client.faults(page_rows=10, repeat_page=1)
    fetched = sandbox.fetch()
    assert (len(fetched["rows"]), fetched["span"], fetched["total"]) == (60, 60, 50)


def test_shuffled_pages_are_all_there_and_the_same_each_time(sandbox: Sandbox) -> None:
    whole = sandbox.keys()
    sandbox.client.faults(page_rows=10, shuffle_pages=True, seed=3)
    shuffled = sandbox.keys()
    assert shuffled == sandbox.keys() != whole
    assert sorted(shuffled) == whole


def test_throttling_keeps_the_place(sandbox: Sandbox) -> None:
    sandbox.client.faults(page_rows=10, throttle_every=3, retry_after_seconds=9)
    first = sandbox.fetch()
    assert (first["outcome"], first["retry_after_seconds"], first["span"]) == ("throttled", 9, 20)
    assert sandbox.keys(cursor=first["cursor"])[0] == "K20"


def test_a_failure_half_way_ends_after_so_many_times(sandbox: Sandbox) -> None:
    sandbox.client.faults(page_rows=10, fail_at_page=2, fail_times=2)
    assert [sandbox.fetch()["outcome"] for _ in range(3)] == ["failed", "failed", "done"]


def test_a_slow_shop_takes_its_time_for_each_page(sandbox: Sandbox) -> None:
    sandbox.client.faults(page_rows=10, slow_ms=700)
    sandbox.fetch()
    assert sandbox.pauses == [0.7] * 5


def test_a_failing_location_does_not_lose_the_other(sandbox: Sandbox) -> None:
    sandbox.client.seed({"L1": [("A", 1)], "L2": [("A", 2)]})
    sandbox.client.faults(failing_locations={"L1": "on fire"})
    fetched = sandbox.fetch()
    assert fetched["failed_locations"] == [{"location": "L1", "reason": "on fire"}]
    assert [row[1] for row in fetched["rows"]] == ["L2"]
    assert fetched["span"] == fetched["total"] == 1


def test_sales_while_reading_are_sales(sandbox: Sandbox) -> None:
    sandbox.client.faults(page_rows=10, sell_per_page=4)
    sandbox.fetch()
    sandbox.client.faults()
    assert sum(row[2] for row in sandbox.fetch()["rows"]) == 500 - 5 * 4


def test_filling_anew_ends_a_fetch_and_forgets_everything(sandbox: Sandbox) -> None:
    sandbox.client.sell("L1", "K00", 3)
    part = sandbox.fetch(budget={"milliseconds": 60_000, "rows": 5})
    sandbox.client.seed({"L1": [("K00", 10)]})
    assert sandbox.fetch(cursor=part["cursor"])["outcome"] == "failed"
    assert [row[:3] for row in sandbox.fetch()["rows"]] == [["K00", "L1", 10]]


def test_a_sale_never_takes_more_than_there_is(sandbox: Sandbox) -> None:
    assert sandbox.client.sell("L1", "K00", 7) == 3
    with pytest.raises(RefusedError, match="Less is available"):
        sandbox.client.sell("L1", "K00", 4)
    assert sandbox.client.sell("L1", "K00", 3, ship=False) == 0
    assert sandbox.client.look("L1", ["K00"])[0][:3] == ["K00", 0, 3]


def test_items_are_put_replaced_and_removed(sandbox: Sandbox) -> None:
    sandbox.client.sell("L1", "K10", 1)
    sandbox.client.put("L1", [("A-first", 1), ("K10", 77), ("Z-last", None)])
    sandbox.client.remove("L1", ["K00", "K49"])
    sandbox.client.edit("L1", {"K01": 5})
    rows = {row[0]: row[2] for row in sandbox.fetch()["rows"]}
    assert len(rows) == 50
    assert (rows["A-first"], rows["K10"], rows["Z-last"], rows["K01"]) == (1, 77, None, 5)


def test_orders_that_make_no_sense_are_refused(sandbox: Sandbox) -> None:
    with pytest.raises(RefusedError, match="no location"):
        sandbox.client.sell("L9", "K00")
    with pytest.raises(RefusedError, match="no item"):
        sandbox.client.edit("L1", {"nothing": 1})
    with pytest.raises(RefusedError, match="named twice"):
        sandbox.client.seed({"L1": [("A", 1), ("A", 2)]})


def test_a_lost_answer_was_written_once(sandbox: Sandbox) -> None:
    sandbox.client.faults(lose_answers=1)
    row = {"key": "K00", "location": "L1", "quantity": 4, "expected": 10, "idempotency_key": "p1"}
    event = {"operation": "push", "account": ACCOUNT, "budget": {"milliseconds": 60_000}}
    results = [sandbox.call({**event, "rows": [row]})["results"][0] for _ in range(2)]
    assert [result["outcome"] for result in results] == ["unknown", "applied"]
    assert results[1]["before"] == 10
    assert sandbox.client.look("L1", ["K00"])[0][1] == 4


def test_an_empty_sandbox_says_so(sandbox: Sandbox) -> None:
    other = {"seller": "acme", "account": "other"}
    fetched = sandbox.fetch(account=other)
    assert (fetched["outcome"], fetched["rows"]) == ("failed", [])
    assert "empty" in fetched["reason"]


@pytest.mark.slow
def test_a_hundred_thousand_items_are_filled_in_and_read_in_little_cpu(sandbox: Sandbox) -> None:
    started = time.process_time()
    assert sandbox.client.generate(["L1", "L2"], 50_000) == {"L1": 50_000, "L2": 50_000}
    cursor, rows = None, 0
    while True:
        fetched = sandbox.fetch(cursor=cursor)
        rows, cursor = rows + len(fetched["rows"]), fetched["cursor"]
        if fetched["outcome"] == "done":
            break
    assert rows == fetched["total"] == 100_000
    assert time.process_time() - started < 20

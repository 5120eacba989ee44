"""For drops that are late, torn, altered or malformed: what is said, and that no row is given."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from drop_connector import FileConnector
from tests.drops import BUCKET, put_drop
from trueup.channel.serve import answer

ACCOUNT = {"seller": "acme", "account": "a", "config": {"push": True}}
GOOD = b"location,key,quantity\nW1,A,1\n"
FOLDER = "drops/acme/a/"


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


def _ask(client: Any, operation: str, **arguments: Any) -> dict[str, Any]:
    event: dict[str, Any] = {"operation": operation, "account": ACCOUNT, **arguments}
    if operation != "describe":
        event.setdefault("budget", {"milliseconds": 60_000})
    return answer(FileConnector(client, BUCKET), event)


def _drop(client: Any, body: bytes, rows: int = 1, **manifest: Any) -> None:
    put_drop(client, "acme", "a", "m", {"stock.csv": (body, rows)}, **manifest)


def _fault(client: Any) -> str:
    fetched = _ask(client, "fetch")
    assert (fetched["outcome"], fetched["rows"]) == ("failed", [])
    return str(fetched["reason"])


def test_texts_stay_as_they_are_and_a_blank_is_unknown(client: Any) -> None:
    body = (
        '\ufeffKey,Location,Quantity,GTIN,title\r\n007,W1,,0012,"a, ""b""\r\nc"\r\n"+1",W1,-3,,\r\n'
    )
    _drop(client, body.encode(), 2)
    rows = _ask(client, "fetch")["rows"]
    assert rows[0][:7] == ["007", "W1", None, 0, "", "0012", 'a, "b"\r\nc']
    assert rows[1][:3] == ["+1", "W1", -3]


def test_no_drop_yet(client: Any) -> None:
    client.put_object(Bucket=BUCKET, Key=f"{FOLDER}stock.csv", Body=GOOD)
    assert "No manifest has arrived" in _fault(client)
    assert "No manifest has arrived" in _ask(client, "describe")["reason"]


def test_all_faults_of_a_file_are_said_with_row_and_column(client: Any) -> None:
    _drop(client, b"location,key,quantity\nW1,,1\nW1,A,1.5\n,B,1,2\nW1, C,1\nW1,D,\xc2\xb2\n", 5)
    reason = _fault(client)
    assert "has 5 faults" in reason
    for text in ("row 2: key", "row 3: quantity: '1.5'", "row 4: 4 fields", "row 5: key", "row 6"):
        assert text in reason


@pytest.mark.parametrize(
    ("body", "rows", "part"),
    [
        (GOOD, 2, "1 rows where its manifest says 2"),
        (b"", 0, "header is missing"),
        (b"key,quantity\n", 0, "columns location are missing"),
        (b"key,key,location,quantity\n", 0, "columns key are there twice"),
        (b"location,key,quantity\nW1,\xff,1\n", 1, "not UTF-8"),
        (b'location,key,quantity\nW1,"A,1\n', 1, "not CSV"),
    ],
)
def test_a_malformed_file(client: Any, body: bytes, rows: int, part: str) -> None:
    _drop(client, body, rows)
    assert part in _fault(client)


def test_a_file_that_is_torn_missing_or_altered(client: Any) -> None:
    _drop(client, GOOD)
    client.put_object(Bucket=BUCKET, Key=f"{FOLDER}stock.csv", Body=GOOD[:-3])
    assert "checksum" in _fault(client)
    client.delete_object(Bucket=BUCKET, Key=f"{FOLDER}stock.csv")
    assert "missing" in _fault(client)


@pytest.mark.parametrize(
    ("manifest", "part"),
    [
        ({"captured_at": (datetime.now(UTC) - timedelta(hours=49)).isoformat()}, "older than 48"),
        ({"captured_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}, "in the future"),
        ({"captured_at": "2026-01-01T00:00:00"}, "offset"),
        ({"captured_at": "yesterday"}, "not a manifest"),
        ({"complete": False}, "complete"),
        ({"schema": 2}, "schema 2"),
        ({"files": [{"name": "../b/x.csv", "rows": 1, "sha256": ""}]}, "plain names"),
        ({"locations": [{"id": "W2"}]}, "'W1' is not among the declared"),
    ],
)
def test_a_manifest_that_cannot_be_trusted(
    client: Any, manifest: dict[str, Any], part: str
) -> None:
    _drop(client, GOOD, **manifest)
    assert part in _fault(client)


def test_a_file_replaced_while_it_is_read(client: Any) -> None:
    _drop(client, GOOD + b"W1,B,2\n", 2)
    part = _ask(client, "fetch", budget={"milliseconds": 60_000, "rows": 1})
    client.put_object(Bucket=BUCKET, Key=f"{FOLDER}stock.csv", Body=GOOD + b"W1,B,9\n")
    rest = _ask(client, "fetch", cursor=part["cursor"])
    assert rest["outcome"] == "failed"
    assert "replaced" in rest["reason"]


def test_a_fetch_goes_on_with_the_drop_it_began_with(client: Any) -> None:
    _drop(client, GOOD + b"W1,B,2\n", 2)
    part = _ask(client, "fetch", budget={"milliseconds": 60_000, "rows": 1})
    put_drop(client, "acme", "a", "newer", {"n.csv": (GOOD, 1)})
    rest = _ask(client, "fetch", cursor=part["cursor"])
    assert [row[0] for row in rest["rows"]] == ["B"]
    assert [row[0] for row in _ask(client, "fetch")["rows"]] == ["A"]


def _order(key: str, quantity: int = 3) -> dict[str, Any]:
    row = {"key": key, "location": "W1", "quantity": quantity, "expected": 1}
    return {**row, "idempotency_key": f"push-{key}"}


def test_a_push_is_a_file_and_its_acknowledgement_is_read(client: Any) -> None:
    pushed = _ask(client, "push", rows=[_order("A"), _order("=1+1"), _order("B")])
    outcomes = [result["outcome"] for result in pushed["results"]]
    assert outcomes == ["submitted", "rejected", "submitted"]
    batch = pushed["results"][0]["batch"]
    body = client.get_object(Bucket=BUCKET, Key=f"{FOLDER}out/{batch}.csv")["Body"].read()
    lines = body.decode().split("\r\n")
    assert lines[0] == "idempotency_key,location,key,quantity,expected,product_id"
    assert lines[1:] == ["push-A,W1,A,3,1,", "push-B,W1,B,3,1,", ""]
    assert _ask(client, "check", batches=[batch])["batches"][0]["state"] == "pending"
    _acknowledge(client, batch, b"key,location,outcome,reason\nB,W1,rejected,unknown article\n")
    (state,) = _ask(client, "check", batches=[batch])["batches"]
    assert state["state"] == "applied"
    assert state["refused"] == [{"key": "B", "location": "W1", "reason": "unknown article"}]


def test_the_same_push_again_is_the_same_file(client: Any) -> None:
    one, two = (_ask(client, "push", rows=[_order("A")]) for _ in range(2))
    assert one == two
    assert _ask(client, "push", rows=[_order("A", 4)]) != one
    found = client.list_objects_v2(Bucket=BUCKET, Prefix=f"{FOLDER}out/")["Contents"]
    assert len(found) == 4


@pytest.mark.parametrize("body", [b"", b"key\nA\n", b"key,location,outcome,reason\nA,W1,maybe,\n"])
def test_an_acknowledgement_that_makes_no_sense_stays_pending(client: Any, body: bytes) -> None:
    batch = _ask(client, "push", rows=[_order("A")])["results"][0]["batch"]
    _acknowledge(client, batch, body)
    (state,) = _ask(client, "check", batches=[batch])["batches"]
    assert state["state"] == "pending"
    assert "cannot be read" in state["reason"]


def _acknowledge(client: Any, batch: str, body: bytes) -> None:
    client.put_object(Bucket=BUCKET, Key=f"{FOLDER}ack/{batch}.csv", Body=body)


def _described(client: Any, **config: Any) -> dict[str, Any]:
    account = {**ACCOUNT, "config": {"push": True, "locations": "W1", **config}}
    return answer(FileConnector(client, BUCKET), {"operation": "describe", "account": account})


def test_how_long_the_other_side_may_take_is_its_settle_time(client: Any) -> None:
    told = _described(client, settle_minutes=90, push_times="at noon")["abilities"]
    assert (told["settle_seconds"], told["fixed_times"]) == (5400, "at noon")
    assert _described(client)["abilities"]["settle_seconds"] == 0


@pytest.mark.parametrize("minutes", [-1, 10_081, "soon"])
def test_a_settle_time_that_makes_no_sense_is_refused(client: Any, minutes: object) -> None:
    told = _described(client, settle_minutes=minutes)
    assert told["outcome"] == "failed"
    assert "settle_minutes" in told["reason"]

"""For connectors whose Lambda does not start: each handler answers a sample event."""

import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

import drop_wiring
import sandbox_wiring
import vendure_wiring
from tests.drops import BUCKET

ROOT = Path(__file__).parents[3]
Handler = Callable[[dict[str, Any], object], dict[str, Any]]
TABLE = "sandbox"


def _handler(kind: str) -> Handler:
    path = ROOT / "functions/channels" / kind / "app.py"
    spec = importlib.util.spec_from_file_location(f"channel_{kind}_app", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler: Handler = module.handler
    return handler


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Empty services, and connectors that are put together anew."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("DROP_BUCKET", BUCKET)
    monkeypatch.setenv("SANDBOX_TABLE", TABLE)
    for cached in (drop_wiring.connector, sandbox_wiring.store, vendure_wiring.connector):
        cached.cache_clear()
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        boto3.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in ("pk", "sk")],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        yield
    for cached in (drop_wiring.connector, sandbox_wiring.store, vendure_wiring.connector):
        cached.cache_clear()


def _sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / f"events/channel_{name}.json").read_bytes())
    return event


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("vendure", "The account's secret could not be read."),
        ("file", "No manifest has arrived under drops/acme/file/ yet."),
        ("sandbox", "This account's sandbox is empty: fill it first."),
    ],
)
def test_a_connector_without_anything_says_what_is_missing(kind: str, reason: str) -> None:
    handler = _handler(kind)
    for operation in ("describe", "fetch"):
        answer = handler(_sample(f"{kind}_{operation}"), None)
        assert (answer["outcome"], answer["reason"]) == ("failed", reason)


def test_the_sandbox_does_as_its_owner_says_and_answers_the_contract() -> None:
    handler = _handler("sandbox")
    for order in ("seed", "append", "sell", "edit", "faults", "look"):
        assert handler(_sample(f"sandbox_owner_{order}"), None)["outcome"] == "ok"
    rows = handler(_sample("sandbox_fetch"), None)["rows"]
    assert [row[:3] for row in rows] == [["SKU-0001", "L1", 3], ["SKU-0002", "L1", 4]]
    pushed = handler(_sample("sandbox_push"), None)["results"][0]
    assert (pushed["outcome"], pushed["before"]) == ("stale", 3)
    assert handler(_sample("sandbox_check"), None)["outcome"] == "unsupported"


def test_a_push_of_the_file_connector_is_checked() -> None:
    handler = _handler("file")
    assert handler(_sample("file_push"), None)["results"][0]["outcome"] == "submitted"
    assert handler(_sample("file_check"), None)["batches"][0]["state"] == "unknown"

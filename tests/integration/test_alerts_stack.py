"""A crossed threshold, from the run to who listens, on the embedded stack.

For the rule that matches nothing, the topic that lets nobody publish, and the message that nobody
can read.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.embedded import Embedded
from tests.stack_world import Json, StackWorld, rules_off, within

pytestmark = pytest.mark.stack
SKUS = ["SKU-1", "SKU-2", "SKU-3", "SKU-4"]


@pytest.fixture(scope="module")
def world(stack: Embedded) -> Iterator[StackWorld]:
    with (
        rules_off(stack, "DispatchSchedule", "SweepSchedule"),
        StackWorld(stack, "alerted") as made,
    ):
        made.add_place("main", [{"sku": sku, "on_hand": 5} for sku in SKUS])
        made.shop("shop").seed({"L1": [(sku, 5) for sku in SKUS]})
        made.connect("shop")
        made.link("shop", {"L1": ["main"]})
        made.list_skus("shop", SKUS)
        yield made


@pytest.fixture(scope="module")
def inbox(stack: Embedded) -> Iterator[str]:
    """A queue that is subscribed to the topic of alerts, as a mailbox would be."""
    queues = stack.client("sqs")
    queue = queues.create_queue(QueueName="alerts-inbox")["QueueUrl"]
    found = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn, topic = found["Attributes"]["QueueArn"], stack.outputs["AlertsTopicArn"]
    let_in = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [let_in]})
    queues.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    stack.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    yield queue
    queues.delete_queue(QueueUrl=queue)


def next_message(stack: Embedded, queue: str) -> str:
    queues = stack.client("sqs")

    def received() -> dict[str, Any] | None:
        found = queues.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages")
        return dict(found[0]) if found else None

    message = within(30, received)
    queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    text: str = json.loads(message["Body"])["Message"]
    return text


def test_people_hear_when_it_is_crossed_and_when_it_is_over(
    stack: Embedded, world: StackWorld, inbox: str
) -> None:
    new = {"measure": "variance_rate", "limit": 100}
    threshold: Json = world.post("/v1/accounts/shop/thresholds", new)
    assert world.reconcile("shop")["state"] == "Succeeded"
    assert world.get("/v1/alerts")["alerts"] == []
    world.shop("shop").edit("L1", {"SKU-1": 9})
    assert world.reconcile("shop")["state"] == "Succeeded"
    said = next_message(stack, inbox)
    (alert,) = world.get("/v1/alerts", account="shop", open=True)["alerts"]
    assert (alert["threshold"], alert["figure"]) == (threshold["id"], 2500)
    assert said == (
        '"Trueup, alerted: variance rate of account shop is above its limit: '
        f'25.00 % (limit 1.00 %). Alert {alert["id"]}."'
    )
    world.shop("shop").edit("L1", {"SKU-1": 5})
    assert world.reconcile("shop")["state"] == "Succeeded"
    assert "is back within its limit: 0.00 %" in next_message(stack, inbox)
    assert world.get("/v1/alerts", open=True)["alerts"] == []


def test_what_was_done_is_in_the_audit_trail_and_the_trail_is_sound(world: StackWorld) -> None:
    verified = world.get("/v1/audit/verify")
    assert verified["sound"], verified
    kinds = {c["kind"] for r in world.get("/v1/audit", limit=100)["records"] for c in r["changes"]}
    assert {"account", "location", "link", "threshold", "run", "import", "head"} <= kinds
    applied = [
        change["after"]
        for record in world.get("/v1/audit", kind="import", limit=100)["records"]
        for change in record["changes"]
        if change["after"].get("state") == "Applied"
    ]
    assert applied

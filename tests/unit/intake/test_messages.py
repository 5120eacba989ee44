"""Finds: a message of the queue that gets lost, holds up its neighbours, or reaches too far."""

import json
from typing import Any

import pytest

from tests.unit.intake.gate_world import SELLER, GateWorld
from tests.unit.intake.reading import event
from trueup.domain.errors import RetryLaterError
from trueup.domain.sources import Domain, Ownership
from trueup.entry.queue import take_each
from trueup.ports import Create, Remove
from trueup.usecases.intake.messages import Taken, take_message
from trueup.usecases.intake.taking import Gate


class Queue:
    """The function behind the queue, on a seller's world."""

    def __init__(self) -> None:
        self.world = GateWorld()
        self.log: list[Taken] = []

    def gate(self, seller: str) -> Gate:
        return Gate(self.world.registries.of(seller), self.world.ledger, self.world.clock)

    def take(self, id_: str, body: str) -> Taken:
        self.log.append(take_message(self.gate, id_, body))
        return self.log[-1]

    def failed(self, *bodies: str) -> list[str]:
        """Ids, by their place, of the messages that are to come again."""
        records = [{"messageId": str(i), "body": body} for i, body in enumerate(bodies)]
        answer = take_each({"Records": records}, self.take)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def message(*events: dict[str, Any], **fields: Any) -> str:
    given = {"seller": SELLER, "source": "wms", "movements": events or [event()]} | fields
    return json.dumps({name: value for name, value in given.items() if value is not None})


def test_a_message_is_a_batch() -> None:
    queue = Queue()
    assert queue.failed(message(event(id="1"), event(id="2"))) == []
    assert len(queue.world.content()) == 2
    assert queue.failed(message(event(id="1"), event(id="2"))) == []  # delivered twice
    assert len(queue.world.content()) == 2


def test_a_bad_message_fails_alone() -> None:
    queue = Queue()
    bad = message(event(id="x", unit="pallet"), event(id="y"))
    assert queue.failed(message(event(id="1")), bad, message(event(id="2"))) == ["1"]
    assert {movement.id for movement in queue.world.content()} == {"1", "2"}
    assert queue.log[1].problems[1] == "/movements/0/unit: wms has no unit pallet of S1"


@pytest.mark.parametrize(
    "body",
    [
        *("", "x", "[]", "null", "1", '"x"', "{}", "[" * 100_000, "9" * 5_000),
        *(message(seller=None), message(seller="../x"), message(seller=7)),
        *(message(seller="nobody"), message(source="nobody"), message(source=None)),
        *(message(movements=[]), message(movements="x"), message(movements=[1])),
        *(message(more=1), message(movements=[event(id=str(i)) for i in range(1_001)])),
        message(event(sku="\ud800")),
        message({"id\ud800": 1}),
    ],
)
def test_whatever_a_message_holds_it_only_fails(body: str) -> None:
    queue = Queue()
    assert queue.failed(body, message()) == ["0"]
    assert len(queue.world.content()) == 1
    assert queue.log[0].problems


def test_a_message_reaches_its_seller_alone() -> None:
    queue = Queue()
    queue.world.registries.of("bolt")
    assert queue.failed(message(seller="bolt")) == ["0"]
    assert queue.log[0].problems == ("There is no source wms.",)


def test_what_is_refused_or_in_conflict_is_not_done_with_but_the_rest_is_stored() -> None:
    queue = Queue()
    rule = Ownership(domain=Domain.MOVEMENTS, location="paris", source="pos")
    queue.world.registry.write(Create(rule))
    events = [event(id="1"), event(id="2", location="paris")]
    assert queue.failed(message(*events)) == ["0"]
    assert {movement.id for movement in queue.world.content()} == {"1"}
    assert queue.log[-1].problems == (
        "/movements/1: The movements at paris are told by pos alone.",
    )
    (stored,) = (s for s in queue.world.registry.list(Ownership).items)
    queue.world.registry.write(Remove(stored.value, stored.version))
    assert queue.failed(message(*events)) == []  # sent back once the cause is gone
    assert len(queue.world.content()) == 2


def test_a_busy_store_fails_the_message_alone() -> None:
    queue = Queue()

    def busy(_: str) -> Gate:
        raise RetryLaterError("The store is busy.")

    assert take_message(busy, "1", message()).problems == ("The store is busy.",)
    assert queue.failed(message()) == []


def test_what_breaks_us_fails_alone() -> None:
    queue = Queue()

    def breaking(id_: str, body: str) -> Taken:
        if id_ == "0":
            raise ZeroDivisionError
        return queue.take(id_, body)

    records = [{"messageId": str(i), "body": message(event(id=str(i)))} for i in range(2)]
    answer = take_each({"Records": records}, breaking)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert len(queue.world.content()) == 1


def test_names_made_up_by_the_sender_are_not_told() -> None:
    taken = take_message(Queue().gate, "1", message(secret="hunter2"))
    assert not any("hunter2" in told or "secret" in told for told in taken.problems)

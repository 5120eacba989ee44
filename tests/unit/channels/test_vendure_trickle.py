"""A shop that answers a byte now and then: each read is in time, the whole would never be."""

from collections.abc import Iterator

import httpx
import msgspec
import pytest

from tests.unit.channels.fake_shop import ACCOUNT, FakeShop
from trueup.channel.serve import answer
from vendure_connector import VendureConnector
from vendure_secrets import Secrets


class Trickle(httpx.SyncByteStream):
    """A space a second, for an hour."""

    def __init__(self) -> None:
        self.now = 0.0

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(3600):
            self.now += 1
            yield b" "


@pytest.mark.parametrize("operation", ["describe", "fetch"])
def test_an_answer_that_trickles_in_is_given_up_within_the_budget(operation: str) -> None:
    shop, slow = FakeShop({}), Trickle()
    shop.hook = lambda _query: httpx.Response(200, stream=slow)
    connector = VendureConnector(
        Secrets(shop.secrets), shop, allow_loopback=False, monotonic=lambda: slow.now
    )
    event = {"operation": operation, "account": msgspec.to_builtins(ACCOUNT)}
    budget = {"budget": {"milliseconds": 20_000}} if operation == "fetch" else {}
    answered = answer(connector, {**event, **budget})
    assert answered["outcome"] == "throttled"
    assert slow.now <= 25

"""Repeated requests that are done twice, or idempotency keys that are remembered for ever."""

from datetime import UTC, datetime, timedelta

import pytest

from trueup.adapters.memory_registry import MemoryRegistries
from trueup.adapters.registry_items import encode
from trueup.domain.errors import ConflictError
from trueup.domain.imports import RECEIPT_KEPT, Receipt
from trueup.usecases.receipts import once

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Till:
    """Counts what was done, at a time that the test sets."""

    def __init__(self) -> None:
        self.now = NOW
        self.done = 0
        self.registry = MemoryRegistries().of("acme")

    def ask(self, body: bytes = b"one") -> str:
        return once(self.registry, lambda: self.now, "runs", "key-1", body, self._act)

    def _act(self) -> str:
        self.done += 1
        return f"result {self.done}"


def test_the_same_request_is_done_once_and_another_body_is_refused() -> None:
    till = Till()
    assert [till.ask(), till.ask()] == ["result 1", "result 1"]
    with pytest.raises(ConflictError):
        till.ask(b"two")
    assert till.done == 1


def test_a_key_is_forgotten_after_a_week_whether_or_not_the_store_has_yet() -> None:
    till = Till()
    till.ask()
    till.now += RECEIPT_KEPT - timedelta(seconds=1)
    assert till.ask() == "result 1"
    till.now += timedelta(seconds=1)
    assert till.ask(b"two") == "result 2"


def test_a_receipt_is_stored_with_its_end_as_the_table_wants_it() -> None:
    receipt = Receipt(scope="runs", key="k", digest="d", result="r", at=NOW)
    assert encode("acme", receipt, 1).expires_at == int((NOW + RECEIPT_KEPT).timestamp())

"""For the bug where a connector passes in process and fails as a Lambda, which speaks JSON."""

import pytest

from trueup.adapters.memory_channels import MemoryChannels
from trueup.channel.contract import (
    AccountRef,
    Budget,
    CheckRequest,
    CheckResponse,
    DescribeRequest,
    DescribeResponse,
    Failure,
    FetchRequest,
    FetchResponse,
    Observation,
    PushRequest,
    PushResponse,
)
from trueup.domain.errors import DefectError

ACCOUNT = AccountRef(seller="acme", account="shop")
FETCH = FetchRequest(account=ACCOUNT, budget=Budget(milliseconds=1))


class Shop:
    """A connector that gives `rows`."""

    def __init__(self, rows: list[Observation]) -> None:
        self.rows = rows

    def describe(self, request: DescribeRequest) -> DescribeResponse | Failure:
        return Failure(outcome="failed", reason=request.account.account)

    def fetch(self, request: FetchRequest) -> FetchResponse:  # noqa: ARG002
        return FetchResponse(outcome="done", captured_at="2026-03-01T12:00:00Z", rows=self.rows)

    def push(self, request: PushRequest) -> PushResponse:  # noqa: ARG002
        return PushResponse(outcome="unsupported")

    def check(self, request: CheckRequest) -> CheckResponse:  # noqa: ARG002
        return CheckResponse(outcome="unsupported")


def test_a_connector_is_called_through_json() -> None:
    row = Observation(key="ä", location="l", quantity=None)
    channels = MemoryChannels({"shop": Shop([row])})
    answer = channels.call("shop", FETCH)
    assert isinstance(answer, FetchResponse)
    assert answer.rows == [row]
    assert channels.call("shop", DescribeRequest(account=ACCOUNT)).outcome == "failed"
    assert [kind for kind, _ in channels.calls] == ["shop", "shop"]


def test_what_the_contract_forbids_is_a_defect_here_too() -> None:
    channels = MemoryChannels({"shop": Shop([Observation(key="", location="l", quantity=1)])})
    with pytest.raises(DefectError, match="off the contract"):
        channels.call("shop", FETCH)


def test_a_connector_that_raises_is_a_defect_here_too() -> None:
    class Broken(Shop):
        def fetch(self, request: FetchRequest) -> FetchResponse:
            raise KeyError(request.account.seller)

    with pytest.raises(DefectError, match=r"failed \(KeyError\)"):
        MemoryChannels({"shop": Broken([])}).call("shop", FETCH)


def test_a_channel_nobody_deployed_is_a_defect() -> None:
    channels = MemoryChannels({"shop": Shop([])})
    assert channels.exists("shop")
    assert not channels.exists("other")
    with pytest.raises(DefectError, match="other"):
        channels.call("other", FETCH)

"""For the bug where a connector's failure or nonsense is taken for an answer."""

import io
import json
from typing import Any

import msgspec
import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from tests.faults import Injector, Kind
from trueup.adapters.channel_answers import read_answer
from trueup.adapters.clients import INVOKE_SECONDS, Clients
from trueup.adapters.lambda_channels import LambdaChannels
from trueup.channel.contract import (
    MAX_RESPONSE_BYTES,
    AccountRef,
    Budget,
    CheckRequest,
    CheckResponse,
    DescribeRequest,
    DescribeResponse,
    Failure,
    FetchRequest,
    FetchResponse,
    PushRequest,
    PushResponse,
    PushRow,
    Request,
)
from trueup.domain.errors import DefectError, RetryLaterError, TrueupError
from trueup.ports import Meter

ACCOUNT = AccountRef(seller="acme", account="shop")
BUDGET = Budget(milliseconds=1000)
DESCRIBE = DescribeRequest(account=ACCOUNT)
FETCH = FetchRequest(account=ACCOUNT, budget=BUDGET)
CHECK = CheckRequest(account=ACCOUNT, budget=BUDGET, batches=["b"])
ROW = PushRow(key="a", location="l", quantity=1, expected=0, idempotency_key="k")
PUSH = PushRequest(account=ACCOUNT, budget=BUDGET, rows=[ROW])
FETCHED = {"outcome": "done", "captured_at": "2026-03-01T12:00:00Z", "rows": [["a", "l", 3]]}
ABILITIES = {"can_push": False, "reports": "available"}


class Connector:
    """A stubbed Lambda client and the adapter on it."""

    def __init__(self) -> None:
        self.client = Clients(
            region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        ).lambda_
        self.stub = Stubber(self.client)
        self.meter = Meter()
        self.channels = LambdaChannels(self.client, "trueup-channel-", self.meter)
        self.stub.activate()

    def answers(self, body: bytes, **more: Any) -> None:
        payload = StreamingBody(io.BytesIO(body), len(body))
        expected = {"FunctionName": "trueup-channel-file", "Payload": ANY}
        self.stub.add_response("invoke", {"Payload": payload, **more}, expected)

    def fails(self, **error: str) -> None:
        self.answers(json.dumps(error).encode(), FunctionError="Unhandled")


def test_the_request_is_the_contract_s_json_and_the_answer_is_read() -> None:
    connector = Connector()
    body = json.dumps(FETCHED).encode()
    payload = StreamingBody(io.BytesIO(body), len(body))
    sent = msgspec.json.encode(FETCH)
    expected = {"FunctionName": "trueup-channel-file", "Payload": sent}
    connector.stub.add_response("invoke", {"Payload": payload}, expected)
    answer = connector.channels.call("file", FETCH)
    assert isinstance(answer, FetchResponse)
    assert answer.rows[0].quantity == 3
    assert connector.meter.usage.invocations == 1
    assert json.loads(sent)["operation"] == "fetch"


FAILURES = [
    ({"errorType": "Sandbox.Timedout", "errorMessage": "x"}, RetryLaterError),
    ({"errorMessage": "2026-03-01 Task timed out after 240.00 seconds"}, RetryLaterError),
    ({"errorType": "KeyError", "errorMessage": "password=hunter2"}, DefectError),
    ({"errorType": "Runtime.OutOfMemory", "errorMessage": "x"}, DefectError),
]


@pytest.mark.parametrize(("error", "expected"), FAILURES)
def test_a_connector_that_failed_is_an_error_that_tells_no_secret(
    error: dict[str, str], expected: type[TrueupError]
) -> None:
    connector = Connector()
    connector.fails(**error)
    with pytest.raises(expected) as caught:
        connector.channels.call("file", FETCH)
    assert "hunter2" not in str(caught.value)


def test_a_failure_that_is_no_json_is_a_defect() -> None:
    connector = Connector()
    connector.answers(b"<html>", FunctionError="Unhandled")
    with pytest.raises(DefectError, match="without saying how"):
        connector.channels.call("file", FETCH)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("TooManyRequestsException", RetryLaterError), ("ResourceNotFoundException", DefectError)],
)
def test_lambda_s_own_refusals(code: str, expected: type[TrueupError]) -> None:
    connector = Connector()
    connector.stub.add_client_error("invoke", code)
    with pytest.raises(expected):
        connector.channels.call("file", FETCH)


@pytest.mark.parametrize("kind", ["../x", "", "File", "a:b", "a\n"])
def test_no_other_function_can_be_named(kind: str) -> None:
    connector = Connector()
    assert not connector.channels.exists(kind)
    with pytest.raises(DefectError):
        connector.channels.call(kind, FETCH)


def test_whether_a_connector_exists_is_asked_without_running_it() -> None:
    connector = Connector()
    asked = {"FunctionName": "trueup-channel-file", "InvocationType": "DryRun"}
    connector.stub.add_response("invoke", {"StatusCode": 204}, asked)
    assert connector.channels.exists("file")
    connector.stub.add_client_error("invoke", "ResourceNotFoundException", expected_params=asked)
    assert not connector.channels.exists("file")
    connector.stub.add_client_error("invoke", "AccessDeniedException", expected_params=asked)
    with pytest.raises(DefectError):
        connector.channels.exists("file")


@pytest.mark.parametrize("kind", [Kind.BEFORE, Kind.AFTER, Kind.THROTTLED])
def test_a_connector_out_of_reach_is_for_later(kind: Kind) -> None:
    connector = Connector()
    connector.answers(json.dumps(FETCHED).encode())
    Injector(kind, nth=1).attach(connector.client)
    with pytest.raises(RetryLaterError):
        connector.channels.call("file", FETCH)


def test_calls_are_not_repeated_and_outlast_every_function() -> None:
    settings: Any = Connector().client.meta.config
    assert settings.retries["total_max_attempts"] == 1
    assert settings.read_timeout == INVOKE_SECONDS > 900


GOOD: list[tuple[Request, dict[str, Any], type]] = [
    (DESCRIBE, {"outcome": "ok", "abilities": ABILITIES, "locations": []}, DescribeResponse),
    (DESCRIBE, {"outcome": "failed", "reason": "wrong key"}, Failure),
    (DESCRIBE, {"outcome": "throttled", "reason": "slow"}, Failure),
    (FETCH, FETCHED, FetchResponse),
    (PUSH, {"outcome": "ok", "results": [{"outcome": "applied"}]}, PushResponse),
    (PUSH, {"outcome": "throttled"}, PushResponse),
    (CHECK, {"outcome": "ok"}, CheckResponse),
]


@pytest.mark.parametrize(("request_", "body", "kind"), GOOD)
def test_an_answer_is_of_its_operation_s_type(
    request_: Request, body: dict[str, Any], kind: type
) -> None:
    assert isinstance(read_answer(request_, json.dumps(body).encode()), kind)


BAD: list[tuple[Request, Any]] = [
    (DESCRIBE, {"outcome": "ok"}),
    (DESCRIBE, FETCHED),
    (DESCRIBE, None),
    (FETCH, {"outcome": "ok", "abilities": ABILITIES, "locations": []}),
    (FETCH, FETCHED | {"rows": [["a", "l", "3"]]}),
    (FETCH, FETCHED | {"rows": [["", "l", 3]]}),
    (FETCH, FETCHED | {"rows": [["a", "l", 2**60]]}),
    (FETCH, FETCHED | {"version": 2}),
    (FETCH, [FETCHED]),
    (PUSH, {"outcome": "ok", "results": []}),
    (PUSH, {"outcome": "failed", "results": [{"outcome": "applied"}] * 2}),
    (CHECK, {"outcome": "done"}),
]


@pytest.mark.parametrize(("request_", "body"), BAD)
def test_an_answer_off_the_contract_is_a_defect(request_: Request, body: Any) -> None:
    with pytest.raises(DefectError):
        read_answer(request_, json.dumps(body).encode())


def test_an_answer_that_is_no_json_or_too_large_is_a_defect() -> None:
    with pytest.raises(DefectError, match="off the contract"):
        read_answer(FETCH, b"{")
    with pytest.raises(DefectError, match="allowed"):
        read_answer(FETCH, b" " * (MAX_RESPONSE_BYTES + 1))

"""The conformance suite on a connector that runs as a Lambda; see `conformance.py`."""

import json
from typing import Any

import boto3
import msgspec
import pytest

from tests.contract.channels.conformance import ConnectorConformance
from tests.contract.channels.subject import BrokenError, Subject
from trueup.channel.contract import AccountRef


class TestDeployed(ConnectorConformance):
    @pytest.fixture
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        client = boto3.client("lambda")
        name = request.config.getoption("--connector-function")
        account = request.config.getoption("--connector-account")

        def call(event: dict[str, Any]) -> dict[str, Any]:
            answer = client.invoke(FunctionName=name, Payload=json.dumps(event))
            value: dict[str, Any] = json.load(answer["Payload"])
            if answer.get("FunctionError"):
                raise BrokenError(value.get("errorMessage", "") or "function error")
            return value

        return Subject(
            call,
            msgspec.json.decode(account.read_bytes(), type=AccountRef),
            may_push=request.config.getoption("--connector-push"),
        )

"""Finds where the embedded stack stopped being like AWS, and what it leaves behind."""

import base64
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.deploy import deploy
from local.embedded import Embedded, Person
from local.paths import ROOT
from local.stack import StackError, running

pytestmark = pytest.mark.stack

PROBED = "trueup-plan-compare"
PROBE = """
import importlib, boto3
def handler(event, context):
    try:
        if event["service"] == "import":
            importlib.import_module(event["operation"])
        else:
            call = getattr(boto3.client(event["service"]), event["operation"])
            call(**event["arguments"])
    except Exception as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code")
        return code or type(error).__name__
    return "done"
"""


@pytest.fixture(scope="module")
def viewer(stack: Embedded) -> Person:
    return stack.create_person("viewer@infra.example", "infra", ["viewer"])


def claims(token: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return decoded


def status(stack: Embedded, path: str, token: str | None = None) -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(stack.api_url + path, headers=headers, timeout=30).status_code


def test_an_access_token_says_whose_it_is_and_for_a_quarter_of_an_hour(
    stack: Embedded, viewer: Person
) -> None:
    found = claims(stack.access_token(viewer))
    assert found["token_use"] == "access"
    assert (found["seller"], found["roles"]) == ("infra", "viewer")
    assert found["exp"] - found["iat"] <= 15 * 60


def test_the_edge_lets_only_access_tokens_through(stack: Embedded, viewer: Person) -> None:
    tokens = stack.tokens(viewer)
    forged = tokens["AccessToken"][:-8] + "AAAAAAAA"
    assert status(stack, "/v1/accounts") == 401
    assert status(stack, "/v1/accounts", "not-a-token") == 401
    assert status(stack, "/v1/accounts", forged) == 401
    assert status(stack, "/v1/accounts", tokens["IdToken"]) == 403
    assert status(stack, "/v1/accounts", tokens["AccessToken"]) not in {401, 403}


def test_health_needs_no_token(stack: Embedded) -> None:
    assert status(stack, "/health") == 200


@pytest.fixture(scope="module")
def probe(stack: Embedded) -> Iterator[Callable[..., str]]:
    """Call AWS from within a Lambda that has PlanCompareFunction's role, and no layer."""
    functions = stack.client("lambda")
    functions.create_function(
        FunctionName="probe",
        Runtime="python3.13",
        Handler="probe.handler",
        Role=functions.get_function(FunctionName=PROBED)["Configuration"]["Role"],
        Code={"ZipFile": zipped("probe.py", PROBE)},
    )

    def call(service: str, operation: str, **arguments: Any) -> str:
        event = {"service": service, "operation": operation, "arguments": arguments}
        reply = functions.invoke(FunctionName="probe", Payload=json.dumps(event))
        answer: str = json.loads(reply["Payload"].read())
        return answer

    yield call
    functions.delete_function(FunctionName="probe")


def test_a_function_may_do_what_its_role_allows(stack: Embedded, probe: Callable[..., str]) -> None:
    evidence = stack.outputs["EvidenceBucketName"]
    assert probe("s3", "put_object", Bucket=evidence, Key="runs/probe", Body="x") == "done"
    assert probe("s3", "get_object", Bucket=evidence, Key="runs/probe") == "done"


def test_a_function_is_refused_everything_else(stack: Embedded, probe: Callable[..., str]) -> None:
    outputs = stack.outputs
    evidence, imports = outputs["EvidenceBucketName"], outputs["ImportsBucketName"]
    members, pages = outputs["MembersTableName"], outputs["PagesTableName"]
    page = {"pk": {"S": "p"}, "sk": {"S": "s"}}
    refused = [
        probe("s3", "put_object", Bucket=evidence, Key="elsewhere", Body="x"),
        probe("s3", "put_object", Bucket=imports, Key="reports/x", Body="x"),
        probe("dynamodb", "get_item", TableName=members, Key={"pk": {"S": "p"}}),
        probe("dynamodb", "put_item", TableName=pages, Item=page),
        probe("lambda", "invoke", FunctionName="trueup-channel-sandbox"),
        probe("stepfunctions", "start_execution", stateMachineArn=outputs["ReconcileArn"]),
    ]
    assert all("AccessDenied" in answer for answer in refused), refused


def test_a_lambda_does_not_see_the_stacks_own_packages(probe: Callable[..., str]) -> None:
    assert probe("import", "pydantic") == "ModuleNotFoundError"
    assert probe("import", "ministack") == "ModuleNotFoundError"
    assert probe("import", "boto3") == "done"


def test_state_machines_call_numbered_versions(stack: Embedded) -> None:
    states = stack.client("stepfunctions")
    machine = states.describe_state_machine(stateMachineArn=stack.outputs["ReconcileArn"])
    called = [word for word in machine["definition"].split('"') if ":function:" in word]
    assert called
    assert all(arn.rsplit(":", 1)[1].isdigit() for arn in called)


def test_nothing_listens_but_on_the_one_loopback_address(stack: Embedded) -> None:
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", stack.stack.port)) == 0
    with socket.socket() as probe:  # a listener on all addresses would answer here
        assert probe.connect_ex(("127.0.0.2", stack.stack.port)) != 0


@pytest.mark.slow
def test_a_second_start_shows_the_same_data(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        outputs = deploy(first).outputs
        Embedded(first, outputs).client("s3").put_object(
            Bucket=outputs["EvidenceBucketName"], Key="runs/kept", Body=b"kept"
        )
    with running(tmp_path) as second:
        again = Embedded(second, deploy(second).outputs)
        assert names(again.outputs) == names(outputs)
        kept = again.client("s3").get_object(Bucket=outputs["EvidenceBucketName"], Key="runs/kept")
        assert kept["Body"].read() == b"kept"


@pytest.mark.slow
def test_two_stacks_do_not_share_a_state(tmp_path: Path) -> None:
    with running(tmp_path), pytest.raises(StackError, match="another stack"), running(tmp_path):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_stack_ends_with_the_process_that_started_it(how: signal.Signals, tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time; from local.stack import running\n"
        "with running(pathlib.Path(sys.argv[1])) as stack:\n"
        "    print(stack.process.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        parent.send_signal(how)
    assert within(30, lambda: not alive(child))
    assert "Persistence: saved" in (tmp_path / "stack.log").read_text()


def zipped(name: str, text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, text)
    return content.getvalue()


def names(outputs: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in outputs.items() if key != "ApiUrl"}  # it has the port


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def within(seconds: float, happened: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(0.1)
    return False

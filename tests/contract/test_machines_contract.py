"""The memory machines and those of Step Functions keep the same promises.

For the bug where one run is executed twice, or a start that never happened is taken for one.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest

from tests.contract.stores import LOCAL
from tests.faults import Injector, Kind
from trueup.adapters.clients import Clients
from trueup.adapters.memory_machines import MemoryMachines
from trueup.adapters.stepfunctions import StepFunctions
from trueup.domain.errors import ConflictError, DefectError, RetryLaterError
from trueup.ports import MachineName, Machines

PAYLOAD = {"schema": 1, "seller": "acme", "account": "shop"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "states.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
STATES: dict[MachineName, dict[str, Any]] = {
    "reconcile": {"Type": "Wait", "Seconds": 600, "End": True},
    "ingest": {"Type": "Succeed"},
}


def role(endpoint: str) -> str:
    iam: Any = boto3.client("iam", endpoint_url=endpoint, **LOCAL)
    made = iam.create_role(
        RoleName=f"machine-{uuid4()}", AssumeRolePolicyDocument=json.dumps(TRUST)
    )
    arn: str = made["Role"]["Arn"]
    return arn


def machine(clients: Clients, name: MachineName) -> str:
    definition = json.dumps({"StartAt": "Only", "States": {"Only": STATES[name]}})
    made = clients.stepfunctions.create_state_machine(
        name=f"{name}-{uuid4()}", definition=definition, roleArn=role(clients.s3.meta.endpoint_url)
    )
    return made["stateMachineArn"]


@pytest.fixture
def clients(request: pytest.FixtureRequest) -> Clients:
    return Clients(endpoint_url=request.getfixturevalue("stack").endpoint_url, **LOCAL)


@pytest.fixture
def arns(clients: Clients) -> Iterator[dict[MachineName, str]]:
    names: tuple[MachineName, ...] = ("reconcile", "ingest")
    made = {name: machine(clients, name) for name in names}
    yield made
    for arn in made.values():
        found = clients.stepfunctions.list_executions(stateMachineArn=arn, statusFilter="RUNNING")
        for execution in found["executions"]:
            clients.stepfunctions.stop_execution(executionArn=execution["executionArn"])
        clients.stepfunctions.delete_state_machine(stateMachineArn=arn)


@pytest.fixture(params=["memory", pytest.param("stepfunctions", marks=pytest.mark.stack)])
def machines(request: pytest.FixtureRequest) -> Machines:
    if request.param == "memory":
        return MemoryMachines()
    made = request.getfixturevalue("clients").stepfunctions
    return StepFunctions(made, request.getfixturevalue("arns"))


def test_what_was_started_runs_and_nothing_else_does(machines: Machines) -> None:
    machines.start("reconcile", "run-1", PAYLOAD)
    assert machines.status("reconcile", "run-1") == "running"
    assert machines.status("reconcile", "run-2") == "absent"
    assert machines.status("ingest", "run-1") == "absent"


def test_starting_again_is_no_error_and_with_another_payload_a_conflict(
    machines: Machines,
) -> None:
    machines.start("reconcile", "run-1", PAYLOAD)
    machines.start("reconcile", "run-1", dict(reversed(PAYLOAD.items())))
    with pytest.raises(ConflictError):
        machines.start("reconcile", "run-1", PAYLOAD | {"account": "other"})


def _ended(machines: Machines) -> bool:
    if isinstance(machines, MemoryMachines):
        machines.end("ingest", "import-1")
    return machines.status("ingest", "import-1") == "ended"


def test_what_ended_is_not_started_again(machines: Machines) -> None:
    machines.start("ingest", "import-1", PAYLOAD)
    _eventually(lambda: _ended(machines))
    machines.start("ingest", "import-1", PAYLOAD)
    assert machines.status("ingest", "import-1") == "ended"


def _eventually(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.stack
def test_a_start_whose_answer_was_lost_is_one_execution(
    clients: Clients, arns: dict[MachineName, str]
) -> None:
    Injector(Kind.AFTER, nth=1).attach(clients.stepfunctions)
    machines = StepFunctions(clients.stepfunctions, arns)
    with pytest.raises(RetryLaterError):
        machines.start("reconcile", "run-1", PAYLOAD)
    machines.start("reconcile", "run-1", PAYLOAD)
    arn = arns["reconcile"]
    assert len(clients.stepfunctions.list_executions(stateMachineArn=arn)["executions"]) == 1


@pytest.mark.stack
def test_a_machine_that_is_not_there_is_a_defect(clients: Clients) -> None:
    arn = "arn:aws:states:us-east-1:000000000000:stateMachine:none"
    machines = StepFunctions(clients.stepfunctions, {"reconcile": arn, "ingest": arn})
    with pytest.raises(DefectError):
        machines.start("reconcile", "run-1", PAYLOAD)

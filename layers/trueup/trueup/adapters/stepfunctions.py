"""State machine executions of Step Functions."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from trueup.adapters.errors import code_of, translated
from trueup.domain.errors import ConflictError
from trueup.ports import MachineName

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

STARTING = "Starting the work"
ASKING = "Asking after the work"


class StepFunctions:
    """Machines by their ARNs. Roles that start also need states:DescribeExecution."""

    def __init__(self, client: "SFNClient", arns: Mapping[MachineName, str]) -> None:
        self._client = client
        self._arns = dict(arns)

    def start(self, machine: MachineName, name: str, payload: Mapping[str, Any]) -> None:
        given = json.dumps(payload, sort_keys=True, separators=(",", ":"))
        with translated(STARTING):
            try:
                self._client.start_execution(
                    stateMachineArn=self._arns[machine], name=name, input=given
                )
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise
                self._check_same(machine, name, given)

    def status(self, machine: MachineName, name: str) -> Literal["running", "ended", "absent"]:
        with translated(ASKING):
            try:
                found = self._describe(machine, name)
            except ClientError as error:
                if code_of(error) == "ExecutionDoesNotExist":
                    return "absent"
                raise
        return "running" if found["status"] in ("RUNNING", "PENDING_REDRIVE") else "ended"

    def _check_same(self, machine: MachineName, name: str, given: str) -> None:
        """AWS accepts a repeat only while the first runs; one that has ended is the same to us."""
        if json.loads(self._describe(machine, name)["input"]) != json.loads(given):
            raise ConflictError("An execution of this name was started with another input.")

    def _describe(self, machine: MachineName, name: str) -> Any:
        arn = self._arns[machine].replace(":stateMachine:", ":execution:", 1)
        return self._client.describe_execution(executionArn=f"{arn}:{name}")

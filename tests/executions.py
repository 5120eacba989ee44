"""Executions of state machines on the embedded stack, as Step Functions tells of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from local.embedded import Embedded
from tests.stack_world import within

LIMIT = 64 * 1024
_PAYLOADS = ("input", "output")


@dataclass(frozen=True)
class Execution:
    """What an execution visited, how the children of its Maps ended, and all payloads' sizes."""

    status: str
    visited: list[str]
    children: list[str]
    sizes: dict[str, int] = field(repr=False)

    @property
    def largest(self) -> int:
        return max(self.sizes.values())


def executed(stack: Embedded, name: str, machine: str = "reconcile") -> Execution:
    """The execution of this name when it has ended. No payload may reach 64 KB."""
    states, arn = stack.client("stepfunctions"), execution_arn(stack, name, machine)

    def ended() -> Any:
        found = states.describe_execution(executionArn=arn)
        return found if found["status"] != "RUNNING" else None

    status = within(60, ended)["status"]
    children = list(_children(states, arn))
    visited: list[str] = []
    sizes: dict[str, int] = {}
    _read(states, arn, visited, sizes)
    for one in (arn, *(child["executionArn"] for child in children)):
        _weigh(states, one, sizes)
    execution = Execution(status, visited, [child["status"] for child in children], sizes)
    assert execution.largest < LIMIT, sizes
    return execution


def execution_arn(stack: Embedded, name: str, machine: str = "reconcile") -> str:
    arn: str = stack.outputs[f"{machine.title().replace('_', '')}Arn"]
    return f"{arn.replace(':stateMachine:', ':execution:')}:{name}"


def _children(states: Any, arn: str) -> Iterator[Any]:
    for run in states.list_map_runs(executionArn=arn)["mapRuns"]:
        yield from states.list_executions(mapRunArn=run["mapRunArn"])["executions"]


def _weigh(states: Any, arn: str, sizes: dict[str, int]) -> None:
    described = states.describe_execution(executionArn=arn)
    for name in _PAYLOADS:
        sizes[f"{arn} {name}"] = len((described.get(name) or "").encode())


def _read(states: Any, arn: str, visited: list[str], sizes: dict[str, int]) -> None:
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
    for event in (event for page in pages for event in page["events"]):
        for kind, details in event.items():
            if not kind.endswith("EventDetails"):
                continue
            if kind == "stateEnteredEventDetails":
                visited.append(details["name"])
            for name in ("input", "output", "parameters"):
                sizes[f"{arn} {event['id']} {name}"] = len(str(details.get(name, "")).encode())

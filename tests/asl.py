"""Runs the state machines that ship, in this process, with the real handlers.

Covers what our machines use of the Amazon States Language: Task, Choice, Wait, Pass, Map (inline
and distributed), Succeed, Fail, Retry, Catch, JSONPath references. Time does not pass: waits and
back-offs are recorded. It notes every state and Catch it visits and refuses payloads of 64 KB.
The same files run on the embedded stack in tests/integration; this twin makes faults cheap.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MACHINES = ROOT / "statemachines"
LIMIT = 64 * 1024

Task = Callable[[dict[str, Any]], Any]


class ExecutionFailedError(Exception):
    """The machine ended in a Fail state, or nothing caught an error."""


class TaskFailedError(Exception):
    """What a task raises to give a States Language error of its own name."""

    def __init__(self, name: str, cause: str = "") -> None:
        super().__init__(cause)
        self.name = name


@dataclass
class Machine:
    """One shipped definition. `tasks` maps a substitution or resource to what runs it."""

    name: str
    tasks: dict[str, Task]
    read_items: Callable[[str], list[Any]] = lambda _: []
    visited: set[str] = field(default_factory=set)
    caught: set[str] = field(default_factory=set)
    largest: int = 0
    waited: list[int] = field(default_factory=list)

    @property
    def definition(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((MACHINES / f"{self.name}.asl.json").read_text())
        return loaded

    def run(self, payload: dict[str, Any]) -> Any:
        """The output of the execution; ExecutionFailedError if it fails."""
        return self._flow(self.definition, payload)

    def _flow(self, flow: dict[str, Any], data: Any) -> Any:
        current: str | None = flow["StartAt"]
        while current is not None:
            state = flow["States"][current]
            self.visited.add(current)
            self._measure(data)
            data, current = self._step(current, state, data)
        return data

    def _measure(self, data: Any) -> None:
        size = len(json.dumps(data))
        self.largest = max(self.largest, size)
        assert size < LIMIT, f"{self.name}: a payload of {size} bytes"

    def _step(self, name: str, state: dict[str, Any], data: Any) -> tuple[Any, str | None]:
        match state["Type"]:
            case "Succeed":
                return data, None
            case "Fail":
                raise ExecutionFailedError(name)
            case "Choice":
                return data, _chosen(state, data)
            case "Wait":
                self.waited.append(_at(state["SecondsPath"], data))
                return data, state["Next"]
            case "Pass":
                result = _filled(state["Parameters"], data) if "Parameters" in state else data
                return _put(state, data, result), state.get("Next")
            case _:
                return self._work(name, state, data)

    def _work(self, name: str, state: dict[str, Any], data: Any) -> tuple[Any, str | None]:
        act = self._map if state["Type"] == "Map" else self._task
        error = self._retried(act, state, data)
        if isinstance(error, _Result):
            return _put(state, data, error.value), state.get("Next")
        catch = _matching(state.get("Catch", ()), error)
        if catch is None:
            raise ExecutionFailedError(name) from error
        self.caught.add(f"{name}->{catch['Next']}")
        caught = {"Error": _name(error), "Cause": _cause(error)}
        return _put(catch, data, caught), catch["Next"]

    def _retried(
        self, act: Callable[[dict[str, Any], Any], Any], state: dict[str, Any], data: Any
    ) -> "_Result | Exception":
        attempts: dict[int, int] = {}
        while True:
            try:
                return _Result(act(state, data))
            except Exception as error:  # noqa: BLE001 - the machine decides what it means
                retrier = _matching(state.get("Retry", ()), error)
                key = id(retrier)
                if retrier is None or attempts.get(key, 0) >= retrier["MaxAttempts"]:
                    return error
                attempts[key] = attempts.get(key, 0) + 1

    def _task(self, state: dict[str, Any], data: Any) -> Any:
        parameters = _filled(state["Parameters"], data) if "Parameters" in state else data
        result = self.tasks[state["Resource"]](json.loads(json.dumps(parameters)))
        self._measure(result)
        return json.loads(json.dumps(result))

    def _map(self, state: dict[str, Any], data: Any) -> list[Any]:
        items = self._items(state, data)
        tolerated = state.get("ToleratedFailurePercentage", 0)
        results: list[Any] = []
        for item in items:
            try:
                results.append(self._flow(state["ItemProcessor"], item))
            except ExecutionFailedError:
                if not tolerated:
                    raise
        return results

    def _items(self, state: dict[str, Any], data: Any) -> list[Any]:
        if "ItemReader" in state:
            return self.read_items(_filled(state["ItemReader"]["Parameters"], data)["Key"])
        items: list[Any] = _at(state["ItemsPath"], data)
        return items


@dataclass(frozen=True)
class _Result:
    value: Any


def states_of(name: str) -> tuple[set[str], set[str]]:
    """All states and all "state->next" catches of a shipped definition."""
    definition = json.loads((MACHINES / f"{name}.asl.json").read_text())
    states: set[str] = set()
    catches: set[str] = set()
    _collect(definition, states, catches)
    return states, catches


def _collect(flow: dict[str, Any], states: set[str], catches: set[str]) -> None:
    for name, state in flow["States"].items():
        states.add(name)
        catches.update(f"{name}->{catch['Next']}" for catch in state.get("Catch", ()))
        if "ItemProcessor" in state:
            _collect(state["ItemProcessor"], states, catches)


def _at(path: str, data: Any) -> Any:
    if path == "$$.StateMachine.Id":
        return "this-machine"
    for part in re.findall(r"\.([^.\[]+)", path):
        data = data[part]
    return data


def _filled(template: Any, data: Any) -> Any:
    if not isinstance(template, dict):
        return template
    return {
        key.removesuffix(".$"): _at(value, data) if key.endswith(".$") else _filled(value, data)
        for key, value in template.items()
    }


def _put(state: dict[str, Any], data: Any, result: Any) -> Any:
    path = state.get("ResultPath", "$")
    if path is None:
        return data
    if path == "$":
        return result
    return data | {path.removeprefix("$."): result}


def _chosen(state: dict[str, Any], data: Any) -> str:
    for choice in state["Choices"]:
        value = _at(choice["Variable"], data)
        if choice.get("StringEquals", choice.get("BooleanEquals", _NOTHING)) == value or (
            "NumericGreaterThan" in choice and value > choice["NumericGreaterThan"]
        ):
            return str(choice["Next"])
    return str(state["Default"])


_NOTHING = object()


def _matching(clauses: Any, error: Exception) -> dict[str, Any] | None:
    for clause in clauses:
        if {"States.ALL", _name(error)} & set(clause["ErrorEquals"]):
            found: dict[str, Any] = clause
            return found
    return None


def _name(error: Exception) -> str:
    return error.name if isinstance(error, TaskFailedError) else type(error).__name__


def _cause(error: Exception) -> str:
    return json.dumps({"errorType": _name(error), "errorMessage": str(error)})

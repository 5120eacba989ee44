"""State machines in memory: they remember what was started and run nothing."""

import json
from collections.abc import Mapping
from threading import Lock
from typing import Any, Literal

from trueup.domain.errors import ConflictError
from trueup.ports import MachineName

Started = tuple[MachineName, str, dict[str, Any]]


class MemoryMachines:
    """`started` lists (machine, name, payload) in order; `end` ends an execution."""

    def __init__(self) -> None:
        self.started: list[Started] = []
        self._ended: set[tuple[MachineName, str]] = set()
        self._lock = Lock()

    def start(self, machine: MachineName, name: str, payload: Mapping[str, Any]) -> None:
        copy = json.loads(json.dumps(payload))
        with self._lock:
            before = [given for *key, given in self.started if key == [machine, name]]
            if before and before[0] != copy:
                raise ConflictError("An execution of this name was started with another input.")
            if not before:
                self.started.append((machine, name, copy))

    def status(self, machine: MachineName, name: str) -> Literal["running", "ended", "absent"]:
        with self._lock:
            if (machine, name) in self._ended:
                return "ended"
            known = any(key == [machine, name] for *key, _ in self.started)
        return "running" if known else "absent"

    def end(self, machine: MachineName, name: str) -> None:
        """The execution ended, for whatever reason (also aborted)."""
        with self._lock:
            self._ended.add((machine, name))

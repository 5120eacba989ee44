"""Ends what an earlier stack took down with it.

A local stack that is stopped in the middle of a run still lists its execution as running, and
nobody works on it any more. Stopped, it is finalised as any other that was aborted.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from local.embedded import Embedded

_MACHINES: Final = ("ReconcileArn", "IngestArn")


def stop_leftovers(trueup: Embedded, before: datetime) -> int:
    """Stop executions that were started `before`, which is when this stack was; how many."""
    machines = trueup.client("stepfunctions")
    found = [one for key in _MACHINES for one in _running(machines, trueup.outputs[key])]
    dead = [execution for execution in found if execution["startDate"] < before]
    for execution in dead:
        machines.stop_execution(
            executionArn=execution["executionArn"],
            error="StackStopped",
            cause="The local stack was stopped meanwhile.",
        )
    return len(dead)


def _running(machines: Any, arn: str) -> Iterator[dict[str, Any]]:
    pages = machines.get_paginator("list_executions").paginate(
        stateMachineArn=arn, statusFilter="RUNNING"
    )
    for page in pages:
        yield from page["executions"]

"""The edge of a worker function: wires it, logs what it cannot handle, and answers plain JSON."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

from aws_lambda_powertools import Logger
from pydantic import BaseModel

from trueup.entry.settings import Settings
from trueup.entry.wiring import Wiring, wiring

Event = dict[str, Any]
logger = Logger()
_SHORT = 60_000
_WHO = ("seller", "account", "run", "import", "replay", "export", "plan", "share")


class Context(Protocol):
    """What we use of a Lambda's context."""

    @property
    def memory_limit_in_mb(self) -> int | str: ...

    def get_remaining_time_in_millis(self) -> int: ...


Step = Callable[[Wiring, Event, Context], Any]
Handler = Callable[[Event, Context], Any]


def worker(kind: type[Settings]) -> Callable[[Step], Handler]:
    """Make a Lambda handler of a step. Errors are logged once, here, and go to the caller.

    What is logged is who and which, never rows, configuration or secrets.
    """

    def decorate(step: Step) -> Handler:
        @wraps(step)
        def handler(event: Event, context: Context) -> Any:
            logger.append_keys(**{name: event.get(name) for name in _WHO})
            try:
                return _plain(step(wiring(kind, int(context.memory_limit_in_mb)), event, context))
            except Exception:
                logger.exception("The step failed.")
                raise

        return handler

    return decorate


def hurried(context: Context) -> Callable[[], bool]:
    """Whether less than a minute of the invocation is left."""
    return lambda: context.get_remaining_time_in_millis() < _SHORT


def _plain(result: Any) -> Any:
    if isinstance(result, BaseModel):
        return result.model_dump(mode="json", by_alias=True)
    return result

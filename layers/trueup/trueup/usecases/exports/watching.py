"""Ports that look up before each call: what reads on without finding a row can be stopped."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

P = TypeVar("P")


class _Watched:
    def __init__(self, port: object, look: Callable[[], None]) -> None:
        self._port, self._look = port, look

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*args: Any, **named: Any) -> Any:
            self._look()
            return found(*args, **named)

        return call


def watched(port: P, look: Callable[[], None]) -> P:
    """The port; `look` is called before every call, which what it raises prevents."""
    return cast("P", _Watched(port, look))

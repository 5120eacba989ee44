"""Lambda: a channel that keeps its own stock, and whose faults can be told."""

from typing import Any

from sandbox_wiring import operate


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return operate(event)

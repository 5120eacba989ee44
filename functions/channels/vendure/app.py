"""Lambda: the connector of Vendure shops."""

from typing import Any

from trueup.channel.serve import answer
from vendure_wiring import connector


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return answer(connector(), event)

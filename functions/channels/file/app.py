"""Lambda: the connector of channels that drop CSV files in a bucket."""

from typing import Any

from drop_wiring import connector
from trueup.channel.serve import answer


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return answer(connector(), event)

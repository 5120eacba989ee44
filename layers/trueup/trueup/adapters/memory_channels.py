"""Connectors in this process, called through the same JSON as deployed ones."""

from collections.abc import Mapping

import msgspec

from trueup.adapters.channel_answers import read_answer
from trueup.channel.contract import Request, Response
from trueup.channel.serve import Connector, answer
from trueup.domain.errors import DefectError


class MemoryChannels:
    """Dispatches by kind; `calls` lists (kind, request) in order."""

    def __init__(self, connectors: Mapping[str, Connector]) -> None:
        self._connectors = dict(connectors)
        self.calls: list[tuple[str, Request]] = []

    def call(self, channel: str, request: Request) -> Response:
        if channel not in self._connectors:
            raise DefectError(f"No connector is deployed for channel {channel}.")
        self.calls.append((channel, request))
        return read_answer(request, self._answer(self._connectors[channel], request))

    def exists(self, channel: str) -> bool:
        return channel in self._connectors

    def _answer(self, connector: Connector, request: Request) -> bytes:
        try:
            return msgspec.json.encode(answer(connector, msgspec.to_builtins(request)))
        except Exception as error:  # as Lambda does: whatever it is, it stays in the connector
            raise DefectError(f"The connector failed ({type(error).__name__}).") from error

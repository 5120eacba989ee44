"""Kinds of channels that an account can be connected to."""

from http import HTTPStatus
from typing import Any

from trueup.usecases.auth import Role
from trueup.usecases.connectors import CONNECTORS
from trueup_api.routing import Answer, Call, NoBody, NoQuery, Route, Strict, ok


class ChannelView(Strict):
    """A kind of channel whose connector is deployed here."""

    kind: str
    name: str
    documentation: str


class ChannelsView(Strict):
    channels: list[ChannelView]


def list_channels(call: Call[NoQuery, NoBody]) -> Answer:
    exists = call.shop.world.channels.exists
    return ok(
        ChannelsView(
            channels=[
                ChannelView(kind=known.kind, name=known.name, documentation=known.documentation)
                for known in CONNECTORS
                if exists(known.kind)
            ]
        )
    )


EXAMPLE: dict[str, Any] = {
    "channels": [
        {"kind": "sandbox", "name": "Sandbox", "documentation": "docs/channels/sandbox.md"}
    ]
}
ROUTES = (
    Route(
        "GET",
        "/v1/channels",
        Role.VIEWER,
        list_channels,
        (HTTPStatus.OK, ChannelsView),
        "Kinds of channels that an account can be connected to",
        example=EXAMPLE,
    ),
)

"""Movements and pushes of the seller's own systems, a batch at a time."""

from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field, JsonValue, WithJsonSchema

from trueup.domain.accounts import Slug
from trueup.usecases.auth import Role
from trueup.usecases.intake.events import MAX_EVENTS, Event
from trueup.usecases.intake.pushing import MAX_PUSHES, PushIn, take_pushes
from trueup.usecases.intake.taking import Fate, Outcome, counted, take
from trueup_api.routing import Answer, Call, NoQuery, Route, Strict, ok

_EVENTS = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_EVENTS,
    "items": Event.model_json_schema(),
}


class MovementsBody(Strict):
    """Events of one source. A batch with faults stores nothing, and all faults are told."""

    source: Slug
    # Read later, so that the faults of form and of meaning come together.
    movements: Annotated[
        list[JsonValue], Field(min_length=1, max_length=MAX_EVENTS), WithJsonSchema(_EVENTS)
    ]


class OutcomeView(Strict):
    """What became of an event, by its place in the batch; `reason`: why it was not stored.

    `claim`: kept as what its source says, without changing a position.
    """

    index: int
    id: str
    outcome: Fate
    reason: str | None
    claim: bool


class TakenView(Strict):
    """How many were accepted (new), duplicates (known already), conflicts (known, but with other
    content: not stored) and refused (not stored; see each reason).
    """

    accepted: int
    duplicates: int
    conflicts: int
    refused: int
    outcomes: list[OutcomeView]


class PushesBody(Strict):
    """Quantities that a tool of yours set at the account's channel."""

    tool: Slug
    pushes: Annotated[list[PushIn], Field(min_length=1, max_length=MAX_PUSHES)]


def taken_view(outcomes: list[Outcome]) -> TakenView:
    counts = counted(outcomes)
    return TakenView(
        accepted=counts[Fate.ACCEPTED],
        duplicates=counts[Fate.DUPLICATE],
        conflicts=counts[Fate.CONFLICT],
        refused=counts[Fate.REFUSED],
        outcomes=[_outcome(index, outcome) for index, outcome in enumerate(outcomes)],
    )


def _outcome(index: int, outcome: Outcome) -> OutcomeView:
    return OutcomeView(
        index=index,
        id=outcome.id,
        outcome=outcome.fate,
        reason=outcome.reason,
        claim=outcome.claim,
    )


def send_movements(call: Call[NoQuery, MovementsBody]) -> Answer:
    return ok(taken_view(take(call.shop.gate, call.body.source, call.body.movements)))


def tell_pushes(call: Call[NoQuery, PushesBody]) -> Answer:
    account, body = call.path["account"], call.body
    return ok(taken_view(take_pushes(call.shop.gate, account, body.tool, body.pushes)))


MOVEMENT: dict[str, Any] = {
    "id": "pick-4711-1",
    "kind": "ship",
    "sku": "SHIRT-RED-M",
    "location": "berlin",
    "quantity": "1",
    "occurred_at": "2026-03-01T11:58:00Z",
    "reference": "order 1001",
}
PUSH: dict[str, Any] = {
    "id": "sync-1",
    "channel_location": "1",
    "key": "SHIRT-RED-M",
    "quantity": 7,
    "before": 9,
    "accepted_at": "2026-03-01T11:59:00Z",
    "seen_at": None,
}
_PROBLEMS = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
ROUTES = (
    Route(
        "POST",
        "/v1/movements",
        Role.OPERATOR,
        send_movements,
        (HTTPStatus.OK, TakenView),
        "Send what happened to your stock: up to 1,000 events of one source",
        body=MovementsBody,
        problems=_PROBLEMS,
        repeatable=True,
        example={"source": "wms", "movements": [MOVEMENT]},
    ),
    Route(
        "POST",
        "/v1/accounts/<account>/pushes",
        Role.OPERATOR,
        tell_pushes,
        (HTTPStatus.OK, TakenView),
        "Tell which quantities a tool of yours set at the channel",
        body=PushesBody,
        problems=_PROBLEMS,
        repeatable=True,
        example={"tool": "sync", "pushes": [PUSH]},
    ),
)

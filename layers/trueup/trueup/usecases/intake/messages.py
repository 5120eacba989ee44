"""Messages of the queue: each a batch of events, as the API takes them, of a named seller."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trueup.domain.accounts import Slug
from trueup.domain.errors import RejectedError, TrueupError
from trueup.usecases.intake.events import MAX_EVENTS
from trueup.usecases.intake.taking import Fate, Gate, Outcome, counted, take

SHOWN = 20
"""Faults or refusals of one message that are logged."""


class Message(BaseModel):
    """`seller` and `source` say whose events these are: who may send, writes for any seller."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seller: Slug
    source: Slug
    movements: Annotated[list[Any], Field(min_length=1, max_length=MAX_EVENTS)]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one message. `problems` are for the log; any means it is not done with."""

    id: str
    seller: str = ""
    source: str = ""
    counts: Mapping[Fate, int] | None = None
    problems: tuple[str, ...] = ()


def take_message(gate_of: Callable[[str], Gate], id_: str, body: str) -> Taken:
    """Store a message's events. Nothing that a message can hold raises an error here.

    A message with faults stores nothing. One of which some events are refused, or are known with
    other content, stores the others; it is not done with either, so that a person looks at it.
    """
    try:
        message = Message.model_validate(json.loads(body))
    except (ValueError, RecursionError) as error:
        return Taken(id_, problems=_unreadable(error))
    try:
        outcomes = take(gate_of(message.seller), message.source, message.movements)
    except TrueupError as error:
        return Taken(id_, message.seller, message.source, problems=_told(error))
    problems = tuple(_problems(outcomes))[:SHOWN]
    return Taken(id_, message.seller, message.source, counted(outcomes), problems)


def _unreadable(error: Exception) -> tuple[str, ...]:
    """Where a message is wrong: never what it holds, which may be anything."""
    if isinstance(error, ValidationError):
        places = error.errors(include_input=False, include_url=False)
        return tuple(f"{_path(place['loc'])}: {place['type']}" for place in places[:SHOWN])
    return ("The message is not JSON.",)


def _path(loc: tuple[int | str, ...]) -> str:
    """A known field's path; a name that the sender made up is not repeated."""
    first = str(loc[0]) if loc else ""
    return f"/{first}" if first in Message.model_fields else "/"


def _told(error: TrueupError) -> tuple[str, ...]:
    faults = error.faults if isinstance(error, RejectedError) else ()
    return (str(error), *(f"{fault.where}: {fault.reason}" for fault in faults[:SHOWN]))


def _problems(outcomes: Iterable[Outcome]) -> Iterable[str]:
    for index, outcome in enumerate(outcomes):
        if outcome.reason is not None:
            yield f"/movements/{index}: {outcome.reason}"

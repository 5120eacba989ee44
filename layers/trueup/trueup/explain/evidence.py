"""How evidence is written: ids, and instants as text."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from trueup.domain.movements import Movement

MAX_NAMED = 20
"""So many ids are named; how many there are is said beside them."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(milliseconds: int) -> str:
    """ISO 8601 in UTC with milliseconds and Z."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def name(movement: Movement) -> str:
    return f"{movement.source}:{movement.id}"


def names(movements: Iterable[Movement]) -> list[str]:
    return [name(movement) for movement in movements][:MAX_NAMED]


def reference(order: Movement) -> str:
    """An order without a reference is known by its own id."""
    return order.reference or order.id

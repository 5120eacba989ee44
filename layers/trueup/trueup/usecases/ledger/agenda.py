"""The appointments of locations with a ledger: when their books are next looked at."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from trueup.domain.errors import ConflictError
from trueup.domain.ledger import LedgerDue
from trueup.domain.movements import Movement, MovementKind
from trueup.domain.time import Clock
from trueup.domain.variances import VarianceTending
from trueup.ports import Create, Registry, Replace

LOOK = timedelta(minutes=15)
"""A location's book is looked at so often; a write to its appointment each time."""

SOON = timedelta(minutes=2)
"""After a count came, and by then is stored, the cases of its location are looked after."""


def arrange_tending(
    registry: Registry, clock: Clock, location: str, movements: Iterable[Movement]
) -> None:
    """See to it that a location's cases are looked after, if there are counts among what came.

    Before they are stored, so that it is not lost, and after, for whoever looked in between. What
    is arranged already is never put off, however many counts come; who is at it looks again.
    """
    if not any(movement.kind == MovementKind.COUNT for movement in movements):
        return
    due = VarianceTending(location=location, due_at=clock() + SOON)
    known = registry.get(VarianceTending, location)
    with suppress(ConflictError):  # somebody else arranged it just now
        registry.write(Create(due) if known is None else Replace(known.value, known.version))


def arrange_closing(registry: Registry, clock: Clock, location: str) -> None:
    """See to it that a location has a ledger for runs, and that its book is closed from time to
    time. Once arranged, it repeats itself.
    """
    if registry.get(LedgerDue, location) is None:
        with suppress(ConflictError):
            registry.write(Create(LedgerDue(location=location, due_at=clock() + LOOK)))

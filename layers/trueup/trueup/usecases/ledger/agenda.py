"""The appointments of locations with a ledger: when their books are next looked at."""

from contextlib import suppress
from datetime import timedelta

from trueup.domain.errors import ConflictError
from trueup.domain.ledger import LedgerDue
from trueup.domain.time import Clock
from trueup.ports import Create, Registry

LOOK = timedelta(minutes=15)
"""A location's book is looked at so often; a write to its appointment each time."""


def arrange_closing(registry: Registry, clock: Clock, location: str) -> None:
    """See to it that a location has a ledger for runs, and that its book is closed from time to
    time. Once arranged, it repeats itself.
    """
    if registry.get(LedgerDue, location) is None:
        with suppress(ConflictError):
            registry.write(Create(LedgerDue(location=location, due_at=clock() + LOOK)))

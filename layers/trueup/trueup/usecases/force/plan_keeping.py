"""How long plans are kept: their records and their books go together, 400 days after."""

from contextlib import suppress
from datetime import datetime
from itertools import islice

from trueup.books.sweep import sweep_book
from trueup.domain.errors import ConflictError
from trueup.domain.force import ForcePlan
from trueup.domain.pushlog import KEPT
from trueup.ports import PageStore, Registry, Remove, Stored
from trueup.usecases.books import plan_book
from trueup.usecases.whole import all_of

A_TURN = 20
"""Plans that one sweep of a seller throws away, so that it ends in time; a day has one sweep."""


def forget_plans(registry: Registry, pages: PageStore, now: datetime) -> int:
    """Throw away plans that ended and were asked for 400 days ago; how many.

    The record goes last: a sweep that dies between is taken up by the next. The books of plans
    have no head, so no other sweep touches them.
    """
    old = (s for s in all_of(registry, ForcePlan) if s.value.proposed_at < now - KEPT)
    due = list(islice((stored for stored in old if stored.value.state.final), A_TURN))
    return sum(_forget(registry, pages, now, stored) for stored in due)


def _forget(registry: Registry, pages: PageStore, now: datetime, stored: Stored[ForcePlan]) -> int:
    for location in stored.value.scope.locations:
        sweep_book(pages, plan_book(stored.value.id, location), (), now)
    with suppress(ConflictError):  # somebody else was first
        registry.write(Remove(stored.value, stored.version))
        return 1
    return 0

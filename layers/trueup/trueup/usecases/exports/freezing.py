"""Freezing a view: which versions, overlays and records it shows at this moment."""

from dataclasses import replace
from datetime import datetime, timedelta

from trueup.domain.accounts import Account
from trueup.domain.errors import (
    ConflictError,
    Fault,
    NotFoundError,
    RejectedError,
    RetryLaterError,
)
from trueup.domain.exports import View
from trueup.domain.runs import Head, Run, Version
from trueup.ports import Registry
from trueup.usecases.audit.chain import head_of
from trueup.usecases.audit.reading import Wanted
from trueup.usecases.books import rows_book
from trueup.usecases.exceptions.listing import Asked, standing_of
from trueup.usecases.exports.frozen import Frozen, Place, shown
from trueup.usecases.force.log import read_log
from trueup.usecases.force.log_filters import LogFilters
from trueup.usecases.retention import KEPT_DAYS
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.history import source_of
from trueup.usecases.rows.sources import MAX_SOURCES, Source, visible_sources
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of

Chosen = Filters | Asked | Wanted | LogFilters
"""What a view was filtered by."""

_VIEWS: dict[type, View] = {
    Filters: View.ROWS,
    Asked: View.EXCEPTIONS,
    Wanted: View.AUDIT,
    LogFilters: View.PUSHES,
}
_LOOKS = 5
_GONE = f"The rows of this run are no longer kept: they can be exported for {KEPT_DAYS - 1} days."
_MOVING = "New rows became visible at this very moment; ask again."


def freeze(registry: Registry, chosen: Chosen, run: str | None, now: datetime) -> Frozen:
    """NotFoundError, RejectedError: as the view's own route; ConflictError: no longer kept."""
    if isinstance(chosen, Wanted):
        return Frozen(as_of=now, wanted=chosen, audit_head=head_of(registry).sequence)
    if isinstance(chosen, Asked):
        filters = Filters(account=chosen.account, locations=(chosen.location,))
        sources = _visible(registry, filters)
        if not sources:
            raise NotFoundError("This location was never compared.")
        standing = standing_of(registry, chosen, now)
        return Frozen(as_of=now, asked=chosen, standing=standing, places=_places(sources))
    if isinstance(chosen, LogFilters):
        read_log(registry, chosen, cursor=None, limit=1)  # refuses what the view does
        until = min(chosen.until or now, now)
        accounts = tuple(shown(stored.value) for stored in all_of(registry, Account))
        return Frozen(as_of=now, pushed=replace(chosen, until=until), accounts=accounts)
    found = _visible(registry, chosen) if run is None else _made_by(registry, chosen, run, now)
    return Frozen(as_of=now, filters=chosen, places=_places(found))


def view_of(chosen: Chosen) -> View:
    return _VIEWS[type(chosen)]


def _places(sources: list[Source]) -> tuple[Place, ...]:
    return tuple(map(Place.of, sources))


def _visible(registry: Registry, filters: Filters) -> list[Source]:
    """What is visible, all of it at one moment.

    A run that ends in between moves the versions and then drops the overlays that it has folded
    in; these would be missed over the version before.
    """
    for _ in range(_LOOKS):
        sources = visible_sources(registry, filters)
        if all(_still(registry, source) for source in sources):
            return sources
    raise RetryLaterError(_MOVING)


def _still(registry: Registry, source: Source) -> bool:
    head = registry.get(Head, source.book)
    return head is not None and head.value.version == source.version.version


def _made_by(registry: Registry, filters: Filters, run_id: str, now: datetime) -> list[Source]:
    """The rows that a run made, as it left them."""
    if filters.account is None:
        fault = Fault("/filters/account", "has to be given with a run")
        raise RejectedError("A run is of one account.", (fault,))
    account = require_account(registry, filters.account).value
    if filters.channel not in (None, account.channel):
        return []
    stored = registry.get(Run, account.id, run_id)
    if stored is None:
        raise NotFoundError("There is no such run.")
    places = sorted(_places_of(stored.value, filters), key=lambda place: place[0])
    if len(places) > MAX_SOURCES:
        fault = Fault("/filters/location", f"choose at most {MAX_SOURCES} locations at once")
        raise RejectedError("That is too much for one view.", (fault,))
    versions = {p: _version(registry, rows_book(account.id, p), n, now) for p, n in places}
    return [source_of(registry, account, place, found) for place, found in versions.items()]


def _places_of(run: Run, filters: Filters) -> list[tuple[str, int]]:
    if not run.state.final:
        raise ConflictError("This run has not ended yet.")
    made = {r.channel_location: r.version for r in run.locations if r.version is not None}
    if not made:
        raise RejectedError("This run made no rows.")
    unknown = [location for location in filters.locations if location not in made]
    if unknown:
        faults = tuple(Fault("/filters/location", f"{one} has no rows of it") for one in unknown)
        raise RejectedError("Some locations have no rows of this run.", faults)
    return [
        (p, number) for p, number in made.items() if not filters.locations or p in filters.locations
    ]


def _version(registry: Registry, book: str, number: int, now: datetime) -> Version:
    """A day before it is forgotten it is taken for gone: a sweep may be at work already."""
    stored = registry.get(Version, book, f"{number:012d}")
    if stored is None or stored.value.at < now - timedelta(days=KEPT_DAYS - 1):
        raise ConflictError(_GONE)
    return stored.value

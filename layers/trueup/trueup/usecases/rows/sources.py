"""Which versions of which books hold the rows that are asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from trueup.domain.accounts import Account, ChannelLocation
from trueup.domain.errors import Fault, RejectedError
from trueup.domain.overlays import Overlay
from trueup.domain.runs import BookPin, Head, LocationResult, Run, RunState, Tally, Version
from trueup.ports import Registry
from trueup.usecases.books import rows_book
from trueup.usecases.overlays import overlays_of
from trueup.usecases.rows.cursors import Pin, refused
from trueup.usecases.rows.filters import Filters
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of

MAX_SOURCES = 50
"""Channel locations that one request reads: each costs at least one page."""
_RECENT = 20


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last finished try to compare a location. `cause` is None where it succeeded."""

    run: str
    at: datetime
    cause: str | None


@dataclass(frozen=True)
class Source:
    """One channel location's rows: a version, the run that made it, and the last attempt."""

    account: Account
    place: ChannelLocation
    version: Head
    run: Run | None
    attempt: Attempt
    overlays: Mapping[str, Overlay] = field(default_factory=dict)
    """Rows compared again since the version was captured, by key."""

    @property
    def book(self) -> str:
        return self.version.book

    @property
    def listings(self) -> BookPin | None:
        return self.run.inputs.listings if self.run else None

    @property
    def allocation(self) -> int:
        return self.run.inputs.allocation if self.run else 100

    @property
    def checked(self) -> bool:
        return self.attempt.cause is None

    @property
    def tally(self) -> Tally | None:
        result = _result(self.run, self.place.id) if self.run else None
        return result.tally if result else None

    @property
    def pin(self) -> Pin:
        return Pin(self.account.id, self.place.id, self.version.version, self.attempt.run)


def visible_sources(registry: Registry, filters: Filters) -> list[Source]:
    """What is visible now, by account and location. RejectedError: unknown or too many locations.

    Locations that were never compared have no rows and are left out.
    """
    accounts = _accounts(registry, filters)
    places = [(a, p) for a in accounts for p in _places(a, filters.locations)]
    _check_locations(filters.locations, places)
    sources = list(islice(_visible(registry, places), MAX_SOURCES + 1))
    if len(sources) > MAX_SOURCES:
        reason = f"choose at most {MAX_SOURCES} locations at once; these filters mean more"
        raise RejectedError("That is too much for one view.", (Fault("location", reason),))
    return sources


def _accounts(registry: Registry, filters: Filters) -> list[Account]:
    if filters.account is not None:
        accounts = [require_account(registry, filters.account).value]
    else:
        accounts = [stored.value for stored in all_of(registry, Account)]
    return [a for a in accounts if filters.channel in (None, a.channel)]


def _places(account: Account, wanted: tuple[str, ...]) -> list[ChannelLocation]:
    chosen = [place for place in account.locations if not wanted or place.id in wanted]
    return sorted(chosen, key=lambda place: place.id)


def _check_locations(
    wanted: tuple[str, ...], places: list[tuple[Account, ChannelLocation]]
) -> None:
    known = {place.id for _, place in places}
    faults = tuple(
        Fault("location", f"{location} is not a location of the accounts chosen")
        for location in wanted
        if location not in known
    )
    if faults:
        raise RejectedError("Some locations do not belong to the accounts chosen.", faults)


def _visible(registry: Registry, places: list[tuple[Account, ChannelLocation]]) -> Iterator[Source]:
    accounts = dict.fromkeys(account.id for account, _ in places)
    attempts = {account: _last_attempt(registry, account) for account in accounts}
    runs: dict[tuple[str, str], Run | None] = {}
    for account, place in places:
        head = registry.get(Head, rows_book(account.id, place.id))
        if head is not None:
            run = _run(registry, runs, account.id, head.value.made_by)
            attempt = attempt_of(attempts[account.id], place.id, head.value)
            laid = _overlays(registry, account.id, place.id, head.value)
            yield Source(account, place, head.value, run, attempt, laid)


def _run(
    registry: Registry, known: dict[tuple[str, str], Run | None], account: str, run: str
) -> Run | None:
    if (account, run) not in known:
        stored = registry.get(Run, account, run)
        known[account, run] = stored.value if stored else None
    return known[account, run]


def _last_attempt(registry: Registry, account: str) -> Run | None:
    """The newest run that came to an end and was not skipped."""
    recent = registry.list(Run, account, limit=_RECENT, newest_first=True)
    ended = (s.value for s in recent.items if s.value.state.final)
    return next((run for run in ended if run.state is not RunState.SKIPPED), None)


def attempt_of(last: Run | None, location: str, head: Head) -> Attempt:
    """What the last run says of a location; where none is left, the version speaks for itself."""
    if last is None or last.finished_at is None:
        return Attempt(head.made_by, head.at, None)
    return Attempt(last.id, last.finished_at, _cause(last, location))


def _cause(run: Run, location: str) -> str | None:
    result = _result(run, location)
    if result is not None:
        failed = result.state is RunState.FAILED
        return (result.cause or "the run gave no reason") if failed else None
    return (run.cause or "the run failed") if run.state is RunState.FAILED else None


def _result(run: Run, location: str) -> LocationResult | None:
    return next((r for r in run.locations if r.channel_location == location), None)


def pinned_sources(registry: Registry, pins: tuple[Pin, ...]) -> list[Source]:
    """The sources of a cursor, as they were. RejectedError: a version is no longer kept."""
    if len(pins) > MAX_SOURCES:
        raise refused("is not one that we gave out")
    runs: dict[tuple[str, str], Run | None] = {}
    return [_pinned(registry, runs, pin) for pin in pins]


def _pinned(registry: Registry, runs: dict[tuple[str, str], Run | None], pin: Pin) -> Source:
    account = registry.get(Account, pin.account)
    version = registry.get(Version, rows_book(pin.account, pin.location), f"{pin.version:012d}")
    if account is None or version is None:
        raise refused("names a version that is no longer kept; start again without it")
    place = place_of(account.value, pin.location)
    attempt = attempt_of(
        _run(registry, runs, pin.account, pin.attempt), pin.location, version.value
    )
    run = _run(registry, runs, pin.account, version.value.made_by)
    laid = _overlays(registry, pin.account, pin.location, version.value)
    return Source(account.value, place, version.value, run, attempt, laid)


def _overlays(registry: Registry, account: str, location: str, version: Head) -> dict[str, Overlay]:
    """Those newer than the version; a run has not folded them in yet."""
    laid = overlays_of(registry, account, location)
    return {key: overlay for key, overlay in laid.items() if overlay.captured_at > version.as_of}


def place_of(account: Account, location: str) -> ChannelLocation:
    """A location that the channel no longer names keeps its id."""
    known = (place for place in account.locations if place.id == location)
    return next(known, ChannelLocation(id=location, code="", name=""))

"""Comparing some rows again now, between runs: what the channel shows of a few SKUs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trueup.books.pages import Page
from trueup.books.schema import LISTINGS, ROWS
from trueup.channel.contract import (
    LEAST_CALLS,
    AccountRef,
    Budget,
    FetchRequest,
    FetchResponse,
    Observation,
)
from trueup.domain.accounts import Account, Link
from trueup.domain.errors import (
    ConflictError,
    DefectError,
    Fault,
    NotFoundError,
    RejectedError,
    RetryLaterError,
)
from trueup.domain.keys import channel_key_of, sku_of
from trueup.domain.overlays import Overlay
from trueup.domain.runs import Head, Inputs
from trueup.domain.time import milliseconds
from trueup.explain.explain import explain
from trueup.usecases import rates
from trueup.usecases.books import open_book, pin, rows_book
from trueup.usecases.joining import Joint
from trueup.usecases.members import MemberStock, live_moves, members_of
from trueup.usecases.overlays import lay, overlays_of
from trueup.usecases.reconcile.collecting import instant_of, observed_page
from trueup.usecases.reconcile.episodes import Episodes, PreviousRows
from trueup.usecases.reconcile.explaining import Explaining
from trueup.usecases.reconcile.facts import evidence_of
from trueup.usecases.reconcile.opening import pin_inputs
from trueup.usecases.reconcile.pushed import LivePushes
from trueup.usecases.runs import require_account
from trueup.usecases.work import Work

MAX_SKUS = 50
MAX_OVERLAYS = 1_000
"""Of one location: a run folds them in; more than these are a run's work."""

_SECONDS = 20
"""For all calls of the channel: a request to the API has 29."""
_CALL_MS = 10_000
_LEAST_MS = 1_000


@dataclass(frozen=True, slots=True)
class Rechecked:
    """The overlays that now stand for the SKUs, by row key."""

    rows: dict[str, Overlay]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the channel shows of some items, and when the oldest was read."""

    rows: tuple[Observation, ...]
    captured_at: datetime


def recheck(
    work: Work, *, account: str, location: str, skus: Sequence[str], requested_by: str
) -> Rechecked:
    """Ask the channel for these SKUs at one location, and lay the result over the last run's rows.

    NotFoundError: no such account or linked location; ConflictError: it was never compared;
    RejectedError: nothing of this is listed, or the channel cannot be read; RetryLaterError: it
    asks for a pause.
    """
    owner = require_account(work.registry, account).value
    link = _link(work, owner, location)
    inputs = pin_inputs(work.registry, work.ledger, owner, location)
    keys = _listed(work, inputs, skus)
    seen = _look(work, owner, link, sorted({channel_key_of(key) for key in keys}))
    now = work.clock()
    laid = []
    for key, values, texts in _compared(work, inputs, link, keys, seen):
        overlay = Overlay(
            account=account,
            channel_location=location,
            key=key,
            values=values,
            texts=texts,
            captured_at=seen.captured_at,
            compared_at=now,
            requested_by=requested_by,
        )
        lay(work.registry, overlay)
        laid.append(key)
    standing = overlays_of(work.registry, account, location)
    return Rechecked({key: standing[key] for key in laid if key in standing})


def _link(work: Work, account: Account, location: str) -> Link:
    link = work.registry.get(Link, account.id, location)
    if link is None:
        raise NotFoundError(f"No location of yours is linked to {location}.")
    if work.registry.get(Head, rows_book(account.id, location)) is None:
        raise ConflictError("This location was never compared; generate a run first.")
    if len(overlays_of(work.registry, account.id, location)) >= MAX_OVERLAYS:
        raise ConflictError("Many rows were checked again since the last run; generate a new one.")
    return link.value


def _listed(work: Work, inputs: Inputs, skus: Sequence[str]) -> list[str]:
    """The keys of these SKUs' listings, sorted."""
    if inputs.listings is None:
        raise RejectedError("This account has no listings yet.")
    reader = open_book(work.pages, inputs.listings, LISTINGS)
    found = {sku: _keys_of(reader.scan(*_range_of(sku)), sku) for sku in sorted(set(skus))}
    faults = [Fault("skus", f"{sku} is not listed here") for sku, keys in found.items() if not keys]
    if faults:
        raise RejectedError("Some SKUs are not listed on this account.", tuple(faults))
    return sorted(key for keys in found.values() for key in keys)


def _keys_of(pages: Iterator[Page], sku: str) -> list[str]:
    return [key for page in pages for key in page.keys if sku_of(key) == sku]


def _look(work: Work, account: Account, link: Link, keys: list[str]) -> _Seen:
    """All the channel shows of some items of a location."""
    until = work.clock() + timedelta(seconds=_SECONDS)
    rows: list[Observation] = []
    captured: list[datetime] = []
    cursor: str | None = None
    while (left := _milliseconds(until - work.clock())) >= _LEAST_MS:
        response = _fetch(work, account, link, keys, cursor, min(left, _CALL_MS))
        rows += [row for row in response.rows if row.location == link.channel_location]
        captured.append(instant_of(response.captured_at))
        if response.outcome == "done":
            return _Seen(tuple(rows), min(captured))
        cursor = response.cursor
    raise RetryLaterError("The channel takes long to answer; try again.", 10)


def _milliseconds(left: timedelta) -> int:
    return left // timedelta(milliseconds=1)


def _fetch(
    work: Work,
    account: Account,
    link: Link,
    keys: list[str],
    cursor: str | None,
    milliseconds: int,
) -> FetchResponse:
    granted = rates.take(work.registry, account, work.clock, want=LEAST_CALLS)
    if not granted.calls:
        raise RetryLaterError("The channel's rate is used up for now.", granted.wait_seconds)
    reference = AccountRef(
        seller=work.seller, account=account.id, config=account.config, secret=account.secret
    )
    request = FetchRequest(
        account=reference,
        budget=Budget(milliseconds=milliseconds, calls=granted.calls),
        cursor=cursor,
        locations=[link.channel_location],
        keys=[*keys],
    )
    response = work.channels.call(account.channel, request)
    if not isinstance(response, FetchResponse):
        raise DefectError(f"The connector {account.channel} did not answer a fetch.")
    rates.settle(work.registry, account, granted, response.calls)
    _refuse(work, account, response)
    return response


def _refuse(work: Work, account: Account, response: FetchResponse) -> None:
    if response.outcome == "throttled":
        seconds = max(1, response.retry_after_seconds)
        rates.pause(work.registry, account, seconds, work.clock)
        raise RetryLaterError("The channel asks for a pause.", seconds)
    if response.outcome == "failed":
        raise RejectedError(f"The channel could not be read: {response.reason}")
    if response.failed_locations:
        raise RejectedError(response.failed_locations[0].reason)


def _keyed(keys: list[str], seen: _Seen) -> list[tuple[str, Observation]]:
    """Observations under the keys of their listings, sorted."""
    by_channel_key = {channel_key_of(key): key for key in keys}
    pairs = [(by_channel_key[row.key], row) for row in seen.rows if row.key in by_channel_key]
    return sorted(pairs, key=lambda pair: pair[0])


def _compared(
    work: Work, inputs: Inputs, link: Link, keys: list[str], seen: _Seen
) -> Iterator[tuple[str, dict[str, int], dict[str, str]]]:
    """The rows of the SKUs that were looked at, one SKU's key range at a time."""
    now = milliseconds(work.clock())
    pairs, at = _keyed(keys, seen), milliseconds(seen.captured_at)
    members = members_of(inputs, link, live_moves(work.pages, work.ledger, inputs), at)
    joint = Joint(work.pages, inputs, link, members, now=now, at=at)
    explaining = _explaining(work, inputs, link, members, at, now)
    for sku in sorted({sku_of(key) for key in keys}):
        observed = observed_page([(key, row, at) for key, row in pairs if sku_of(key) == sku])
        pages = joint.rows(iter([observed] if len(observed) else []), *_range_of(sku))
        for page, sheet, _ in map(explaining.page, pages):
            yield from _laid_out(page, sheet)


def _explaining(
    work: Work, inputs: Inputs, link: Link, members: Sequence[MemberStock], at: int, now: int
) -> Explaining:
    """As a run that came now would explain rows; the version it would make has no number yet."""
    pinned = pin(work.registry, rows_book(link.account, link.channel_location))
    previous = PreviousRows(None)
    if pinned is not None:
        captured = milliseconds(pinned.as_of) if pinned.as_of else 0
        reader = open_book(work.pages, pinned, ROWS)
        previous = PreviousRows(reader, pinned.version, captured)
    pushed = LivePushes(work.ledger, link.account, link.channel_location, now)
    evidence = evidence_of(work, inputs, members, now, pushed)
    return Explaining(evidence, explain, previous, Episodes(previous, 0, at))


def _laid_out(
    page: Page, sheet: Page | None
) -> Iterator[tuple[str, dict[str, int], dict[str, str]]]:
    """Keys, integer columns and texts: the sheet's of rows that are in it."""
    told = {} if sheet is None else {key: i for i, key in enumerate(sheet.keys)}
    for i, key in enumerate(page.keys):
        source, at = (sheet, told[key]) if sheet is not None and key in told else (page, i)
        ints = {name: int(column[at]) for name, column in source.ints.items()}
        yield key, ints, {name: column[at] for name, column in source.texts.items()}


def _range_of(sku: str) -> tuple[str, str]:
    """From the first key of a SKU to before the next SKU: U+0001 follows the separator."""
    return sku, sku + "\x01"

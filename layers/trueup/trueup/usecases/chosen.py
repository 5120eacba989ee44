"""Chosen rows of one location, compared now: between runs, and before and after a push.

The rows of a plan are compared so without the channel (`positions`), those that were just read
from it with what it shows (`compared`). Both are as a run would have them that came now.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from trueup.books.pages import Page
from trueup.books.schema import ROWS, RowUnknown
from trueup.channel.contract import (
    LEAST_CALLS,
    AccountRef,
    Budget,
    FetchRequest,
    FetchResponse,
    Observation,
)
from trueup.domain.accounts import Account, Link
from trueup.domain.errors import DefectError, RejectedError, RetryLaterError
from trueup.domain.keys import channel_key_of
from trueup.domain.overlays import Overlay
from trueup.domain.rates import Grant
from trueup.domain.runs import Inputs
from trueup.domain.time import milliseconds
from trueup.explain.explain import explain
from trueup.usecases import rates
from trueup.usecases.books import open_book, pin, rows_book
from trueup.usecases.joining import Joint
from trueup.usecases.members import MemberStock, live_moves, members_of
from trueup.usecases.overlays import lay
from trueup.usecases.reconcile.collecting import instant_of, observed_page
from trueup.usecases.reconcile.episodes import Episodes, PreviousRows
from trueup.usecases.reconcile.explaining import Explaining
from trueup.usecases.reconcile.facts import evidence_of
from trueup.usecases.reconcile.pushed import LivePushes
from trueup.usecases.work import Work

SECONDS = 20
"""For all calls of the channel: a request to the API has 29."""
_CALL_MS = 10_000
_LEAST_MS = 1_000

Told = tuple[str, dict[str, int], dict[str, str]]
"""A row's key, its integer columns and its texts: those of DIFFERENCES, or ROWS if it matches."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the channel shows of some items, when the oldest was read, and by how many calls."""

    rows: tuple[Observation, ...]
    captured_at: datetime
    calls: int = 0


def reference_to(work: Work, account: Account) -> AccountRef:
    """The account as its connector needs it."""
    return AccountRef(
        seller=work.seller, account=account.id, config=account.config, secret=account.secret
    )


def look(
    work: Work,
    account: Account,
    location: str,
    keys: Sequence[str],
    granted: Grant | None = None,
) -> Seen:
    """All the channel shows of some items (its own keys) of a location.

    `granted`: calls that the caller has taken already, and settles. RetryLaterError: the channel
    asks for a pause, its rate is used up, or it takes too long; RejectedError: it cannot be read.
    """
    until = work.clock() + timedelta(seconds=SECONDS)
    rows: list[Observation] = []
    captured: list[datetime] = []
    calls, cursor = 0, None
    while (left := (until - work.clock()) // timedelta(milliseconds=1)) >= _LEAST_MS:
        request = FetchRequest(
            account=reference_to(work, account),
            budget=Budget(milliseconds=min(left, _CALL_MS)),
            cursor=cursor,
            locations=[location],
            keys=[*keys],
        )
        response = _fetch(work, account, request, granted)
        rows += [row for row in response.rows if row.location == location]
        captured.append(instant_of(response.captured_at))
        calls += response.calls
        if response.outcome == "done":
            return Seen(tuple(rows), min(captured), calls)
        cursor = response.cursor
    raise RetryLaterError("The channel takes long to answer; try again.", 10)


def _fetch(
    work: Work, account: Account, request: FetchRequest, given: Grant | None
) -> FetchResponse:
    granted = given or rates.take(work.registry, account, work.clock, want=LEAST_CALLS)
    if not granted.calls:
        raise RetryLaterError("The channel's rate is used up for now.", granted.wait_seconds)
    budget = replace(request.budget, calls=granted.calls)
    response = work.channels.call(account.channel, replace(request, budget=budget))
    if not isinstance(response, FetchResponse):
        raise DefectError(f"The connector {account.channel} did not answer a fetch.")
    if given is None:
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


def positions(work: Work, inputs: Inputs, link: Link, keys: Sequence[str]) -> dict[str, Any]:
    """Rows of sorted listing keys in the columns of ROWS, by our ledger now.

    Nothing is said of what the channel shows; a key that is not listed any more is absent. See
    `publishable_of`.
    """
    now = milliseconds(work.clock())
    members = members_of(inputs, link, live_moves(work.pages, work.ledger, inputs), now)
    joint = Joint(work.pages, inputs, link, members, now=now, at=now)
    found = joint.chosen(keys, None)
    return {row["key"]: row for page in found for row in page.page.rows()}


def publishable_of(row: dict[str, Any] | None) -> int | None:
    """Channel units that may be shown by a row of `positions`; None: not known, or not listed."""
    if row is None or row["unknown"] & RowUnknown.SELLABLE:
        return None
    return int(row["publishable"])


def compared(
    work: Work, inputs: Inputs, link: Link, keys: Sequence[str], seen: Seen
) -> Iterator[Told]:
    """The rows of sorted listing keys with what was seen of them, explained."""
    now, at = milliseconds(work.clock()), milliseconds(seen.captured_at)
    observed = observed_page([(key, row, at) for key, row in _keyed(keys, seen)])
    members = members_of(inputs, link, live_moves(work.pages, work.ledger, inputs), at)
    joint = Joint(work.pages, inputs, link, members, now=now, at=at)
    explaining = _explaining(work, inputs, link, members, at, now)
    for page, sheet, _ in map(explaining.page, joint.chosen(keys, observed)):
        yield from _told(page, sheet)


def lay_compared(
    work: Work, inputs: Inputs, link: Link, keys: Sequence[str], seen: Seen, by: str
) -> list[str]:
    """Lay what `compared` says over the last run's rows; the keys, also where a newer one stays."""
    now, laid = work.clock(), []
    for key, values, texts in compared(work, inputs, link, keys, seen):
        overlay = Overlay(
            account=link.account,
            channel_location=link.channel_location,
            key=key,
            values=values,
            texts=texts,
            captured_at=seen.captured_at,
            compared_at=now,
            requested_by=by,
        )
        lay(work.registry, overlay)
        laid.append(key)
    return laid


def _keyed(keys: Sequence[str], seen: Seen) -> list[tuple[str, Observation]]:
    """Observations under the keys of their listings, sorted."""
    by_channel_key = {channel_key_of(key): key for key in keys}
    pairs = [(by_channel_key[row.key], row) for row in seen.rows if row.key in by_channel_key]
    return sorted(pairs, key=lambda pair: pair[0])


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


def _told(page: Page, sheet: Page | None) -> Iterator[Told]:
    """The sheet's columns of rows that are in it."""
    told = {} if sheet is None else {key: i for i, key in enumerate(sheet.keys)}
    for i, key in enumerate(page.keys):
        source, at = (sheet, told[key]) if sheet is not None and key in told else (page, i)
        ints = {name: int(column[at]) for name, column in source.ints.items()}
        yield key, ints, {name: column[at] for name, column in source.texts.items()}

"""Quantities that were set at an account's channel lately, by the rows that they are about."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from operator import itemgetter
from typing import Any

from trueup.books.pages import Page
from trueup.books.schema import ALIASES, PUSHES
from trueup.books.segments import Captured, SegmentSet
from trueup.domain.keys import SEPARATOR, channel_key_of
from trueup.domain.pushes import UNREAD, PushEntry
from trueup.domain.runs import Inputs
from trueup.domain.time import iso, milliseconds
from trueup.explain.facts import Push
from trueup.ledger.streams import SHARDS, pushes_stream
from trueup.ports import Ledger, PageStore
from trueup.usecases.books import open_book
from trueup.usecases.intake.pushing import PUSHES as CODEC
from trueup.usecases.intake.pushing import merged, pushes_of
from trueup.usecases.ledger.checkpoints import last_known
from trueup.usecases.work import Work

LATELY = timedelta(days=7)
"""Older pushes explain nothing: they were seen since, or something else was."""

_APART = SEPARATOR * 2
Pushes = Mapping[str, tuple[Push, ...]]


def pin_pushes(ledger: Ledger, account: str) -> tuple[int, ...]:
    """The last block of each shard of an account's pushes; empty: there are none."""
    stream = pushes_stream(account)
    cut = tuple(ledger.last(stream, shard) for shard in range(SHARDS))
    return cut if any(cut) else ()


def pushed_pages(work: Work, account: str, inputs: Inputs) -> Iterator[Captured]:
    """What was set up to the run's cut, by channel location, in the columns of PUSHES."""
    found = merged(_entries(work, account, inputs.pushes))
    listings = _listing_keys(work.pages, inputs, {key for _, key in found})
    places: dict[str, dict[str, tuple[Push, ...]]] = defaultdict(dict)
    for (place, key), pushes in found.items():
        places[place][listings.get(key, key)] = pushes
    for place in sorted(places):
        yield Captured(place, iso(work.clock()), _page(places[place]))


@dataclass(frozen=True)
class RangePushes:
    """As a run gathered them, of one location's rows from `lo` to before `hi`."""

    segments: SegmentSet
    location: str
    lo: str | None = None
    hi: str | None = None

    def of(self, keys: Sequence[str]) -> Pushes:
        return {key: self._all[key] for key in keys if key in self._all}

    @cached_property
    def _all(self) -> Pushes:
        found: dict[str, list[Push]] = defaultdict(list)
        for page in self.segments.scan(self.location, self.lo, self.hi):
            for row in page.rows():
                found[row["key"].rpartition(_APART)[0]].append(_push(row))
        return {key: tuple(pushes) for key, pushes in found.items()}


@dataclass(frozen=True, slots=True)
class LivePushes:
    """As the ledger says itself, of a few rows. `now`: milliseconds; as for a run, lately."""

    ledger: Ledger
    account: str
    location: str
    now: int

    def of(self, keys: Sequence[str]) -> Pushes:
        by_channel = {channel_key_of(key): key for key in keys}
        since = self.now - LATELY // timedelta(milliseconds=1)
        found = pushes_of(self.ledger, self.account, self.location, by_channel, since)
        return {by_channel[key]: pushes for key, pushes in found.items()}


def _entries(work: Work, account: str, cut: Sequence[int]) -> Iterator[PushEntry]:
    stream, since = pushes_stream(account), milliseconds(work.clock() - LATELY)
    for shard, last in enumerate(cut):
        after = last_known(work.ledger, stream, shard, last, since)
        for _, block in work.ledger.read(stream, shard, after, last):
            yield from CODEC.entries(block)


def _listing_keys(pages: PageStore, inputs: Inputs, keys: Iterable[str]) -> dict[str, str]:
    """The listing that a channel key is an alias of."""
    if inputs.aliases is None:
        return {}
    rows = open_book(pages, inputs.aliases, ALIASES).get(sorted(keys))
    return {key: row["listing_key"] for key, row in rows.items()}


def _page(pushes: Mapping[str, tuple[Push, ...]]) -> Page:
    rows = sorted(
        (
            (f"{key}{_APART}{number:05d}", push)
            for key, found in pushes.items()
            for number, push in enumerate(found)
        ),
        key=itemgetter(0),
    )
    told = [push for _, push in rows]
    return Page(
        [key for key, _ in rows],
        {
            "quantity": [push.quantity for push in told],
            "accepted_at": [push.accepted_at for push in told],
            "before": [UNREAD if push.before is None else push.before for push in told],
            "seen_at": [push.seen_at or 0 for push in told],
        },
        {"id": [push.id for push in told]},
    )


def _push(row: Mapping[str, Any]) -> Push:
    return Push(
        id=row["id"],
        quantity=row["quantity"],
        accepted_at=row["accepted_at"],
        before=None if row["before"] == UNREAD else row["before"],
        seen_at=row["seen_at"] or None,
    )


__all__ = ["PUSHES", "LivePushes", "RangePushes", "pin_pushes", "pushed_pages"]

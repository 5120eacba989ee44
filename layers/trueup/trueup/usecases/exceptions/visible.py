"""The newest version of each channel location, with the run that made it and what it counted."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from trueup.books.manifest import load_manifest
from trueup.books.reader import BookReader
from trueup.books.schema import LISTINGS, ROWS
from trueup.domain.errors import Fault, NotFoundError, RejectedError
from trueup.domain.exceptions import UNEXPLAINED
from trueup.domain.groups import CauseGroup
from trueup.domain.runs import Head, History, LocationResult, Run, Tally
from trueup.ports import PageStore, Registry
from trueup.usecases.books import open_book, rows_book
from trueup.usecases.runs import require_account
from trueup.usecases.whole import all_of

MAX_PLACES = 2_000
"""Compared channel locations that one list of incidents covers."""


@dataclass(frozen=True)
class Place:
    """A channel location that was compared: its newest version, the run that made it (None: no
    longer kept), and that version's rows that do not match, by cause.
    """

    account: str
    location: str
    head: Head
    run: Run | None
    groups: tuple[CauseGroup, ...]

    @property
    def captured_at(self) -> datetime:
        return self.head.as_of

    def group(self, cause: str) -> CauseGroup | None:
        return next((group for group in self.groups if group.cause == cause), None)

    def rows(self, pages: PageStore) -> BookReader:
        return BookReader(
            pages, self.head.book, ROWS, load_manifest(pages, self.head.book, self.head.manifest)
        )

    def listings(self, pages: PageStore) -> BookReader | None:
        """The listings that its run compared; None: there are none."""
        pinned = self.run.inputs.listings if self.run else None
        return None if pinned is None else open_book(pages, pinned, LISTINGS)


def _of_tally(tally: Tally) -> Iterator[CauseGroup]:
    """Of a run that counted no causes: by what its rows have in common."""
    yield CauseGroup(
        cause=UNEXPLAINED,
        rows=tally.differing,
        units_over=tally.units_over,
        units_under=tally.units_under,
        oversold_rows=tally.oversold_rows,
        value=dict(Counter(tally.value_over) + Counter(tally.value_under)),
        unvalued=tally.unvalued,
    )
    counted = {
        "not_listed": tally.not_listed,
        "not_on_channel": tally.not_on_channel,
        "unknown": tally.unknown,
    }
    for cause, rows in counted.items():
        yield CauseGroup(cause=cause, rows=rows, unvalued=rows)


class Sight:
    """Reads places; a run that made several is read once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._runs: dict[tuple[str, str], Run | None] = {}

    def place(self, account: str, location: str) -> Place:
        """NotFoundError: no such account, or the location was never compared."""
        require_account(self._registry, account)
        head = self._registry.get(Head, rows_book(account, location))
        if head is None:
            raise NotFoundError("This location was never compared.")
        return self._place(account, location, head.value)

    def places(self, account: str | None, location: str | None) -> list[Place]:
        """Those of an account or of all. RejectedError: too many for one list."""
        if account is not None:
            require_account(self._registry, account)
        found = []
        for stored in all_of(self._registry, Head):
            owner, at = _place_of(stored.value.book)
            if owner and account in (None, owner) and location in (None, at):
                found.append(self._place(owner, at, stored.value))
        if len(found) > MAX_PLACES:
            fault = Fault("account", f"choose one; all have more than {MAX_PLACES} locations")
            raise RejectedError("That is too much for one list.", (fault,))
        return found

    def _place(self, account: str, location: str, head: Head) -> Place:
        made = (account, head.made_by)
        if made not in self._runs:
            stored = self._registry.get(Run, *made)
            self._runs[made] = stored.value if stored else None
        run = self._runs[made]
        results = run.locations if run else ()
        result = next((r for r in results if r.channel_location == location), None)
        groups = self._groups(account, result, head.made_by) if result else ()
        return Place(account, location, head, run, groups)

    def _groups(self, account: str, result: LocationResult, run: str) -> tuple[CauseGroup, ...]:
        """A run of very many locations left some out: then its history has them."""
        tally, causes = result.tally, result.causes
        if sum(group.rows for group in causes) < tally.rows - tally.matching:
            kept = self._registry.get(History, account, result.channel_location, run)
            causes = kept.value.causes if kept else causes
        return causes or tuple(group for group in _of_tally(tally) if group.rows)


def _place_of(book: str) -> tuple[str, str]:
    """Account and location of a book of rows; empty for other books."""
    kind, _, rest = book.partition("/")
    account, _, location = rest.partition("/")
    return (account, unquote(location)) if kind == "rows" else ("", "")

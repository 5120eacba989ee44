"""The compare engine's inputs, out of the books that a run or a recheck has pinned."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trueup.books.pages import Page
from trueup.books.schema import LISTINGS
from trueup.compare.join import LinkTerms, PoolMember, RowsWithOrigin, compare_with_origin
from trueup.compare.kits import KitMember, KitStock
from trueup.domain.accounts import Link
from trueup.domain.keys import sku_of
from trueup.domain.runs import Inputs
from trueup.domain.tolerances import Tolerances
from trueup.ports import PageStore
from trueup.usecases.books import open_book
from trueup.usecases.members import MemberStock


class Joint:
    """One link's listings and positions, as pinned; compares any key range of them.

    `now`: what ages are told from. `at`: the instant that rows are as of which the channel does
    not show. Milliseconds.
    """

    def __init__(
        self,
        pages: PageStore,
        inputs: Inputs,
        link: Link,
        members: Sequence[MemberStock],
        *,
        now: int,
        at: int,
    ) -> None:
        self._pages = pages
        self._listings = inputs.listings
        self._members = members
        self._at = at
        self._kits = KitStock([self._kit_member(member) for member in members])
        self._terms = LinkTerms(
            buffer=inputs.buffers[link.channel_location],
            allocation=inputs.allocation,
            tolerance=Tolerances.at(link.channel_location, inputs.tolerance, inputs.tolerances),
            on_hand_channel=inputs.reports_on_hand,
            oldest=_oldest(inputs, members, now),
        )

    def rows(
        self, observations: Iterator[Page], lo: str | None, hi: str | None
    ) -> Iterator[RowsWithOrigin]:
        """Rows from `lo` to before `hi`; the observations must be of that range."""
        members = [self._pool_member(member, lo, hi) for member in self._members]
        listings: Iterator[Page] = iter(())
        if self._listings is not None:
            listings = open_book(self._pages, self._listings, LISTINGS).scan(lo, hi)
        return compare_with_origin(
            listings, members, observations, self._kits, self._terms, self._at
        )

    def chosen(self, keys: Sequence[str], observations: Page | None) -> Iterator[RowsWithOrigin]:
        """Rows of sorted listing keys; the observations, by key, must be of these."""
        skus = sorted({sku_of(key) for key in keys})
        members = [self._chosen_member(member, skus) for member in self._members]
        listings = None
        if self._listings is not None:
            found = open_book(self._pages, self._listings, LISTINGS).get(keys)
            listings = _page(found, LISTINGS.ints, LISTINGS.texts)
        return compare_with_origin(
            _some(listings), members, _some(observations), self._kits, self._terms, self._at
        )

    def _chosen_member(self, member: MemberStock, skus: Sequence[str]) -> PoolMember:
        reader, moves = member.reader(self._pages), member.moves
        return PoolMember(
            share=member.share,
            pages=_some(_page(reader.get(skus), member.columns) if reader else None),
            complete=member.complete,
            movements=None if moves is None else _some(moves.get(skus)),
            ints=member.columns,
        )

    def _pool_member(self, member: MemberStock, lo: str | None, hi: str | None) -> PoolMember:
        reader, moves = member.reader(self._pages), member.moves
        return PoolMember(
            share=member.share,
            pages=reader.scan(lo, hi) if reader else (),
            complete=member.complete,
            movements=None if moves is None else moves.scan(lo, hi),
            ints=member.columns,
        )

    def _kit_member(self, member: MemberStock) -> KitMember:
        reader = member.reader(self._pages)
        return KitMember(member.share, reader, member.complete, member.moves)


def _some(page: Page | None) -> Iterator[Page]:
    return iter([page] if page is not None and len(page) else [])


def _page(
    rows: Mapping[str, Mapping[str, Any]], ints: Sequence[str], texts: Sequence[str] = ()
) -> Page:
    """Rows by key, as a reader gives chosen ones, as a page."""
    keys = sorted(rows)
    return Page(
        keys,
        {name: [rows[key].get(name, 0) for key in keys] for name in ints},
        {name: [rows[key].get(name, "") for key in keys] for name in texts},
    )


def _oldest(inputs: Inputs, members: Sequence[MemberStock], now: int) -> int | None:
    """Before which instant a capture is stale: all are, where positions are past their age."""
    return NEVER if any(member.stale(now) for member in members) else inputs.oldest(now)


NEVER = 2**62
"""An instant after all captures, milliseconds."""

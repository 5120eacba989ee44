"""The compare engine's inputs, out of the books that a run or a recheck has pinned."""

from collections.abc import Iterator

from trueup.books.pages import Page
from trueup.books.schema import BASELINE, LISTINGS, BookSchema
from trueup.compare.join import LinkTerms, PoolMember, RowsWithOrigin, compare_with_origin
from trueup.compare.kits import KitMember, KitStock
from trueup.domain.accounts import Link
from trueup.domain.runs import BookPin, Inputs
from trueup.domain.tolerances import Tolerances
from trueup.ports import PageStore
from trueup.usecases.books import open_book


class Joint:
    """One link's listings and positions, as pinned; compares any key range of them.

    What was captured before `oldest` (milliseconds) is stale; None: no limit.
    """

    def __init__(
        self, pages: PageStore, inputs: Inputs, link: Link, oldest: int | None = None
    ) -> None:
        self._pages = pages
        self._inputs = inputs
        self._members = [(inputs.baselines.get(m.location), m.share) for m in link.members]
        self._kits = KitStock([self._kit_member(pin, share) for pin, share in self._members])
        self._terms = LinkTerms(
            buffer=inputs.buffers[link.channel_location],
            allocation=inputs.allocation,
            tolerance=Tolerances.at(link.channel_location, inputs.tolerance, inputs.tolerances),
            on_hand_channel=inputs.reports_on_hand,
            oldest=oldest,
        )

    def rows(
        self, observations: Iterator[Page], lo: str | None, hi: str | None
    ) -> Iterator[RowsWithOrigin]:
        """Rows from `lo` to before `hi`; the observations must be of that range."""
        members = [self._member(pin, share, lo, hi) for pin, share in self._members]
        listings = self._scan(self._inputs.listings, LISTINGS, lo, hi)
        return compare_with_origin(listings, members, observations, self._kits, self._terms)

    def _member(
        self, pinned: BookPin | None, share: int, lo: str | None, hi: str | None
    ) -> PoolMember:
        pages = self._scan(pinned, BASELINE, lo, hi)
        return PoolMember(share=share, pages=pages, complete=_complete(pinned))

    def _kit_member(self, pinned: BookPin | None, share: int) -> KitMember:
        reader = None if pinned is None else open_book(self._pages, pinned, BASELINE)
        return KitMember(share=share, reader=reader, complete=_complete(pinned))

    def _scan(
        self, pinned: BookPin | None, schema: BookSchema, lo: str | None, hi: str | None
    ) -> Iterator[Page]:
        if pinned is None:
            return iter(())
        return open_book(self._pages, pinned, schema).scan(lo, hi)


def _complete(pinned: BookPin | None) -> bool:
    return pinned is not None and pinned.complete

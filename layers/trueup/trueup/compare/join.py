"""The streamed full outer join of listings, positions and observations.

All inputs are sorted by key (`domain.keys`) and read side by side, some pages of each at a time,
whatever the sizes of their pages. They are cut between SKUs: the rows of one SKU, whose listings
all share its positions, stay together. One row comes out for each listing, and one for each
observation that no listing names. Its key is the observation's with NUL NUL behind, which keeps
the order; so an observation whose alias leads to a listing that is gone is not lost either.

A position is the stored one with all that happened at its location up to the instant at which the
channel showed the row; see `compare.moving`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from trueup.books.pages import Page
from trueup.compare.classify import (
    LISTING_INTS,
    LISTING_TEXTS,
    OBSERVATION_INTS,
    LinkTerms,
    Offers,
    Shown,
    Verdicts,
    classify,
    unlisted,
)
from trueup.compare.columns import Chunk, Ints, Packer, Stream
from trueup.compare.kits import KitStock
from trueup.compare.locate import Match
from trueup.compare.moving import MOVEMENT_INTS, MOVEMENT_TEXTS, Moves
from trueup.compare.origin import Origin, Source, matched
from trueup.compare.pools import BASELINE_INTS, Stock, pooled
from trueup.compare.streams import side_by_side
from trueup.compare.tallies import tally_of
from trueup.domain.keys import unlisted_key
from trueup.domain.runs import Tally

__all__ = ["LinkTerms", "PoolMember", "RowsPage", "compare_pages"]

_ROWS = 8_192
"""Rows worked on at a time: enough that numpy's calls cost little, few enough for the cache."""


@dataclass(frozen=True, slots=True)
class PoolMember:
    """A location that feeds the link: `share` percent of its positions.

    `complete`: its baseline has all SKUs there are, so that one not in it has no stock; otherwise
    that of an absent SKU is unknown. A location without a baseline has no pages. `movements`: what
    happened since, in the columns of MOVEMENTS; None where nothing tells of it.
    """

    share: int
    pages: Iterable[Page]
    complete: bool = False
    movements: Iterable[Page] | None = None
    ints: Sequence[str] = BASELINE_INTS
    """The columns of `pages` that are read: these at least."""


class RowsPage(NamedTuple):
    """Some rows in the ROWS schema, and their tally."""

    page: Page
    tally: Tally


class RowsWithOrigin(NamedTuple):
    """The same, with what they were made of."""

    page: Page
    tally: Tally
    origin: Origin


def compare_pages(
    listings: Iterable[Page],
    pools: Sequence[PoolMember],
    observations: Iterable[Page],
    kits: KitStock,
    terms: LinkTerms,
    at: int = 0,
) -> Iterator[RowsPage]:
    """Rows in ascending order of their keys. The same rows in give the same rows out.

    `at`: the instant of what the channel does not show, milliseconds since 1970. Raises
    DefectError where an input is found out of order or to hold a key twice.
    """
    for page, tally, _ in compare_with_origin(listings, pools, observations, kits, terms, at):
        yield RowsPage(page, tally)


def compare_with_origin(
    listings: Iterable[Page],
    pools: Sequence[PoolMember],
    observations: Iterable[Page],
    kits: KitStock,
    terms: LinkTerms,
    at: int = 0,
) -> Iterator[RowsWithOrigin]:
    """As `compare_pages`, for whoever explains the rows."""
    told = [number for number, member in enumerate(pools) if member.movements is not None]
    streams = [
        Stream(listings, LISTING_INTS, LISTING_TEXTS),
        Stream(observations, OBSERVATION_INTS),
        *(Stream(member.pages, member.ints) for member in pools),
        *(Stream(pools[i].movements or (), MOVEMENT_INTS, MOVEMENT_TEXTS) for i in told),
    ]
    link = _Link(pools, kits, terms, Packer(), at)
    for listed, observed, *rest in side_by_side(streams, _ROWS):
        moves = dict(zip(told, map(Moves, rest[len(pools) :]), strict=True))
        sources = [
            Source.of(listed, chunk, moves.get(number), complete=member.complete)
            for number, (chunk, member) in enumerate(zip(rest, pools, strict=False))
        ]
        rows = link.compare(listed, observed, sources)
        if rows.tally.rows or rows.tally.unlisted_skus:
            yield rows


@dataclass(frozen=True, slots=True)
class _Link:
    """What stays the same from chunk to chunk."""

    pools: Sequence[PoolMember]
    kits: KitStock
    terms: LinkTerms
    packer: Packer
    at: int

    def compare(self, listed: Chunk, observed: Chunk, sources: Sequence[Source]) -> RowsWithOrigin:
        sightings = matched(listed, observed)
        origin = Origin(listed, observed, sightings, self._instants(observed, sightings), sources)
        stock = self._stock(origin)
        shown, offers = Shown.of(observed, self.terms), Offers.of(listed, self.terms)
        verdicts = classify(offers, stock, shown.at(sightings), self.terms)
        alone = sightings.left()
        tally = tally_of(
            verdicts, listed, unlisted=len(alone), unlisted_skus=origin.unlisted_skus()
        )
        if not len(alone):
            ints = self.packer.packed(verdicts.ints)
            return RowsWithOrigin(listed.page(ints), tally, origin)
        others = [unlisted_key(observed.keys[i]) for i in alone.tolist()]
        keys, merged, order = _merged(listed.keys, verdicts, others, shown.rows(alone))
        origin.order = order
        return RowsWithOrigin(Page(keys, self.packer.packed(merged)), tally, origin)

    def _instants(self, observed: Chunk, sightings: Match) -> Ints:
        """When the channel showed each row; what it does not show is as of `at`."""
        instants = sightings.gather(observed.ints["captured_at"])
        return np.where(sightings.found, instants, self.at)

    def _stock(self, origin: Origin) -> Stock:
        members = [
            source.stock(member.share, origin.instants)
            for source, member in zip(origin.sources, self.pools, strict=True)
        ]
        wide = any(source.wide for source in origin.sources)
        stock = pooled(members, len(origin.listed), wide=wide)
        return self.kits.overlay(stock, origin.listed.texts["components"], origin.instants)


def _merged(
    keys: list[str], verdicts: Verdicts, others: list[str], shown: Shown
) -> tuple[list[str], dict[str, Ints], Ints]:
    """The rows of listings and of what is not listed, by key; and which row is where."""
    both = keys + others
    order = np.array(sorted(range(len(both)), key=both.__getitem__), np.int64)
    more = unlisted(shown)
    ints = {
        name: np.concatenate([column, more[name]])[order] for name, column in verdicts.ints.items()
    }
    return [both[i] for i in order.tolist()], ints, order

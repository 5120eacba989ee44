"""The streamed full outer join of listings, positions and observations.

All inputs are sorted by key (`domain.keys`) and read side by side, some pages of each at a time,
whatever the sizes of their pages. They are cut between SKUs: the rows of one SKU, whose listings
all share its positions, stay together. One row comes out for each listing, and one for each
observation that no listing names. Its key is the observation's with NUL NUL behind, which keeps
the order; so an observation whose alias leads to a listing that is gone is not lost either.
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
from trueup.compare.locate import Match, locate
from trueup.compare.pools import BASELINE_INTS, Stock, pooled, stock_of
from trueup.compare.tallies import tally_of
from trueup.domain.keys import SEPARATOR, sku_of, unlisted_key
from trueup.domain.runs import Tally

__all__ = ["LinkTerms", "PoolMember", "RowsPage", "compare_pages"]

_ROWS = 8_192
"""Rows worked on at a time: enough that numpy's calls cost little, few enough for the cache."""


@dataclass(frozen=True, slots=True)
class PoolMember:
    """A location that feeds the link: `share` percent of its positions.

    `complete`: its baseline has all SKUs there are, so that one not in it has no stock; otherwise
    that of an absent SKU is unknown. A location without a baseline has no pages.
    """

    share: int
    pages: Iterable[Page]
    complete: bool = False


class RowsPage(NamedTuple):
    """Some rows in the ROWS schema, and their tally."""

    page: Page
    tally: Tally


def compare_pages(
    listings: Iterable[Page],
    pools: Sequence[PoolMember],
    observations: Iterable[Page],
    kits: KitStock,
    terms: LinkTerms,
) -> Iterator[RowsPage]:
    """Rows in ascending order of their keys. The same rows in give the same rows out.

    Raises DefectError where an input is found out of order or to hold a key twice.
    """
    streams = [
        Stream(listings, LISTING_INTS, LISTING_TEXTS),
        Stream(observations, OBSERVATION_INTS),
        *(Stream(member.pages, BASELINE_INTS) for member in pools),
    ]
    link = _Link(pools, kits, terms, Packer())
    for listed, observed, *positions in _side_by_side(streams):
        page = link.compare(listed, observed, positions)
        if page.tally.rows or page.tally.unlisted_skus:
            yield page


def _side_by_side(streams: Sequence[Stream]) -> Iterator[list[Chunk]]:
    """Chunks of all inputs, each with the rows of the same SKUs."""
    while True:
        for stream in streams:
            stream.fill(_ROWS)
        limit = min((stream.frontier for stream in streams if not stream.ended), default=None)
        chunks = [stream.take_before(limit) for stream in streams]
        if any(map(len, chunks)):
            yield chunks
        elif limit is not None:  # a page was all of one SKU
            for stream in streams:
                if not stream.ended and stream.frontier == limit:
                    stream.read_on()
        if limit is None:
            return


@dataclass(frozen=True, slots=True)
class _Link:
    """What stays the same from chunk to chunk."""

    pools: Sequence[PoolMember]
    kits: KitStock
    terms: LinkTerms
    packer: Packer

    def compare(self, listed: Chunk, observed: Chunk, positions: Sequence[Chunk]) -> RowsPage:
        places = [_places(listed, chunk) for chunk in positions]
        stock = self._stock(listed, positions, places)
        shown, sightings = Shown.of(observed, self.terms), _matched(listed, observed)
        offers = Offers.of(listed, self.terms)
        verdicts = classify(offers, stock, shown.at(sightings), self.terms)
        alone = sightings.left()
        unlisted_skus = _unlisted_skus(positions, places)
        tally = tally_of(verdicts, listed, unlisted=len(alone), unlisted_skus=unlisted_skus)
        if not len(alone):
            ints = self.packer.packed(verdicts.ints)
            return RowsPage(Page.of_joined(listed.joined, len(listed), ints), tally)
        others = [unlisted_key(observed.keys[i]) for i in alone.tolist()]
        keys, merged = _merged(listed.keys, verdicts, others, shown.rows(alone))
        return RowsPage(Page(keys, self.packer.packed(merged)), tally)

    def _stock(self, listed: Chunk, positions: Sequence[Chunk], places: Sequence[Match]) -> Stock:
        members = [
            stock_of(chunk, member.share).at(place, complete=member.complete)
            for chunk, place, member in zip(positions, places, self.pools, strict=True)
        ]
        stock = pooled(members, len(listed), wide=any(chunk.wide for chunk in positions))
        return self.kits.overlay(stock, listed.texts["components"])


def _places(listed: Chunk, positions: Chunk) -> Match:
    """Where the positions of each listing's SKU are."""
    if SEPARATOR not in listed.joined:
        return _matched(listed, positions)
    return locate([sku_of(key) for key in listed.keys], positions.keys)


def _matched(listed: Chunk, other: Chunk) -> Match:
    if listed.rows == other.rows and listed.joined == other.joined:
        return Match(listed.rows, other.rows, None)
    return locate(listed.keys, other.keys)


def _unlisted_skus(positions: Sequence[Chunk], places: Sequence[Match]) -> int:
    """SKUs with a position in some member and no listing."""
    pairs = zip(positions, places, strict=True)
    lefts = [(chunk, place.left()) for chunk, place in pairs]
    if len(lefts) == 1:
        return len(lefts[0][1])
    return len({chunk.keys[i] for chunk, left in lefts for i in left.tolist()})


def _merged(
    keys: list[str], verdicts: Verdicts, others: list[str], shown: Shown
) -> tuple[list[str], dict[str, Ints]]:
    """The rows of listings and of what is not listed, in the order of their keys."""
    both = keys + others
    order = np.array(sorted(range(len(both)), key=both.__getitem__), np.int64)
    more = unlisted(shown)
    ints = {
        name: np.concatenate([column, more[name]])[order] for name, column in verdicts.ints.items()
    }
    return [both[i] for i in order.tolist()], ints

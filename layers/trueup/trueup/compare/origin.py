"""What some rows are made of: the chunks of all inputs, and where each row is in them."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from trueup.books.pages import Page
from trueup.books.schema import Unknown
from trueup.compare.columns import Chunk, Ints, too_large
from trueup.compare.locate import Match, locate
from trueup.compare.moving import Moves, folded
from trueup.compare.pools import BASELINE_INTS, UNCOUNTED, Stock, stock_in, stock_of
from trueup.domain.keys import SEPARATOR, sku_of


@dataclass(slots=True)
class Source:
    """A member's positions and movements of the SKUs at hand. `moves` None: nothing tells of any.

    `place`: where each listing's SKU is among the positions. `rows` of the listings have moved:
    what happened to each is that of the SKU at `skus` of `moves`.
    """

    positions: Chunk
    moves: Moves | None
    complete: bool
    place: Match
    rows: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    skus: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    @classmethod
    def of(
        cls, listed: Chunk, positions: Chunk, moves: Moves | None, *, complete: bool
    ) -> "Source":
        source = cls(positions, moves, complete, _places(listed, positions))
        if moves is not None and len(moves):
            source.rows, source.skus = _moved(listed, moves)
        return source

    @property
    def wide(self) -> bool:
        """Whether a sum of its quantities may be too large to count."""
        return self.positions.wide or self.rows.size > 0

    def stock(self, share: int, instants: Ints) -> Stock:
        """The stock of each listing at its instant."""
        stock = stock_of(self.positions, share).at(self.place, complete=self.complete)
        if self.moves is None or not self.rows.size:
            return stock
        now = folded(self.moves, self.skus, instants[self.rows], self._bases())
        beyond = np.zeros(len(self.rows), np.bool_)
        for name in BASELINE_INTS[:-1]:
            beyond |= too_large(now[name])
        return stock.with_rows(self.rows, stock_in(now, beyond, share))

    def _bases(self) -> dict[str, Ints]:
        """The stored positions of the rows that moved; as `ledger.standings.stated_by` says."""
        place, ints = self.place.rows_at(self.rows), self.positions.ints
        base = {name: place.gather(ints[name]) for name in BASELINE_INTS}
        unknown = base["unknown"]
        counted = np.where(place.found, (unknown & UNCOUNTED) == 0, self.complete)
        stated = ~counted & place.found & ((unknown & Unknown.STATED) == 0)
        return base | {
            "on_hand": np.where(counted, base["on_hand"], 0),
            "stated": np.where(stated, base["stated"], 0),
            "unknown": ~counted * Unknown.ON_HAND + ~stated * Unknown.STATED,
        }

    def told(self, listing: int) -> Page | None:
        """All that MOVEMENTS says of a listing's SKU; None: nothing."""
        at = int(np.searchsorted(self.rows, listing))
        if self.moves is None or at == len(self.rows) or self.rows[at] != listing:
            return None
        return self.moves.of(int(self.skus[at]))

    def stated(self, listing: int) -> dict[str, int] | None:
        """The stored position of a listing's SKU, in the columns of BASELINE; None: none is."""
        at = listing if self.place.index is None else int(self.place.index[listing])
        if at < 0:
            return None
        return {name: int(column[at]) for name, column in self.positions.ints.items()}

    def left(self) -> set[str]:
        """SKUs that are here, and not listed."""
        keys = self.positions.keys if self.place.index is not None else []
        alone = {keys[i] for i in self.place.left().tolist()}
        listed = np.count_nonzero(np.diff(self.skus, prepend=-1))  # which ascend
        if self.moves is None or len(self.moves) == listed:
            return alone
        known = set(self.skus.tolist())
        return alone | {sku for i, sku in enumerate(self.moves.skus) if i not in known}


@dataclass(slots=True)
class Origin:
    """The inputs of some rows. `instants`: when the channel showed each listing, milliseconds.

    `order`: for each row its listing, and behind those the observations that are not listed;
    None: the rows are the listings.
    """

    listed: Chunk
    observed: Chunk
    sightings: Match
    instants: Ints
    sources: Sequence[Source]
    order: Ints | None = None

    def unlisted_skus(self) -> int:
        """SKUs with a position or a movement in some member and no listing."""
        if len(self.sources) == 1 and self.sources[0].moves is None:
            return len(self.sources[0].place.left())
        return len(set().union(*(source.left() for source in self.sources)))


def matched(listed: Chunk, other: Chunk) -> Match:
    """Where the keys of listings are."""
    if listed.rows == other.rows and listed.joined == other.joined:
        return Match(listed.rows, other.rows, None)
    return locate(listed.keys, other.keys)


def _places(listed: Chunk, positions: Chunk) -> Match:
    """Where the positions of each listing's SKU are."""
    if SEPARATOR not in listed.joined:
        return matched(listed, positions)
    return locate([sku_of(key) for key in listed.keys], positions.keys)


def _searched(skus: list[str], keys: list[str]) -> Ints:
    """Where each of a few ascending SKUs is among ascending keys, -1 where it is not."""
    found, at = np.full(len(skus), -1, np.int64), 0
    for i, sku in enumerate(skus):
        at = bisect_left(keys, sku, at)
        if at == len(keys):
            break
        if keys[at] == sku:
            found[i] = at
    return found


def _moved(listed: Chunk, moves: Moves) -> tuple[Ints, Ints]:
    """The listings whose SKU has moved, and which SKU of `moves` each one's is."""
    if SEPARATOR not in listed.joined:
        found = _searched(moves.skus, listed.keys)
        skus = np.flatnonzero(found >= 0)
        return found[skus], skus
    found = locate([sku_of(key) for key in listed.keys], moves.skus).indexes
    rows = np.flatnonzero(found >= 0)
    return rows, found[rows]

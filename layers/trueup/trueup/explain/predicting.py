"""A row to be explained, and what the channel would show if something had happened."""

from collections.abc import Callable
from functools import cached_property
from math import inf

import msgspec

from trueup.domain.stock import Terms, publishable
from trueup.explain.facts import Cause, Evidence, Facts, Stock
from trueup.explain.replaying import Parts, Step, Trail, parts_along, trail_of

Changes = dict[int, int]
"""Base units by which the sellable of a trail (by its index) is another."""


class Candidate(msgspec.Struct, frozen=True):
    """What may have happened. `evidence` is asked only of what is chosen.

    `changes` go through shares, kits and terms. `sold`: base units that the channel itself took
    off; `sales`: the same where their trails are known. `shown`: channel units, where that is
    known without the terms. `settles`: milliseconds at which what passes by itself is stale;
    None: never. `place`: in the timeline, for pairs. `since`: milliseconds from which on it would
    have shown; None: not known.
    """

    cause: Cause
    evidence: Callable[[], Evidence]
    changes: Changes = {}
    sold: int = 0
    sales: Changes = {}
    shown: int | None = None
    passes: bool = False
    settles: int | None = None
    place: int | None = None
    since: int | None = None

    @property
    def taken_off(self) -> int:
        """Base units that the channel itself took off."""
        return self.sold - sum(self.sales.values())


def both(one: Changes, other: Changes) -> Changes:
    """Added up."""
    if not (one and other):
        return one or other
    return {i: one.get(i, 0) + other.get(i, 0) for i in one.keys() | other.keys()}


_PLAIN = [(1, [(0, 100)])]
"""The groups of what is no kit, at one location that gives all it has."""


class Row:
    """Facts with their stocks replayed to the capture.

    `replayed`: all stocks are known, and give the sellable that was compared; without that, what
    would follow from other movements cannot be said.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.terms = facts.terms
        self.pack = facts.terms.pack_size
        self.least, self.most = sellable_showing(facts.reported, facts.terms)
        self.trails: list[Trail] = []
        self.groups: list[tuple[int, list[tuple[int, int]]]] = []
        self.replayed = self._replay() and self.sellable({}) == facts.sellable

    def _replay(self) -> bool:
        parts = [(c.per_kit, c.stocks) for c in self.facts.components] or [(1, self.facts.stocks)]
        for per_kit, stocks in parts:
            members = []
            for stock in stocks:
                trail = trail_of(_based(stock, self.facts.captured_at), self.facts.captured_at)
                if trail is None:
                    return False
                members.append((len(self.trails), stock.share))
                self.trails.append(trail)
            self.groups.append((per_kit, members))
        return bool(self.trails) and all(members for _, members in self.groups)

    @cached_property
    def timeline(self) -> list[tuple[Step, int]]:
        """What happened up to the capture, with the index of its trail, in order."""
        if len(self.trails) == 1:
            return [(step, 0) for step in self.trails[0].steps]
        merged = [(step, i) for i, trail in enumerate(self.trails) for step in trail.steps]
        return sorted(merged, key=lambda pair: (pair[0].movement.order, pair[1]))

    @cached_property
    def parts(self) -> list[Parts]:
        """Of each trail, at the capture."""
        return [trail.parts for trail in self.trails]

    @cached_property
    def parts_along(self) -> list[list[Parts]]:
        """Of each trail, before each place of the timeline."""
        along = [iter(parts_along(trail)) for trail in self.trails]
        parts = [next(found) for found in along]
        places = []
        for _, i in self.timeline:
            places.append(parts)
            parts = [*parts[:i], next(along[i]), *parts[i + 1 :]]
        return places

    @property
    def locations(self) -> list[str]:
        return sorted({trail.stock.location for trail in self.trails})

    @property
    def stocks(self) -> list[Stock]:
        """All stocks that the row is made of."""
        parts = [stock for component in self.facts.components for stock in component.stocks]
        return parts or list(self.facts.stocks)

    @property
    def settle_most_ms(self) -> int:
        """The longest settle time of all that the row is made of."""
        settles = [stock.settle_seconds for stock in self.stocks]
        return max(settles, default=self.facts.push_settle_seconds) * 1000

    @cached_property
    def settles_ms(self) -> list[int]:
        """The settle time of each trail."""
        return [trail.stock.settle_seconds * 1000 for trail in self.trails]

    def sellable(self, changes: Changes) -> int:
        """Pooled, and of a kit the kits, with trails changed."""
        if self.groups == _PLAIN:  # nearly all rows
            return self.trails[0].sellable + changes.get(0, 0)
        return min(self.component(i, changes) for i in range(len(self.groups)))

    def component(self, group: int, changes: Changes) -> int:
        """The kits that one component is enough for; of what is no kit, its sellable."""
        per_kit, members = self.groups[group]
        total = 0
        for i, share in members:
            total += (self.trails[i].sellable + changes.get(i, 0)) * share // 100
        return total // per_kit

    def only(self, keep: Callable[[str], bool]) -> int:
        """Sellable of some member locations."""
        gone = {
            i: -trail.sellable
            for i, trail in enumerate(self.trails)
            if not keep(trail.stock.location)
        }
        return self.sellable(gone)

    def publishable(self, sellable: int) -> int:
        found = publishable(sellable, self.terms)
        return 0 if found is None else found

    def fits(self, candidate: Candidate) -> bool:
        """Whether the channel would show what it does."""
        if candidate.shown is not None:
            return candidate.shown == self.facts.reported
        if candidate.sold or candidate.sales:
            return self.facts.reported in self.predictions(candidate)
        return self.least <= self._changed(candidate.changes) <= self.most

    def predicted(self, candidate: Candidate) -> int:
        """Channel units, through the terms."""
        if candidate.shown is not None:
            return candidate.shown
        changes = both(candidate.changes, candidate.sales)
        return self.publishable(self._changed(changes) - candidate.sold)

    def predictions(self, candidate: Candidate) -> set[int]:
        """Channel units: sold units come off through the terms or directly."""
        found = {self.predicted(candidate)}
        taken_off = candidate.taken_off
        if taken_off and candidate.shown is None:
            whole = self.publishable(self._changed(candidate.changes))
            found.add(whole - taken_off // self.pack)
        return found

    def _changed(self, changes: Changes) -> int:
        return self.sellable(changes) if changes else self.facts.sellable


def _based(stock: Stock, until: int) -> Stock:
    """A stock of snapshots alone starts from the last one up to an instant."""
    if stock.base is not None or not stock.snapshots_only:
        return stock
    before = [snapshot for snapshot in stock.snapshots if snapshot.at <= until]
    if not before:
        return stock
    last = max(before, key=lambda snapshot: snapshot.at)
    return msgspec.structs.replace(stock, base=last.position, base_at=last.at)


def sellable_showing(reported: int, terms: Terms) -> tuple[float, float]:
    """The least and the most sellable of which exactly `reported` is publishable.

    None at all: the least is above the most.
    """
    cap, percent = terms.cap, terms.allocation
    if reported < 0 or percent < 1 or (cap is not None and reported > cap):
        return inf, -inf
    held = terms.buffer - terms.backorder
    least = -(-(reported * terms.pack_size + held) * 100 // percent)
    above = -(-((reported + 1) * terms.pack_size + held) * 100 // percent)
    return -inf if reported == 0 else least, inf if reported == cap else above - 1

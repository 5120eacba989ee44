"""What is known of differing rows: stocks, movements, orders, pushes, as of their captures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from trueup.books.pages import Page
from trueup.books.schema import BASELINE
from trueup.compare.origin import Origin, Source
from trueup.domain.keys import sku_of
from trueup.domain.movements import Movement, MovementKind
from trueup.domain.runs import Inputs
from trueup.explain.facts import Component, Facts, Push, Sibling, Snapshot, Stock
from trueup.ledger.paging import spans_in, standing_upon
from trueup.ledger.standings import Standing, stated_at, stated_by
from trueup.ports import PageStore
from trueup.usecases.books import open_book
from trueup.usecases.members import MemberStock, instant_of
from trueup.usecases.reconcile.explaining import Differing, row_facts
from trueup.usecases.reconcile.siblings import Elsewhere
from trueup.usecases.work import Work

_ORDERS = (MovementKind.RESERVE, MovementKind.SHIP)
_recipe = msgspec.json.Decoder(list[tuple[str, int]]).decode
Row = Mapping[str, Any]


class Pushed(Protocol):
    """Quantities that were set at the channel location lately, by row key, oldest first."""

    def of(self, keys: Sequence[str]) -> Mapping[str, tuple[Push, ...]]: ...


class NothingPushed:
    def of(self, keys: Sequence[str]) -> Mapping[str, tuple[Push, ...]]:  # noqa: ARG002
        return {}


@dataclass(frozen=True)
class LedgerFacts:
    """`Evidence` from what a run or a recheck has pinned. `now`: milliseconds.

    `settle_seconds`: the channel's own. `feeds`: sources whose claims are the channel's orders.
    """

    pages: PageStore
    members: Sequence[MemberStock]
    now: int
    allocation: int = 100
    settle_seconds: int = 0
    feeds: frozenset[str] = frozenset()
    pushed: Pushed = field(default_factory=NothingPushed)
    elsewhere: Elsewhere | None = None

    def facts(self, rows: Sequence[Differing], origin: Origin) -> Sequence[Facts]:
        """As `Evidence` says. Only what is known of these rows is made into objects."""
        recipes = [_recipe_of(row, origin) for row in rows]
        lookups = [
            _Lookup.of(self.pages, member, source, rows, recipes)
            for member, source in zip(self.members, origin.sources, strict=True)
        ]
        pushes = self.pushed.of([row.key for row in rows])
        return [
            self._facts(row, recipe, lookups, pushes.get(row.key, ()))
            for row, recipe in zip(rows, recipes, strict=True)
        ]

    def siblings(self, rows: Sequence[Differing]) -> Mapping[str, tuple[Sibling, ...]]:
        """As `Evidence` says."""
        return self.elsewhere.of(rows) if self.elsewhere else {}

    def _facts(
        self,
        row: Differing,
        recipe: Sequence[tuple[str, int]],
        lookups: Sequence["_Lookup"],
        pushes: tuple[Push, ...],
    ) -> Facts:
        facts = row_facts(row, self.now, self.allocation)
        if recipe:
            known = [(sku, n, [look.component(sku) for look in lookups]) for sku, n in recipe]
            parts = [(sku, n, self._stocks(lookups, found)) for sku, n, found in known]
            facts = replace(facts, components=tuple(Component(*part) for part in parts))
            told = [standing for _, _, found in known for standing in found]
        else:
            told = [look.listing(row.aside.listing, facts.sku) for look in lookups]
            facts = replace(facts, stocks=self._stocks(lookups, told))
        orders = self._orders(told)
        return replace(
            facts,
            pushes=pushes,
            push_settle_seconds=self.settle_seconds,
            orders=orders,
            order_references=_references(told, {order.reference or order.id for order in orders}),
        )

    def _stocks(self, lookups: Sequence["_Lookup"], told: Sequence[Standing]) -> tuple[Stock, ...]:
        pairs = zip(lookups, told, strict=True)
        return tuple(look.stock(standing, self.settle_seconds) for look, standing in pairs)

    def _orders(self, told: Iterable[Standing]) -> tuple[Movement, ...]:
        if not self.feeds:
            return ()
        claims = (claim for standing in told for claim in standing.claims)
        return tuple(c for c in claims if c.source in self.feeds and c.kind in _ORDERS)


@dataclass(frozen=True, slots=True)
class _Lookup:
    """What one member says of some rows' SKUs and of their components."""

    member: MemberStock
    source: Source
    rows: Mapping[str, Row]
    """Stored positions of components."""
    moved: Mapping[str, Page]
    """What happened to components that moved."""
    others: Mapping[str, Row]
    """The other snapshot, where the location is known by snapshots alone."""

    @classmethod
    def of(
        cls,
        pages: PageStore,
        member: MemberStock,
        source: Source,
        rows: Sequence[Differing],
        recipes: Sequence[Sequence[tuple[str, int]]],
    ) -> "_Lookup":
        skus = sorted({sku for recipe in recipes for sku, _ in recipe})
        reader = member.reader(pages) if skus else None
        moved = _by_sku(member.moves.get(skus)) if skus and member.moves else {}
        stored = reader.get(skus) if reader else {}
        return cls(member, source, stored, moved, _others(pages, member, rows, skus))

    def listing(self, listing: int, sku: str) -> Standing:
        return self._moved(self._still(sku, self.source.stated(listing)), self.source.told(listing))

    def component(self, sku: str) -> Standing:
        return self._moved(self._still(sku, self.rows.get(sku)), self.moved.get(sku))

    def _moved(self, still: Standing, told: Page | None) -> Standing:
        if told is None:
            return still
        return standing_upon(still, told, self.member.location, 0, len(told))

    def stock(self, standing: Standing, settle_seconds: int) -> Stock:
        member = self.member
        return Stock(
            location=member.location,
            share=member.share,
            base=standing.base,
            base_at=standing.base_at,
            in_transit=standing.in_transit,
            nets=standing.nets,
            movements=standing.movements,
            snapshots=self._snapshots(standing),
            snapshots_only=member.terms.snapshots_only,
            settle_seconds=max(member.terms.settle_seconds, settle_seconds),
        )

    def _still(self, sku: str, row: Row | None) -> Standing:
        """Of a SKU that nothing is told of since the base."""
        member = self.member
        stated = stated_by(row, complete=member.complete)
        base = None if stated is None or stated.sellable is None else stated
        base_at = max(member.base_at, stated_at(row))
        in_transit = row.get("in_transit", 0) if row else 0
        return Standing(sku=sku, base=base, base_at=base_at, in_transit=in_transit)

    def _snapshots(self, standing: Standing) -> tuple[Snapshot, ...]:
        found = []
        for pin in self.member.snapshots:
            stated = standing.base
            if pin != self.member.base:
                stated = stated_by(self.others.get(standing.sku), complete=pin.complete)
            if stated is not None:
                found.append(Snapshot(instant_of(pin), stated))
        return tuple(found)


def _by_sku(told: Page) -> dict[str, Page]:
    spans = list(spans_in(told))
    return {sku_of(told.keys[start]): told.slice(start, stop) for start, stop in spans}


def _others(
    pages: PageStore, member: MemberStock, rows: Sequence[Differing], components: Sequence[str]
) -> Mapping[str, Row]:
    """What the snapshot says that is not the base."""
    skus = sorted({*(sku_of(row.key) for row in rows), *components})
    others = [pin for pin in member.snapshots if pin != member.base]
    return open_book(pages, others[0], BASELINE).get(skus) if others else {}


def _recipe_of(row: Differing, origin: Origin) -> Sequence[tuple[str, int]]:
    """A kit's components and how many of each; of what is none, nothing."""
    text = origin.listed.texts["components"][row.aside.listing]
    return _recipe(text) if text else ()


def _references(told: Iterable[Standing], wanted: set[str]) -> frozenset[str]:
    """Of some references those that our own ledger has."""
    if not wanted:
        return frozenset()
    known = {ref for standing in told for _, ref in standing.nets}
    known |= {m.reference or m.id for standing in told for m in standing.movements}
    return frozenset(known & wanted)


def evidence_of(
    work: Work,
    inputs: Inputs,
    members: Sequence[MemberStock],
    now: int,
    pushed: Pushed,
    elsewhere: Elsewhere | None = None,
) -> LedgerFacts:
    """What is known of the rows of a link that these members feed."""
    return LedgerFacts(
        pages=work.pages,
        members=members,
        now=now,
        allocation=inputs.allocation,
        settle_seconds=inputs.settle_seconds,
        feeds=frozenset(inputs.feeds),
        pushed=pushed,
        elsewhere=elsewhere,
    )

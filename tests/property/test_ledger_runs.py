"""A run with a ledger finds what a plain fold of each SKU finds, whatever came when.

Through the real steps of a run, over random movements, captures, pools, kits, baselines and
closed books.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from random import Random
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.moves import record
from tests.property.ledger_cases import movements
from tests.shelf import Shelf, changed
from tests.unit.replays.replay_world import replayed
from tests.world import ACCOUNT, NOW, World
from trueup.books.schema import ROWS
from trueup.channel.contract import FetchResponse
from trueup.domain.movements import Movement
from trueup.domain.stock import MAX_QUANTITY, Position, kit_units, pooled, shared
from trueup.domain.time import milliseconds
from trueup.ledger.state import State
from trueup.usecases import books
from trueup.usecases.ledger.closing import ClosingWork, close_ledger
from trueup.usecases.reconcile import gathering
from trueup.usecases.reconcile.moved import moved_pages

SKUS = ("A", "B", "C")
KITS = {"K": [("A", 1), ("B", 2)], "L": [("C", 1)]}
HOUR = timedelta(hours=1)
RESTATED = NOW + 2 * HOUR


@dataclass
class Case:
    """Positions of the baseline by location and SKU, what happened, and each row's capture."""

    stock: dict[str, dict[str, int]]
    told: list[Movement]
    captures: dict[str, datetime]
    complete: bool
    closes: bool
    restated: dict[str, int] = field(default_factory=dict)
    """What a file of some SKUs of the location `main` says of `RESTATED`."""


@st.composite
def cases(draw: st.DrawFn) -> Case:
    locations = draw(st.sampled_from([("main",), ("main", "second")]))
    told = []
    for number in range(draw(st.integers(0, 12))):
        sku, location = draw(st.sampled_from(SKUS)), draw(st.sampled_from(locations))
        movement = draw(movements(sku, number, location))
        at = NOW + HOUR * draw(st.integers(-4, 20)) / 2
        told.append(replace(movement, occurred_at=milliseconds(at)))
    stock = {
        location: draw(st.dictionaries(st.sampled_from(SKUS), st.integers(0, 9)))
        for location in locations
    }
    when = st.integers(1, 18).map(lambda half: NOW + HOUR * half / 2)
    captures = {key: draw(when) for key in (*SKUS, *KITS)}
    restated = draw(st.dictionaries(st.sampled_from(SKUS), st.integers(0, 9)))
    return Case(stock, told, captures, draw(st.booleans()), draw(st.booleans()), restated)


def expected(case: Case, key: str) -> int | None:
    """What is sellable as of a row's capture."""
    if key in KITS:
        parts = [(total(case, sku, case.captures[key]), n) for sku, n in KITS[key]]
        return kit_units(parts)
    return total(case, key, case.captures[key])


def total(case: Case, sku: str, at: datetime) -> int | None:
    return pooled([shared(sellable(case, location, sku, at), 100) for location in case.stock])


def sellable(case: Case, location: str, sku: str, at: datetime) -> int | None:
    """The SKU's whole history at a location, folded from the first movement on."""
    mine = sorted(
        (m for m in case.told if (m.sku, m.location) == (sku, location)), key=lambda m: m.order
    )
    base, until = milliseconds(NOW), milliseconds(at)
    on_hand = case.stock[location].get(sku, 0 if case.complete else None)
    moved = any(m.location == location for m in case.told)
    since = min(case.captures.values(), default=NOW) >= RESTATED or not moved
    if location == "main" and sku in case.restated and since:
        base, on_hand = milliseconds(RESTATED), case.restated[sku]
    state = State()
    state.run(m for m in mine if m.occurred_at <= base)
    state.anchor(None if on_hand is None else Position(on_hand), base)
    state.run(m for m in mine if base < m.occurred_at <= until)
    return state.at().sellable


def world_of(case: Case) -> World:
    world = World(Shelf(stock={("1", key): 5 for key in case.captures}, page=1))
    world.link({"1": list(case.stock)})
    for location, stock in case.stock.items():
        world.baseline(location, stock, complete=case.complete)
    world.listings(case.captures, components=KITS)
    if case.restated:
        world.restate("main", {**case.stock["main"], **case.restated}, case.restated, RESTATED)
    world.now = NOW + 10 * HOUR

    def dated(answer: FetchResponse) -> FetchResponse:
        rows = [row.key for row in answer.rows]
        return changed(answer, captured_at=case.captures[rows[0]].isoformat()) if rows else answer

    world.shelf.spoil = dated
    for _, together in groupby(enumerate(case.told), key=lambda pair: pair[0] // 3):
        record(world, *(movement for _, movement in together))
    if case.closes:
        work = ClosingWork(world.registry, world.pages, world.ledger, world.clock)
        for location in case.stock:
            close_ledger(work, location)
    return world


def found(world: World) -> Mapping[str, int | None]:
    return {
        key: None if row["unknown"] & 2 else row["sellable"] for key, row in world.rows().items()
    }


@settings(max_examples=150, deadline=None)
@given(cases(), st.sampled_from([1, 5, gathering.RUN_ROWS]))
def test_a_run_finds_what_a_plain_fold_of_each_sku_finds(case: Case, sorted_rows: int) -> None:
    """Also where what moved is sorted in several runs."""
    world = world_of(case)
    with patch.object(gathering, "RUN_ROWS", sorted_rows):
        run = world.reconcile()
    assert run.cause is None
    wanted = {key: expected(case, key) for key in case.captures}
    known = {
        key: None if value is None or abs(value) > MAX_QUANTITY else value
        for key, value in wanted.items()
    }
    large = any(m.quantity > 2**50 for m in case.told)
    rows = found(world)
    assert large or rows == known
    assert rows.keys() == known.keys()


def sheets(world: World) -> list[Mapping[str, object]]:
    pinned = books.pin(world.registry, books.rows_book(ACCOUNT, "1"))
    assert pinned is not None
    reader = books.open_book(world.pages, pinned, ROWS)
    return [row for page in reader.differing() for row in page.rows()]


@settings(max_examples=60, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_what_a_run_says_does_not_depend_on_the_order_of_arrival(
    case: Case, random: Random
) -> None:
    told = list(case.told)
    random.shuffle(told)
    one = world_of(case)
    two = world_of(dataclasses.replace(case, told=told, closes=False))
    one.reconcile()
    two.reconcile()
    assert one.rows() == two.rows()
    if not case.closes:
        assert sheets(one) == sheets(two)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_a_run_that_keeps_all_bases_with_what_moved_says_the_same(case: Case) -> None:
    """As runs stored it before they left out what their books say; its replay reads it still."""
    one, two = world_of(case), world_of(case)
    with patch.object(gathering, "moved_pages", partial(moved_pages, stored=False)):
        before = one.reconcile()
    two.reconcile()
    assert one.rows() == two.rows()
    assert sheets(one) == sheets(two)
    again = replayed(one, before).result
    assert again is not None
    assert again.identical, again.first

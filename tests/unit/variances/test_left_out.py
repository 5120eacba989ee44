"""A file without some columns that makes the ledger forget what it knows of them."""

import pytest

from tests.unit.ingest.intake_world import PLACE
from tests.unit.variances.variance_world import VarianceWorld
from trueup.domain.imports import Import
from trueup.domain.runs import Head
from trueup.usecases.books import baseline_book
from trueup.usecases.ledger.agenda import arrange_closing
from trueup.usecases.ledger.desk import LedgerDesk
from trueup.usecases.ledger.positions import position_of


def stated(world: VarianceWorld, text: str, **how: object) -> Import:
    return world.take(text, "baseline", as_of=world.now, max_drop_percent=100, **how)


def row(world: VarianceWorld, sku: str) -> tuple[int | None, int, int, int]:
    desk = LedgerDesk(world.registry, world.pages, world.ledger, world.clock)
    at = position_of(desk, PLACE, sku).position
    return at.on_hand, at.committed, at.damaged, at.on_hold


@pytest.fixture
def world() -> VarianceWorld:
    """A of which 3 are promised and 2 held, B of which nothing is known but its stock."""
    world = VarianceWorld()
    arrange_closing(world.registry, world.clock, PLACE)
    stated(world, "sku,on_hand\nA,10\nB,4\n")
    world.later()
    world.move("reserve", "A", 3, 30, reference="o1")
    world.move("hold", "A", 2, 20)
    world.later()
    return world


def test_what_a_file_has_no_column_for_stays_as_the_ledger_has_it(world: VarianceWorld) -> None:
    stated(world, "sku,on_hand\nA,9\nB,4\n")
    assert row(world, "A") == (9, 3, 0, 2)
    world.later()
    world.move("ship", "A", 3, 1, reference="o1")
    assert row(world, "A") == (6, 0, 0, 2)
    assert row(world, "B") == (4, 0, 0, 0)


def test_what_a_file_says_counts(world: VarianceWorld) -> None:
    stated(world, "sku,on_hand,committed,on_hold\nA,9,1,0\nB,4,0,0\n")
    assert row(world, "A") == (9, 1, 0, 0)


def test_what_was_stated_before_and_did_not_move_is_carried_too(world: VarianceWorld) -> None:
    stated(world, "sku,on_hand,damaged\nA,9,0\nB,4,1\n")
    world.later()
    stated(world, "sku,on_hand\nB,3\n")
    assert row(world, "B") == (3, 0, 1, 0)
    assert row(world, "A") == (9, 3, 0, 2)


def test_a_location_without_movements_has_none_of_it() -> None:
    world = VarianceWorld()
    stated(world, "sku,on_hand,damaged\nA,9,2\n")
    world.later()
    stated(world, "sku,on_hand\nA,9\n")
    assert row(world, "A") == (9, 0, 0, 0)


def test_stating_the_same_again_changes_nothing(world: VarianceWorld) -> None:
    stated(world, "sku,on_hand\nA,9\nB,4\n")
    again = stated(world, "sku,on_hand\nA,9\nB,4\n")
    assert (again.state, again.rows_changed) == ("Unchanged", 0)
    head = world.registry.get(Head, baseline_book(PLACE))
    assert head is not None
    assert head.value.version == 2

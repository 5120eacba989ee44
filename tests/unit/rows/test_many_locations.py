"""Finds: an account whose many channel locations leave its rows out of reach."""

from itertools import count

import pytest

from tests.unit.reconcile.test_reconciling import stocked
from tests.world import ACCOUNT, World
from trueup.domain.accounts import Account, ChannelLocation
from trueup.domain.errors import RejectedError
from trueup.domain.runs import Head
from trueup.ports import Create, Replace
from trueup.usecases.books import rows_book
from trueup.usecases.rows.cursors import (
    MAX_LENGTH,
    Cursor,
    Pin,
    Position,
    read_cursor,
    write_cursor,
)
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.reading import read_rows
from trueup.usecases.rows.sources import MAX_SOURCES

RUN = "01JMNF0000000000000000TEST"


def named(world: World, places: int) -> None:
    """The channel names so many locations; one of them was compared."""
    stored = world.registry.get(Account, ACCOUNT)
    assert stored is not None
    locations = tuple(ChannelLocation(id=f"{n}", code="", name="") for n in range(1, places + 1))
    changed = stored.value.model_copy(update={"locations": locations})
    world.registry.write(Replace(changed, stored.version))


def test_locations_that_were_never_compared_do_not_count() -> None:
    world = stocked(5)
    world.reconcile()
    named(world, MAX_SOURCES * 3)
    page = read_rows(world.registry, world.pages, Filters(account=ACCOUNT), cursor=None, limit=9)
    assert len(page.rows) == 5


def test_too_many_compared_locations_are_refused() -> None:
    world = stocked(5)
    world.reconcile()
    named(world, MAX_SOURCES + 1)
    head = world.registry.get(Head, rows_book(ACCOUNT, "1"))
    assert head is not None
    for n in range(2, MAX_SOURCES + 2):
        book = {"book": rows_book(ACCOUNT, f"{n}")}
        world.registry.write(Create(head.value.model_copy(update=book)))
    with pytest.raises(RejectedError) as refused:
        read_rows(world.registry, world.pages, Filters(account=ACCOUNT), cursor=None, limit=9)
    assert refused.value.faults[0].where == "location"


@pytest.mark.parametrize("name", ["gid://shopify/Location/", "N\u00f6rdliches Lager " * 3])
def test_a_cursor_through_many_locations_fits_into_an_address(name: str) -> None:
    numbers = count(70_000_000_000, 7_919)
    places = [f"{name}{next(numbers)}" for _ in range(MAX_SOURCES)]
    pins = tuple(Pin("shopify-germany-and-austria", place, 8_000, RUN) for place in places)
    cursor = Cursor("acme", "0" * 16, Position("S" * 200, 3, inclusive=True), pins)
    text = write_cursor(cursor)
    assert len(text) < MAX_LENGTH // 2
    assert read_cursor(text, "acme", "0" * 16) == cursor


def test_a_cursor_that_unpacks_to_too_much_is_refused() -> None:
    bomb = Cursor("acme", "0" * 16, Position("0" * 10_000_000, 0, inclusive=True), ())
    with pytest.raises(RejectedError):
        read_cursor(write_cursor(bomb), "acme", "0" * 16)

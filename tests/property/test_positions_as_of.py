"""Positions folded for many rows at once are those of the ledger, SKU by SKU."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.ledger_cases import BASE_AT, LARGE, standings
from trueup.books.pages import Page, decode, encode
from trueup.books.schema import MOVEMENTS, Unknown
from trueup.compare.columns import Chunk, Piece
from trueup.compare.moving import MOVEMENT_INTS, Moves, folded
from trueup.domain.stock import Position
from trueup.ledger.paging import page_of, standings_in
from trueup.ledger.standings import Standing

SKUS = ("A", "AA", "B", "É")


@st.composite
def located(draw: st.DrawFn) -> list[Standing]:
    chosen = draw(st.lists(st.sampled_from(SKUS), min_size=1, unique=True))
    return [draw(standings(sku)) for sku in sorted(chosen)]


def stored(page: Page) -> Page:
    return decode(MOVEMENTS, encode(MOVEMENTS, page))


def row(ints: dict[str, np.ndarray], index: int) -> Position:
    """A folded row as a position; what is too large reads as none."""
    unknown = int(ints["unknown"][index])
    return Position(
        on_hand=None if unknown & Unknown.ON_HAND else int(ints["on_hand"][index]),
        committed=int(ints["committed"][index]),
        damaged=int(ints["damaged"][index]),
        on_hold=int(ints["on_hold"][index]),
        stated=None if unknown & Unknown.STATED else int(ints["stated"][index]),
    )


def bounded(position: Position) -> list[int | None]:
    """Its figures, those too large for exact counting all alike."""
    figures = (
        position.on_hand,
        position.committed,
        position.damaged,
        position.on_hold,
        position.stated,
    )
    return [f if f is None or abs(f) <= LARGE else LARGE + 1 for f in figures]


@settings(max_examples=300, deadline=None)
@given(located(), st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 14)), min_size=1))
def test_folding_many_rows_equals_folding_each(
    told: list[Standing], asked: list[tuple[int, int]]
) -> None:
    page = stored(page_of(told))
    moves = Moves(Chunk([Piece(page, 0, len(page))], MOVEMENT_INTS, ()))
    assert moves.skus == [standing.sku for standing in told]
    skus = [number % len(told) for number, _ in asked]
    until = [BASE_AT + after for _, after in asked]
    found = folded(moves, np.array(skus, np.int64), np.array(until, np.int64))
    for index, (sku, instant) in enumerate(zip(skus, until, strict=True)):
        expected = told[sku].at(instant)
        assert bounded(row(found, index)) == bounded(expected.position), (told[sku], instant)


@settings(max_examples=100, deadline=None)
@given(located())
def test_standings_come_back_from_pages_as_they_were(told: list[Standing]) -> None:
    again = list(standings_in(stored(page_of(told)), "main"))
    assert [s.sku for s in again] == [s.sku for s in told]
    for one, two in zip(told, again, strict=True):
        assert (two.base, two.movements, two.claims) == (one.base, one.movements, one.claims)
        assert (two.base_at, two.in_transit, two.nets) == (one.base_at, one.in_transit, one.nets)
        assert two.at(BASE_AT + 6) == one.at(BASE_AT + 6)

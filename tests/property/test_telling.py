"""What a run keeps of a ledger: the same from columns as from standings, in bounded portions."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.ledger_cases import BASE_AT, movements
from tests.property.test_positions_as_of import bounded, row, stored
from trueup.adapters.memory_ledger import MemoryLedger
from trueup.books.pages import Page, take
from trueup.books.schema import Unknown
from trueup.compare.columns import Chunk, Piece
from trueup.compare.moving import MOVEMENT_INTS, MOVEMENT_TEXTS, Moves, folded
from trueup.compare.telling import page_of_columns
from trueup.domain.ledger import LedgerPin
from trueup.domain.movements import Movement
from trueup.domain.stock import Position
from trueup.ledger.blocks import MOVEMENTS, START, Columns, Place
from trueup.ledger.paging import page_of, standing_upon
from trueup.ledger.standings import Standing
from trueup.ledger.streams import SHARDS, movements_stream, shard_of
from trueup.usecases.ledger.gathering import BY_SKU
from trueup.usecases.reconcile.backlog import portions

LOCATION = "main"
SKUS = ("A", "AA", "B", "C", "É")
_BASE = Position(10, 2, 1, 0)


@st.composite
def told(draw: st.DrawFn) -> list[Movement]:
    """In any order, one of them perhaps twice."""
    found = [
        draw(movements(draw(st.sampled_from(SKUS)), number, LOCATION))
        for number in range(draw(st.integers(1, 14)))
    ]
    return [*found, draw(st.sampled_from(found))] if draw(st.booleans()) else found


def columns_of(entries: Sequence[Movement]) -> Columns:
    block = MOVEMENTS.block(Place("any", 0, 1, START), entries, BASE_AT, "test")
    return MOVEMENTS.columns(block)


def upon(base: Position, entries: Sequence[Movement]) -> list[Standing]:
    """Each SKU's movements upon the same base, each once."""
    known = {(m.sku, m.order): m for m in reversed(entries)}
    ordered = sorted(MOVEMENTS.entries_of(columns_of(list(known.values()))), key=BY_SKU)
    return [
        Standing(
            sku=sku,
            base=base,
            base_at=BASE_AT,
            parts=base,
            movements=tuple(m for m in mine if not m.claim),
            claims=tuple(m for m in mine if m.claim),
        )
        for sku, group in groupby(ordered, key=attrgetter("sku"))
        for mine in (list(group),)
    ]


def groups(page: Page) -> list[tuple[str, str] | None]:
    """By SKU and reference, what is netted together."""
    skus = [key.partition("\0")[0] for key in page.keys]
    numbers = page.ints["net_group"]
    first: dict[tuple[str, int], str] = {}
    return [
        None if number < 0 else (sku, first.setdefault((sku, number), reference))
        for sku, number, reference in zip(skus, numbers, page.texts["reference"], strict=True)
    ]


@settings(max_examples=300, deadline=None)
@given(told())
def test_columns_tell_what_standings_tell_but_for_the_bases(entries: list[Movement]) -> None:
    found = stored(page_of_columns(columns_of(entries)))
    whole = stored(page_of(upon(_BASE, entries)))
    wanted = take(whole, [i for i, kind in enumerate(whole.ints["kind"]) if kind])
    assert [key.partition("\0")[0] for key in found.keys] == [
        key.partition("\0")[0] for key in wanted.keys
    ]
    assert [ordinal + 1 for ordinal in found.ints["ordinal"]] == list(wanted.ints["ordinal"])
    for name in {*MOVEMENT_INTS} - {"ordinal", "net_group"}:
        assert list(found.ints[name]) == list(wanted.ints[name]), name
    assert found.texts == wanted.texts
    assert groups(found) == groups(wanted)


positions = st.builds(
    Position,
    st.sampled_from([None, 0, 7, 2**53, 2**62]),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 2),
    st.none(),
)


@settings(max_examples=200, deadline=None)
@given(told(), positions, st.integers(-2, 14))
def test_what_starts_from_the_books_folds_as_with_its_base(
    entries: list[Movement], base: Position, after: int
) -> None:
    page = stored(page_of_columns(columns_of(entries)))
    moves = Moves(Chunk([Piece(page, 0, len(page))], MOVEMENT_INTS, ()))
    size, expected = len(moves), upon(base, entries)
    said = {"on_hand": base.on_hand or 0, "stated": 0, "unknown": Unknown.STATED}
    said |= {name: getattr(base, name) for name in ("committed", "damaged", "on_hold")}
    said["unknown"] += Unknown.ON_HAND * (base.on_hand is None)
    books = {name: np.full(size, value, np.int64) for name, value in said.items()}
    until = np.full(size, BASE_AT + after, np.int64)
    found = folded(moves, np.arange(size, dtype=np.int64), until, books)
    for index, one in enumerate(expected):
        known = one if base.on_hand is not None else _unknown(one)
        assert bounded(row(found, index)) == bounded(known.at(BASE_AT + after).position)


def _unknown(standing: Standing) -> Standing:
    return Standing(
        sku=standing.sku,
        base=None,
        base_at=standing.base_at,
        parts=standing.parts,
        movements=standing.movements,
        claims=standing.claims,
    )


@settings(max_examples=100, deadline=None)
@given(told())
def test_a_standing_comes_back_upon_its_base(entries: list[Movement]) -> None:
    page = stored(page_of_columns(columns_of(entries)))
    moves = Moves(Chunk([Piece(page, 0, len(page))], MOVEMENT_INTS, MOVEMENT_TEXTS))
    for index, one in enumerate(upon(_BASE, entries)):
        still = Standing(one.sku, _BASE, BASE_AT, parts=_BASE)
        mine = moves.of(index)
        assert standing_upon(still, mine, LOCATION, 0, len(mine)) == one


def ledger_of(entries: Sequence[Movement], size: int) -> tuple[MemoryLedger, LedgerPin]:
    ledger, stream = MemoryLedger(), movements_stream(LOCATION)
    for shard in range(SHARDS):
        mine = [m for m in entries if shard_of(m.sku) == shard]
        for sequence, start in enumerate(range(0, len(mine), size), 1):
            place = Place(stream, shard, sequence, str(sequence))
            part = mine[start : start + size]
            ledger.append(stream, shard, sequence, MOVEMENTS.block(place, part, BASE_AT, "test"))
    cut = tuple(ledger.last(stream, shard) for shard in range(SHARDS))
    nothing = (0,) * SHARDS
    return ledger, LedgerPin(location=LOCATION, covered=nothing, floor=(1,) * SHARDS, cut=cut)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([f"SKU-{number}" for number in range(12)]), max_size=80),
    st.integers(1, 40),
    st.integers(1, 5),
)
def test_portions_hold_so_much_at_most_and_all_of_a_sku(
    skus: list[str], most: int, size: int
) -> None:
    entries = [
        Movement(1, sku, LOCATION, 1, BASE_AT, "wms", f"{number}")
        for number, sku in enumerate(skus)
    ]
    ledger, pin = ledger_of(entries, size)
    found = list(portions(ledger, pin, most))
    held = [set(columns["sku"]) for columns in found]
    assert sum(map(len, held)) == len(set().union(*held)), "a SKU is in two portions"
    assert sorted(i for columns in found for i in columns["id"]) == sorted(m.id for m in entries)
    assert all(len(c["sku"]) <= most or len(own) == 1 for c, own in zip(found, held, strict=True))

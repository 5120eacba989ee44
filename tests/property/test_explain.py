"""Laws of explanations: they add up, whatever is given in whatever order, and delay is no loss."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.domain.movements import BUCKETS, Bucket, Disposition, Movement, MovementKind
from trueup.domain.outcomes import Outcome
from trueup.domain.stock import Position, Terms, publishable
from trueup.explain.explain import explain
from trueup.explain.facts import (
    Capture,
    Cause,
    Component,
    Facts,
    Push,
    Sibling,
    Snapshot,
    Stock,
)
from trueup.explain.policy import policy
from trueup.explain.predicting import Row, sellable_showing
from trueup.explain.replaying import in_order, trail_of
from trueup.explain.words import sentences
from trueup.ledger.fold import fold

CAPTURED = 100_000
SETTLE = 20
"""Seconds."""

instants = st.integers(0, 2 * CAPTURED)
small = st.integers(0, 30)
wild = st.one_of(st.integers(-30, 30), st.integers(-(2**60), 2**60))
references = st.sampled_from(["", "A", "B", "C"])


@st.composite
def movements(draw: st.DrawFn, sources: Sequence[str] = ("wms", "pos")) -> Movement:
    kind = draw(st.sampled_from(MovementKind))
    bucket = draw(st.sampled_from(["", *BUCKETS]))
    releasing = kind is MovementKind.SHIP and draw(st.booleans())
    return Movement(
        kind,
        "MUG",
        "main",
        draw(wild if kind is MovementKind.ADJUSTMENT else st.one_of(small, st.just(2**50))),
        draw(instants),
        draw(st.sampled_from(sources)),
        draw(st.sampled_from([str(n) for n in range(40)])),
        reference=draw(references),
        bucket=_allowed(kind, bucket),
        disposition=draw(st.sampled_from(Disposition)),
        releases=draw(small) if releasing else -1,
        claim=draw(st.integers(0, 9)) == 0,
        recorded_at=draw(instants),
    )


def _allowed(kind: MovementKind, bucket: str) -> str:
    takes = (MovementKind.ADJUSTMENT, MovementKind.COUNT, MovementKind.RECEIPT)
    counted = kind is MovementKind.COUNT or bucket != Bucket.COMMITTED
    return bucket if kind in takes and counted else ""


def lists(of: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=most).map(tuple)


optional_units = st.one_of(st.none(), wild)
positions = st.builds(
    Position,
    on_hand=optional_units,
    committed=small,
    damaged=small,
    on_hold=small,
    stated=optional_units,
)


def unnoted(kinds: tuple[MovementKind, ...]) -> st.SearchStrategy[tuple[Movement, ...]]:
    one = movements(sources=("feed",)).map(
        lambda m: msgspec.structs.replace(m, kind=kinds[m.quantity % len(kinds)], claim=True)
    )
    return lists(one, 4)


@st.composite
def stocks(draw: st.DrawFn, location: str = "main") -> Stock:
    return Stock(
        draw(st.sampled_from([location, "east"])),
        draw(st.integers(1, 100)),
        draw(st.one_of(st.none(), positions)),
        draw(st.integers(0, CAPTURED)),
        draw(small),
        draw(st.dictionaries(st.tuples(st.just("committed"), references), wild, max_size=2)),
        draw(lists(movements(), 8)),
        draw(lists(st.builds(Snapshot, at=instants, position=positions), 3)),
        draw(st.booleans()),
        SETTLE,
    )


terms = st.builds(
    Terms,
    pack_size=st.sampled_from([1, 1, 1, 2, 6]),
    buffer=st.sampled_from([0, 0, 3, 2**53]),
    backorder=st.sampled_from([0, 0, 4]),
    cap=st.sampled_from([None, None, 0, 5, 40]),
    allocation=st.sampled_from([100, 100, 50, 1]),
)
pushes = st.builds(
    Push,
    id=st.sampled_from(["p", "q", "r"]),
    quantity=small,
    accepted_at=instants,
    before=st.one_of(st.none(), small),
    seen_at=st.one_of(st.none(), instants),
)


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    given_terms, sellable = draw(terms), draw(wild)
    bare = Facts(
        "MUG",
        "MUG",
        CAPTURED,
        CAPTURED + draw(small),
        given_terms,
        tolerated=draw(st.booleans()),
        sellable=sellable,
        publishable=publishable(sellable, given_terms) or 0,
        reported=draw(wild),
        allocated=draw(small),
        stocks=draw(lists(stocks(), 2)),
        components=draw(
            lists(st.builds(Component, st.just("CUP"), st.integers(1, 3), lists(stocks(), 2)), 2)
        ),
        previous=draw(
            st.one_of(
                st.none(),
                st.builds(Capture, instants, optional_units, optional_units, st.booleans()),
            )
        ),
        captures=draw(st.integers(1, 3)),
        pushes=draw(lists(pushes, 3)),
        orders=draw(unnoted((MovementKind.RESERVE, MovementKind.SHIP))),
        order_references=draw(st.frozensets(references)),
        siblings=draw(lists(st.builds(Sibling, st.sampled_from("xyz"), small, small), 3)),
    )
    return _plausible(draw, bare)


def _plausible(draw: st.DrawFn, bare: Facts) -> Facts:
    """Mostly what was compared is what the stocks say, and what is shown is near it."""
    row = Row(bare)
    if not row.trails or not row.groups or draw(st.integers(0, 4)) == 0:
        return bare
    if not all(members for _, members in row.groups):
        return bare
    sellable = row.sellable({})
    units = publishable(sellable, bare.terms) or 0
    shown = max(0, units + draw(st.integers(-12, 12)))
    return msgspec.structs.replace(bare, sellable=sellable, publishable=units, reported=shown)


@settings(max_examples=400)
@given(facts())
def test_causes_and_the_unexplained_always_add_up_to_the_delta(row: Facts) -> None:
    explanation = explain(row)
    delta = row.sellable - row.reported * row.terms.pack_size
    assert sum(f.units for f in explanation.findings) + explanation.unexplained == delta
    assert all(sentences(explanation, row.captured_at))
    if explanation.outcome is Outcome.EXPLAINED:
        assert explanation.unexplained == 0
    matches = row.tolerated or row.publishable == row.reported
    assert (explanation.outcome is Outcome.MATCH) == matches


@settings(max_examples=300)
@given(facts(), st.randoms(use_true_random=False))
def test_neither_order_nor_duplicates_of_what_is_given_matter(row: Facts, random: Random) -> None:
    def mixed(values: tuple[Any, ...]) -> tuple[Any, ...]:
        more = [*values, *random.sample(values, random.randint(0, len(values)))]
        random.shuffle(more)
        return tuple(more)

    def stock(one: Stock) -> Stock:
        return msgspec.structs.replace(
            one, movements=mixed(one.movements), snapshots=mixed(one.snapshots)
        )

    def component(one: Component) -> Component:
        return msgspec.structs.replace(one, stocks=tuple(stock(s) for s in one.stocks))

    shuffled = msgspec.structs.replace(
        row,
        stocks=tuple(stock(s) for s in row.stocks),
        components=tuple(component(c) for c in row.components),
        orders=mixed(row.orders),
        pushes=mixed(row.pushes),
        siblings=mixed(row.siblings),
    )
    assert explain(shuffled) == explain(row)


@given(terms, wild)
def test_policy_adds_up_to_what_is_not_published(given_terms: Terms, sellable: int) -> None:
    units = publishable(sellable, given_terms)
    assert units is not None
    total = sum(finding.units for finding in policy(sellable, given_terms))
    assert total == sellable - units * given_terms.pack_size


@given(terms, st.integers(-50, 200), st.integers(-1, 60))
def test_the_sellable_that_shows_a_quantity(some: Terms, sellable: int, reported: int) -> None:
    terms_ = replace(some, buffer=some.buffer % 100)
    least, most = sellable_showing(reported, terms_)
    assert (least <= sellable <= most) == (publishable(sellable, terms_) == reported)


def folded(stock: Stock, moves: Sequence[Movement], until: int) -> int | None:
    base = stock.base or Position()
    at = fold(base, stock.base is not None, stock.in_transit, stock.nets, moves, until)
    return at.sellable


@settings(max_examples=300)
@given(stocks(), st.integers(0, CAPTURED))
def test_a_replayed_stock_stands_as_the_ledger_folds_it(stock: Stock, until: int) -> None:
    moves = [m for m in in_order(stock.movements) if not m.claim]
    moves = [m for m in moves if stock.base is None or m.occurred_at > stock.base_at]
    trail = trail_of(msgspec.structs.replace(stock, movements=tuple(moves)), until)
    expected = folded(stock, moves, until)
    assert (None if trail is None else trail.sellable) == expected
    if trail is None or expected is None:
        return
    for i, step in enumerate(trail.steps):
        without = folded(stock, moves[:i] + moves[i + 1 :], until)
        assert step.without == (None if without is None else without - expected)
        twice = folded(stock, moves[: i + 1] + moves[i:], until)
        assert step.twice == (None if twice is None else twice - expected)


@st.composite
def streams(draw: st.DrawFn) -> tuple[Terms, list[Stock]]:
    """One or two locations with movements of every kind, over ten settle times."""
    found = []
    for location in draw(st.sampled_from([["main"], ["main", "east"]])):
        moves = draw(lists(movements().filter(lambda m: not m.claim), 12))
        base = Position(draw(small), draw(small))
        share = draw(st.sampled_from([100, 100, 40]))
        found.append(Stock(location, share, base, -1, movements=moves, settle_seconds=SETTLE))
    return draw(terms), found


def shown_at(row: Facts, instant: int) -> tuple[int, int]:
    sellable = Row(msgspec.structs.replace(row, captured_at=instant)).sellable({})
    return sellable, publishable(sellable, row.terms) or 0


@settings(max_examples=150)
@given(streams(), st.lists(st.tuples(instants, st.integers(0, SETTLE * 1000 - 1)), max_size=8))
def test_delay_without_loss_is_never_an_exception(
    stream: tuple[Terms, list[Stock]], captures: list[tuple[int, int]]
) -> None:
    given_terms, members = stream
    bare = Facts("MUG", "MUG", 0, 0, given_terms, False, 0, 0, 0, stocks=tuple(members))
    end = 2 * CAPTURED + SETTLE * 1000
    for captured_at, lag in [*captures, (end, SETTLE * 1000 - 1)]:
        sellable, units = shown_at(bare, captured_at)
        _, reported = shown_at(bare, max(0, captured_at - lag))
        row = msgspec.structs.replace(
            bare,
            captured_at=captured_at,
            now=captured_at,
            sellable=sellable,
            publishable=units,
            reported=reported,
        )
        explanation = explain(row)
        assert explanation.outcome is not Outcome.EXCEPTION
        assert explanation.stale_since is None
    assert explanation.outcome is Outcome.MATCH


def test_every_cause_has_its_words() -> None:
    from trueup.explain.words import _SAID  # noqa: PLC0415 - only this test looks inside

    assert set(_SAID) == set(Cause)

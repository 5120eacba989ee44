"""Laws of explanations: they add up, whatever is given in whatever order, and delay is no loss."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property import explain_cases as cases
from tests.property.explain_cases import CAPTURED, END, SETTLE, seeded
from trueup.domain.movements import Movement
from trueup.domain.outcomes import Outcome
from trueup.domain.stock import Position, publishable
from trueup.explain.explain import explain
from trueup.explain.facts import Capture, Cause, Component, Facts, Stock
from trueup.explain.policy import policy
from trueup.explain.predicting import Row, sellable_showing
from trueup.explain.replaying import in_order, trail_of
from trueup.explain.words import sentences
from trueup.ledger.fold import fold

seeds = st.integers(0, 2**32)


@settings(max_examples=400)
@given(seeds)
def test_causes_and_the_unexplained_always_add_up_to_the_delta(seed: int) -> None:
    row = cases.facts(seed)
    explanation = explain(row)
    delta = row.sellable - row.reported * row.terms.pack_size
    assert sum(f.units for f in explanation.findings) + explanation.unexplained == delta
    assert all(sentences(explanation, row.captured_at))
    if explanation.outcome is Outcome.EXPLAINED:
        assert explanation.unexplained == 0
    matches = row.tolerated or row.publishable == row.reported
    assert (explanation.outcome is Outcome.MATCH) == matches


@settings(max_examples=300)
@given(seeds)
def test_neither_order_nor_duplicates_of_what_is_given_matter(seed: int) -> None:
    row, random = cases.facts(seed), seeded(seed)

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


@given(seeds)
def test_policy_adds_up_to_what_is_not_published(seed: int) -> None:
    random = seeded(seed)
    given_terms, sellable = cases.terms(random), cases.unit(random)
    units = publishable(sellable, given_terms)
    assert units is not None
    total = sum(finding.units for finding in policy(sellable, given_terms))
    assert total == sellable - units * given_terms.pack_size


@given(seeds, st.integers(-50, 200), st.integers(-1, 60))
def test_the_sellable_that_shows_a_quantity(seed: int, sellable: int, reported: int) -> None:
    drawn = cases.terms(seeded(seed))
    terms = replace(drawn, buffer=drawn.buffer % 100)
    least, most = sellable_showing(reported, terms)
    assert (least <= sellable <= most) == (publishable(sellable, terms) == reported)


def folded(stock: Stock, moves: Sequence[Movement], until: int) -> int | None:
    base = stock.base or Position()
    at = fold(base, stock.base is not None, stock.in_transit, stock.nets, moves, until)
    return at.sellable


@settings(max_examples=300)
@given(seeds)
def test_a_replayed_stock_stands_as_the_ledger_folds_it(seed: int) -> None:
    random = seeded(seed)
    stock, until = cases.stock(random), random.randint(0, CAPTURED)
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


def stream(random: Random) -> Facts:
    """One item at one or two locations, with movements of every kind since their bases."""
    found = []
    for location in random.choice((("main",), ("main", "east"))):
        moves = tuple(m for m in cases.movements(random, 12) if not m.claim)
        base, share = (
            Position(random.randint(0, 60), random.randint(0, 5)),
            random.choice((100, 40)),
        )
        found.append(Stock(location, share, base, -1, movements=moves, settle_seconds=SETTLE))
    terms = cases.terms(random)
    return Facts("MUG", "MUG", 0, 0, terms, False, 0, 0, 0, stocks=tuple(found))


def shown_at(row: Facts, instant: int) -> tuple[int, int]:
    sellable = Row(msgspec.structs.replace(row, captured_at=instant)).sellable({})
    return sellable, publishable(sellable, row.terms) or 0


def captured(row: Facts, at: int, lag: int, before: int) -> Facts:
    """A row of a channel that shows the position as of so long before, and was right once."""
    right = shown_at(row, before)[1]
    sellable, units = shown_at(row, at)
    _, reported = shown_at(row, max(0, at - lag))
    return msgspec.structs.replace(
        row,
        captured_at=at,
        now=at,
        sellable=sellable,
        publishable=units,
        reported=reported,
        previous=Capture(before, right, right, matched=True),
    )


@settings(max_examples=300)
@given(seeds)
def test_delay_without_loss_is_never_an_exception(seed: int) -> None:
    random = seeded(seed)
    row = stream(random)
    for _ in range(5):
        lag = random.randrange(SETTLE * 1000)
        at = random.randint(0, END)
        explanation = explain(captured(row, at, lag, random.randint(0, at)))
        assert explanation.outcome is not Outcome.EXCEPTION
        assert explanation.unexplained == 0
        assert explanation.stale_since is None
    late = END + SETTLE * 1000
    settled = explain(captured(row, late, random.randrange(SETTLE * 1000), END))
    assert settled.outcome is Outcome.MATCH


def test_every_cause_has_its_words() -> None:
    from trueup.explain.words import _SAID  # noqa: PLC0415 - only this test looks inside

    assert set(_SAID) == set(Cause)

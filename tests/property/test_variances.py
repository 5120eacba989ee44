"""Laws of variances: causes and the unexplained add up, and streaming changes nothing."""

from collections.abc import Iterable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.variances.variance_world import VarianceWorld
from trueup.domain.movements import Movement, MovementKind
from trueup.domain.stock import Position
from trueup.explain.variance_facts import Told
from trueup.explain.variances import explain_variance
from trueup.ledger.standings import Standing
from trueup.usecases.variances import comparing

AS_OF, KNOWN_AT = 10_000, 20_000
units = st.integers(0, 6)
kinds = st.sampled_from(
    [k for k in MovementKind if k is not MovementKind.COUNT] * 2 + [MovementKind.COUNT]
)


@st.composite
def movements(draw: st.DrawFn) -> tuple[Movement, ...]:
    found = [
        Movement(
            kind=draw(kinds),
            sku="A",
            location="main",
            quantity=draw(units),
            occurred_at=draw(st.integers(1, 14)) * 1_000,
            source="wms",
            id=f"m{number}",
            reference=draw(st.sampled_from(["", "o1", "o2"])),
            recorded_at=draw(st.sampled_from([KNOWN_AT, KNOWN_AT, KNOWN_AT + 1])),
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    return tuple(sorted(found, key=lambda m: m.order))


positions = st.builds(Position, st.integers(0, 12), units, units, units) | st.builds(
    Position, st.none(), stated=st.integers(-3, 12)
)


@given(
    base=positions,
    stated=positions,
    moves=movements(),
    near=st.integers(0, 3),
    whole=st.booleans(),
)
@settings(max_examples=400)
def test_causes_and_the_unexplained_add_up_to_the_delta(
    base: Position, stated: Position, moves: tuple[Movement, ...], near: int, *, whole: bool
) -> None:
    standing = Standing("A", base, 0, movements=moves)
    told = Told(standing, stated, AS_OF, near * 1_000, KNOWN_AT, whole=whole)
    found = explain_variance(told)
    if found is None:
        assert None in (stated.sellable, standing.at(AS_OF).sellable)
        return
    then = replace(standing, movements=tuple(m for m in moves if m.recorded_at <= KNOWN_AT))
    expected, said = then.at(AS_OF).sellable, stated.sellable
    assert expected is not None
    assert said is not None
    assert found.delta == expected - said
    assert sum(share.units for share in found.shares) + found.unexplained == found.delta
    assert found.differs or (found.delta == 0 and not found.shares)


@given(movements(), st.integers(0, 3))
@settings(max_examples=200)
def test_what_the_movements_lead_to_is_no_variance(moves: tuple[Movement, ...], near: int) -> None:
    known = tuple(replace(m, recorded_at=KNOWN_AT) for m in moves)
    standing = Standing("A", Position(5, 0, 0, 0), 0, movements=known)
    at = standing.at(AS_OF)
    found = explain_variance(Told(standing, at.position, AS_OF, near * 1_000, KNOWN_AT))
    assert found is not None
    assert (found.delta, found.shares, found.primary) == (0, (), "")


SKUS = [f"S{number:02d}" for number in range(12)]
stocks = st.dictionaries(st.sampled_from(SKUS), st.integers(0, 9), min_size=1)
events = st.lists(
    st.tuples(
        st.sampled_from(["ship", "receipt", "hold"]), st.sampled_from(SKUS), st.integers(1, 3)
    )
)


@given(before=stocks, told=events, after=stocks, complete=st.booleans(), stretch=st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_a_location_is_compared_as_its_skus_one_by_one(
    before: dict[str, int], told: list[Any], after: dict[str, int], *, complete: bool, stretch: int
) -> None:
    usual, comparing.STRETCH = comparing.STRETCH, stretch
    try:
        world = VarianceWorld()
        world.state(before)
        world.later()
        for kind, sku, quantity in told:
            world.move(kind, sku, quantity, 40)
        world.state(after, complete=complete)
        assert {s: d for s, (_, d) in world.causes().items() if d} == dict(
            _plainly(before, told, after, complete=complete)
        )
    finally:
        comparing.STRETCH = usual


def _plainly(
    before: dict[str, int], told: Iterable[Any], after: dict[str, int], *, complete: bool
) -> Iterable[tuple[str, int]]:
    effect = {"ship": -1, "receipt": 1, "hold": -1}
    expected = dict(before)
    for kind, sku, quantity in told:
        if sku in expected:
            expected[sku] += effect[kind] * quantity
    for sku in SKUS:
        stated = after.get(sku, 0 if complete else None)
        if sku in expected and stated is not None and expected[sku] != stated:
            yield sku, expected[sku] - stated

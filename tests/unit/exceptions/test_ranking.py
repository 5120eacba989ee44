"""A rank that hides what may oversell, or that adds or converts money."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from trueup.domain.exceptions import Stake, ranked

Named = tuple[str, Stake]


def stake(
    value: Mapping[str, int] | None = None, oversold: int = 0, unvalued: int = 0, rows: int = 1
) -> Stake:
    return Stake(oversold, unvalued, value or {}, rows)


def order(**stakes: Stake) -> list[str]:
    return [name for name, _ in ranked(stakes.items(), lambda p: p[1], lambda p: p[0])]


def test_oversells_come_first_then_unknown_value_then_money() -> None:
    found = order(
        rich=stake({"EUR": 900_000}),
        unknown=stake(unvalued=1),
        oversold=stake({"EUR": 1}, oversold=1),
        poor=stake({"EUR": 5}),
    )
    assert found == ["oversold", "unknown", "rich", "poor"]


def test_the_first_of_each_currency_come_before_the_second_of_any() -> None:
    found = order(
        euro1=stake({"EUR": 900}),
        euro2=stake({"EUR": 800}),
        yen1=stake({"JPY": 50}),
        yen2=stake({"JPY": 40}),
    )
    assert found == ["euro1", "yen1", "euro2", "yen2"]


def test_equal_money_goes_by_rows_and_then_by_name() -> None:
    found = order(b=stake({"EUR": 5}), a=stake({"EUR": 5}), many=stake({"EUR": 5}, rows=9))
    assert found == ["many", "a", "b"]


def test_several_currencies_count_by_the_best_place() -> None:
    both = stake({"EUR": 1, "USD": 70})
    assert order(euro=stake({"EUR": 2}, rows=5), both=both, usd=stake({"USD": 69})) == [
        "euro",
        "both",
        "usd",
    ]


amounts = st.dictionaries(st.sampled_from(["EUR", "USD", "JPY"]), st.integers(1, 10**9))
stakes = st.lists(
    st.builds(Stake, st.integers(0, 2), st.integers(0, 2), amounts, st.integers(0, 50)),
    max_size=12,
)


@given(stakes, st.sampled_from(["EUR", "USD", "JPY"]), st.integers(2, 1000))
def test_what_a_currency_is_worth_does_not_matter(
    found: list[Stake], currency: str, rate: int
) -> None:
    """Were money added or converted, the order would depend on it."""

    def revalued(one: Stake) -> Stake:
        value = {c: v * rate if c == currency else v for c, v in one.value.items()}
        return Stake(one.oversold_rows, one.unvalued, value, one.rows)

    plain = [(f"{i:03d}", one) for i, one in enumerate(found)]
    other = [(name, revalued(one)) for name, one in plain]
    names = [name for name, _ in ranked(plain, lambda p: p[1], lambda p: p[0])]
    assert names == [name for name, _ in ranked(other, lambda p: p[1], lambda p: p[0])]


@given(stakes)
def test_nothing_is_lost_and_the_order_given_does_not_matter(found: list[Stake]) -> None:
    named: list[Named] = [(f"{i:03d}", one) for i, one in enumerate(found)]
    there = ranked(named, lambda p: p[1], lambda p: p[0])
    assert there == ranked(reversed(named), lambda p: p[1], lambda p: p[0])
    assert sorted(name for name, _ in there) == [name for name, _ in named]

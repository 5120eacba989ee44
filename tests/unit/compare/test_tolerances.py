"""Finds tolerances that hide what they must not, or that another rule should have overruled."""

import pytest

from trueup.domain.outcomes import Reason, reason_of
from trueup.domain.tolerances import Limit, Limits, Tolerance, Tolerances


def rule(units: int, location: str | None = None, sku: str | None = None) -> Tolerance:
    limit = Limit(absolute=units)
    return Tolerance(account="eu", channel_location=location, sku=sku, over=limit, under=limit)


def test_the_most_specific_rule_counts_alone() -> None:
    rules = [rule(1), rule(2, location="1"), rule(3, sku="A"), rule(4, location="1", sku="A")]
    here, there = Tolerances.at("1", 9, rules), Tolerances.at("2", 9, rules)
    found = [here.of("A"), here.of("B"), there.of("A"), there.of("B")]
    assert [limits.over.absolute for limits in found] == [4, 2, 3, 1]


def test_without_rules_the_accounts_own_tolerance_counts() -> None:
    assert Tolerances.at("1", 9, []).of("A") == Limits.within(9)
    assert Tolerances.at("1", 9, [rule(0, location="1", sku="A")]).of("A") == Limits()
    assert not Tolerances.at("1", 0, [rule(0)])


@pytest.mark.parametrize(
    ("publishable", "reported", "reason"),
    [
        (100, 102, Reason.WITHIN_TOLERANCE),  # two units over
        (100, 103, Reason.DIFFERS),
        (299, 304, Reason.WITHIN_TOLERANCE),
        (299, 305, Reason.DIFFERS),  # 2 % of 299 are 5.98: rounded down
        (300, 306, Reason.WITHIN_TOLERANCE),
        (100, 90, Reason.WITHIN_TOLERANCE),
        (100, 89, Reason.DIFFERS),
        (5, 5, Reason.MATCHES),
        (0, 1, Reason.DIFFERS),  # an oversell
        (1, 3, Reason.WITHIN_TOLERANCE),
    ],
)
def test_over_and_under_apart(publishable: int, reported: int, reason: Reason) -> None:
    limits = Limits(over=Limit(absolute=2, percent=2), under=Limit(percent=10))
    found = reason_of(
        publishable - reported, publishable=publishable, reported=reported, tolerance=limits
    )
    assert found is reason

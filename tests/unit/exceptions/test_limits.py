"""Adjustments that pass without the second person they need."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.domain.adjustments import Approval, ApprovalLimits, approval_of
from trueup.domain.routing import Money

LIMITS = ApprovalLimits(units=10, value=Money(currency="EUR", amount=5_000))


def eur(amount: int) -> Money:
    return Money(currency="EUR", amount=amount)


@pytest.mark.parametrize(
    ("quantity", "value", "expected"),
    [
        (10, eur(5_000), Approval.BELOW_LIMITS),
        (-10, eur(0), Approval.BELOW_LIMITS),
        (11, eur(1), Approval.OVER_UNITS),
        (-11, eur(1), Approval.OVER_UNITS),
        (1, eur(5_001), Approval.OVER_VALUE),
        (1, None, Approval.VALUE_UNKNOWN),
        (1, Money(currency="USD", amount=1), Approval.VALUE_UNKNOWN),
    ],
)
def test_units_and_value_both_count(quantity: int, value: Money | None, expected: Approval) -> None:
    assert approval_of(quantity, value, LIMITS) is expected


def test_until_limits_are_set_everything_needs_a_second_person() -> None:
    assert approval_of(1, None, ApprovalLimits()) is Approval.OVER_UNITS


def test_without_a_limit_of_value_units_alone_count() -> None:
    assert approval_of(3, None, ApprovalLimits(units=3)) is Approval.BELOW_LIMITS


@given(st.integers(-100, 100), st.integers(0, 10_000), st.integers(0, 100), st.integers(0, 10_000))
def test_a_larger_adjustment_never_needs_less(
    quantity: int, value: int, more: int, dearer: int
) -> None:
    larger = quantity + more if quantity >= 0 else quantity - more
    if approval_of(quantity, eur(value), LIMITS).needed:
        assert approval_of(larger, eur(value + dearer), LIMITS).needed


def test_switched_off_nothing_needs_one() -> None:
    off = LIMITS.model_copy(update={"second_approval": False})
    assert approval_of(10**9, None, off) is Approval.SWITCHED_OFF
    assert not Approval.SWITCHED_OFF.needed

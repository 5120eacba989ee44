"""For connectors that overrun their time, calls, rows or the size an answer may have."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.channel.contract import LEAST_CALLS, Budget, Observation
from trueup.channel.cursors import BadCursorError, from_cursor, to_cursor
from trueup.channel.pacing import Allowance, wire_bytes


class Ticking:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Place(msgspec.Struct, frozen=True):
    at: int


def test_time_is_spent_before_the_budget_ends() -> None:
    clock = Ticking()
    allowance = Allowance(Budget(milliseconds=2000), clock)
    assert (allowance.is_spent, allowance.seconds_left) == (False, 1.5)
    clock.now += 1.5
    assert (allowance.is_spent, allowance.seconds_left) == (True, 0.0)


@pytest.mark.parametrize(("calls", "allowed"), [(1, LEAST_CALLS), (50, 50)])
def test_calls_are_counted_down(calls: int, allowed: int) -> None:
    allowance = Allowance(Budget(milliseconds=60_000, calls=calls))
    for _ in range(allowed):
        assert not allowance.is_spent
        allowance.spend_call()
    assert (allowance.is_spent, allowance.calls, allowance.calls_left) == (True, allowed, 0)


def test_rows_and_bytes_are_counted_down() -> None:
    row = Observation("k", "l", 1, title="x" * 2000)
    allowance = Allowance(Budget(milliseconds=60_000, rows=3))
    allowance.spend_rows([row] * 3)
    assert allowance.is_spent
    assert not Allowance(Budget(milliseconds=60_000)).fits([row] * 2500)


@given(st.text(max_size=50), st.integers(-(2**53), 2**53), st.integers(0, 2**53))
def test_a_row_never_takes_more_bytes_than_counted(text: str, units: int, held: int) -> None:
    row = Observation(text, text, units, held, text, text, text, text)
    assert len(msgspec.json.encode(row)) <= wire_bytes([row])
    assert len(json.dumps(msgspec.to_builtins(row))) <= wire_bytes([row])


def test_a_cursor_reads_back_and_a_foreign_one_is_refused() -> None:
    assert from_cursor(to_cursor(Place(3)), Place) == Place(3)
    with pytest.raises(BadCursorError):
        from_cursor('{"at":"three"}', Place)

"""Changes that make runs dearer without anybody noticing: budgets in a file fail the build."""

import json
from collections.abc import Mapping

import pytest

from bench.__main__ import BUDGETS
from bench.reconcile import RunCost, cases, frames_read_for_fifty, peaks

ROWS = 100_000
MEGABYTE = 2**20


@pytest.fixture(scope="module")
def costs() -> Mapping[str, RunCost]:
    return {cost.case: cost for cost in cases(ROWS)}


@pytest.fixture(scope="module")
def budgets() -> Mapping[str, float]:
    loaded: dict[str, dict[str, float]] = json.loads(BUDGETS.read_text())
    return loaded[str(ROWS)]


def test_every_run_keeps_its_budget(
    costs: Mapping[str, RunCost], budgets: Mapping[str, float]
) -> None:
    checked = 0
    for what, limit in budgets.items():
        case, _, figure = what.partition(": ")
        if case in costs:
            assert getattr(costs[case], figure) <= limit, what
            checked += 1
    assert checked == 4


def test_a_run_costs_a_fiftieth_of_one_item_a_row(costs: Mapping[str, RunCost]) -> None:
    for cost in costs.values():
        assert float(cost.dollars) * 50 <= float(cost.dollars_item_a_row), cost.case


def test_fifty_rows_are_read_from_few_blobs(budgets: Mapping[str, float]) -> None:
    assert frames_read_for_fifty(ROWS) <= budgets["blobs read for 50 rows"]


def test_no_step_holds_an_account_in_memory() -> None:
    """Ten times the rows take about the same memory: what grows are plans and manifests only."""
    small, large = peaks(10_000), peaks(ROWS)
    assert large["compare"] < 2.5 * small["compare"] + 8 * MEGABYTE
    assert max(large.values()) < 64 * MEGABYTE

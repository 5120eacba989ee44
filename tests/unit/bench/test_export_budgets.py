"""Changes that make exports dearer without anybody noticing."""

import json

import pytest

from bench.exports import BUDGETS, WRITERS, apart, measured, ratios

ROWS = 10_000


def test_exports_keep_their_budgets() -> None:
    budgets: dict[str, float] = json.loads(BUDGETS.read_text())["exports"]
    reached = ratios({writer: apart(writer, ROWS) for writer in ("trueup", "openpyxl")})
    assert budgets.keys() == reached.keys()
    for what, limit in budgets.items():
        assert reached[what] <= limit, what


@pytest.mark.parametrize("writer", ["trueup", "trueup csv", "openpyxl"])
def test_figures_are_of_the_rows_that_were_asked_for(writer: str) -> None:
    small, large = measured(writer, 200), measured(writer, 2_000)
    assert (small.rows, large.rows) == (200, 2_000)
    assert 5 * small.size < large.size < 12 * small.size
    assert writer in WRITERS

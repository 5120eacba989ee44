"""Changes that make exports dearer without anybody noticing."""

import json

import pytest

from bench.exporting import end_to_end, missed_of
from bench.exports import BUDGETS, WRITERS, apart, measured, ratios
from trueup.domain.exports import Format

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


@pytest.mark.parametrize("kind", list(Format))
def test_an_export_from_end_to_end_keeps_its_budgets(kind: Format) -> None:
    built = end_to_end(2_000, kind)
    assert missed_of(built) == []
    assert built.size > 20 * built.rows
    assert built.first_part is None

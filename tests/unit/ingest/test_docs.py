"""Finds: columns and limits that the documentation does not tell, or tells otherwise."""

import re
from pathlib import Path

import pytest

from trueup.domain.imports import ImportState
from trueup.usecases.ingest import movement_rows
from trueup.usecases.ingest.columns import Layout
from trueup.usecases.ingest.listed import LISTED
from trueup.usecases.ingest.positions import POSITIONS

DOCS = (Path(__file__).parents[3] / "docs" / "imports.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("title", "layout"),
    [
        ("Baselines", POSITIONS.layout),
        ("Listings", LISTED.layout),
        ("Movements", movement_rows.LAYOUT),
    ],
)
def test_every_column_is_described(title: str, layout: Layout) -> None:
    section = DOCS.split(f"## {title}")[1].split("\n## ")[0]
    table = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| `")]
    described = [name for cells in table for name in re.findall(r"`(\w+)`", " ".join(cells))]
    assert sorted(described) == sorted(layout.names())


@pytest.mark.parametrize("state", list(ImportState))
def test_every_state_is_described(state: ImportState) -> None:
    assert f"`{state}`" in DOCS

"""Documents that name columns which there are none of, or leave some out."""

import re
from pathlib import Path

from trueup.domain.exports import View
from trueup.usecases.exports.catalogue import CATALOGUE, ROWS

TEXT = (Path(__file__).parents[3] / "docs" / "exports.md").read_text()


def test_every_column_is_documented_under_its_view() -> None:
    section = TEXT.split("## Columns\n")[1].split("\n## ")[0]
    told = dict(re.findall(r"^- \*\*(\w+)\*\*: ((?:.+\n(?:  .+\n)*))", section, re.MULTILINE))
    shared = {field.name for field in ROWS}
    for view in View:
        names = set(re.findall(r"`([\w.]+)`(★?)", told[view]))
        known = {
            (field.name, "★" if field.usual else "")
            for field in CATALOGUE[view]
            if view is not View.EXCEPTIONS or field.name not in shared
        }
        assert names == known

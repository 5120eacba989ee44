"""Finds a table of features, or a page of limits, that says something else than the code does."""

import ast
import importlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel

from local.paths import ROOT

DOCS = ROOT / "docs"
FEATURES = (DOCS / "features.md").read_text(encoding="utf-8")
LIMITS = (DOCS / "limits.md").read_text(encoding="utf-8")
SCHEMAS = (DOCS / "openapi.json", DOCS / "channels" / "contract.schema.json")
LINES = {"F": 53, "N": 49, "V": 26, "B": 67, "S": 25}
STATES = ["works", "partly", "not yet"]
SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
BYTES = {"": 1, "bytes": 1, "MB": 10**6, "MiB": 2**20}
TIMES = {
    "_SECONDS": 1,
    "_MS": 0.001,
    "Timeout": 1,
    "Validity": 60,
    "Days": 86_400,
    "_DAYS": 86_400,
}


class Feature(NamedTuple):
    id: str
    name: str
    state: str
    where: str
    tests: str


class Limit(NamedTuple):
    what: str
    limit: str
    source: str


def table(text: str, width: int) -> Iterator[list[str]]:
    """The cells of all rows of that many columns, headings aside."""
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        for line in block.splitlines()[2:]:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if len(cells) == width:
                yield cells


def features() -> list[Feature]:
    return [Feature(*cells) for cells in table(FEATURES.split("\n## ", 1)[1], 5)]


def coded(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@cache
def defined(path: Path) -> frozenset[str]:
    """Names of the functions in a module, those of its classes too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_line_is_there_once_and_in_order() -> None:
    wanted = [f"{part}{n:02d}" for part, count in LINES.items() for n in range(1, count + 1)]
    assert [feature.id for feature in features()] == wanted
    assert all(feature.name for feature in features())


def test_states_are_of_the_three_and_counted_right() -> None:
    found = {part: Counter[str]() for part in [*LINES, "**all**"]}
    for feature in features():
        assert feature.state in STATES, feature.id
        found[feature.id[0]][feature.state] += 1
        found["**all**"][feature.state] += 1
    counted = {
        cells[0]: list(map(int, cells[1:])) for cells in table(FEATURES.split("\n## ")[0], 5)
    }
    assert counted == {
        part: [*(counts[state] for state in STATES), counts.total()]
        for part, counts in found.items()
    }


@pytest.mark.parametrize("feature", features(), ids=lambda feature: feature.id)
def test_what_is_there_is_shown_by_tests_that_exist(feature: Feature) -> None:
    tests = coded(feature.tests)
    assert bool(tests) == (feature.state != "not yet")
    assert feature.where or feature.state == "not yet"
    for test in tests:
        path, name = test.split("::")
        assert name.startswith("test_")
        assert path.startswith("tests/")
        assert name in defined(ROOT / path), test


def operations() -> set[str]:
    paths = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


@pytest.mark.parametrize("feature", features(), ids=lambda feature: feature.id)
def test_routes_files_and_fields_are_there(feature: Feature) -> None:
    names = "".join(path.read_text(encoding="utf-8") for path in SCHEMAS)
    for named in coded(feature.where):
        if " /" in named:
            assert named in operations()
        elif "/" in named:
            assert (ROOT / named).is_file()
        else:
            assert f'"{named}"' in names, named


@pytest.mark.parametrize("page", ["features.md", "limits.md", "why.md"])
def test_every_link_leads_to_a_heading(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", (DOCS / page).read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        headings = re.findall(r"^#+ (.*)$", (DOCS / path).read_text(encoding="utf-8"), re.MULTILINE)
        assert not anchor or anchor in map(slug, headings), target


def limits() -> list[Limit]:
    return [Limit(*cells) for cells in table(LIMITS, 3)]


def settled(source: str, template: dict[str, Any]) -> Any:
    """What a source names: a constant, a bound of a model's field, or a value of the template."""
    return _constant(source) if source.startswith("trueup") else _in_template(source, template)


def _constant(source: str) -> Any:
    path, key = re.fullmatch(r"([\w.]+?)(?:\[(\w+)\])?", source).groups()  # type: ignore[union-attr]
    parts = path.split(".")
    if parts[-1] == "max_length":
        *module, model, field, bound = parts
        kind = getattr(importlib.import_module(".".join(module)), model)
        assert issubclass(kind, BaseModel)
        metadata = kind.model_fields[field].metadata
        return next(getattr(m, bound) for m in metadata if getattr(m, bound, None) is not None)
    value = getattr(importlib.import_module(".".join(parts[:-1])), parts[-1])
    return value[key] if key else value


def _in_template(source: str, template: dict[str, Any]) -> Any:
    first, *rest = source.split(".")
    found: Any = template["Mappings"].get(first) or template["Resources"][first]["Properties"]
    for part in rest:
        found = found[int(part)] if isinstance(found, list) else found[part]
    return found


def seconds(source: str, value: Any) -> float | None:
    """How long it is, by its type or the end of its name; None where it is no time."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return next((value * unit for end, unit in TIMES.items() if source.endswith(end)), None)


def test_there_are_limits() -> None:
    assert len(limits()) > 50
    assert len({limit.source for limit in limits()}) == len(limits())


@pytest.mark.parametrize("limit", limits(), ids=lambda limit: limit.source.strip("`"))
def test_a_limit_is_what_the_code_says(limit: Limit, template: dict[str, Any]) -> None:
    (source,) = coded(limit.source)
    number, _, unit = limit.limit.partition(" ")
    value = settled(source, template)
    said = int(number.replace(",", ""))
    lasting = seconds(source, value)
    if lasting is None:
        assert said * BYTES[unit] == value
    else:
        assert said * SECONDS[unit] == lasting

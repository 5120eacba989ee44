"""Finds what the operator's documentation forgot, or still describes."""

import re
from typing import Any

from local.paths import ROOT
from local.policies import Resources
from tests.infra.find import of_type

DEPLOY = (ROOT / "docs" / "deploy.md").read_text()


def section(title: str) -> str:
    return DEPLOY.split(f"## {title}\n")[1].split("\n## ")[0]


def named(text: str) -> set[str]:
    return set(re.findall(r"`([A-Z]\w+)`", text))


def test_every_parameter_is_described(template: dict[str, Any]) -> None:
    rows = "\n".join(re.findall(r"^\| `\w+` \|", section("Parameters"), re.MULTILINE))
    assert named(rows) == set(template["Parameters"])


def test_every_output_is_named(template: dict[str, Any]) -> None:
    assert named(section("Outputs")) == set(template["Outputs"])


def test_every_alarm_says_what_to_do(written: Resources) -> None:
    first_cells = "\n".join(re.findall(r"^\| (`.*?) \|", section("Alarms"), re.MULTILINE))
    assert named(first_cells) == set(of_type(written, "AWS::CloudWatch::Alarm"))


def test_every_make_target_has_a_line_of_help() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split()
    assert set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)) == set(phony)
    assert {"setup", "run", "test", "check", "bench", "help"} <= set(phony)


def test_locks_name_no_index_and_no_path() -> None:
    locks = [*ROOT.glob("requirements-*.txt"), *ROOT.rglob("layers/*/requirements.txt")]
    assert locks
    for lock in locks:
        assert not re.search(r"^\s*--(index|extra|find)|://|^/", lock.read_text(), re.MULTILINE)

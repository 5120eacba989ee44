"""Handlers that do not take the events that AWS sends them; the samples in events/ are those."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.api.api_world import ApiWorld, row

ROOT = Path(__file__).parents[3]


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_bytes())
    return event


def module(name: str) -> ModuleType:
    path = ROOT / "functions" / name / "app.py"
    spec = importlib.util.spec_from_file_location(f"{name}_app", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_the_api_answers_its_sample(api: ApiWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    api.connect("sandbox-eu", "demo")
    api.compared({"1": [row("A", 3, 4)]}, seller="demo", account="sandbox-eu")
    app = module("api")
    monkeypatch.setattr(app, "deployed", lambda: api.handler)
    answer = app.handler(sample("api"), None)
    assert answer["statusCode"] == 200
    assert [found["gap"] for found in json.loads(answer["body"])["rows"]] == [-1]


def test_the_token_trigger_answers_its_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    app = module("pre_token")
    event = sample("pre_token")
    member = {"pk": event["userName"], "seller": "demo", "roles": ["operator", "viewer"]}

    class Wired:
        class members:  # noqa: N801 - stands for an attribute
            @staticmethod
            def find(user: str) -> dict[str, Any] | None:
                return member if user == member["pk"] else None

    monkeypatch.setattr(app, "wiring", lambda _: Wired)
    answer = app.handler(event, None)
    access = answer["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"]
    assert access["claimsToAddOrOverride"] == {"seller": "demo", "roles": "operator viewer"}
    assert answer["request"] == event["request"]

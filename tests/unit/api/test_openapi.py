"""An OpenAPI document that says something else than the code does."""

import json
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator

from tests.unit.api.api_world import ApiWorld
from trueup_api.openapi import document
from trueup_api.table import ROUTES

WRITTEN = Path(__file__).parents[3] / "docs" / "openapi.json"


def test_the_written_document_is_the_generated_one() -> None:
    """`python -m trueup_api.openapi docs/openapi.json` (with functions/api on the path)."""
    assert json.loads(WRITTEN.read_text()) == json.loads(json.dumps(document()))


def test_it_is_served_to_everybody(api: ApiWorld) -> None:
    reply = api.call("GET", "/openapi.json", anonymous=True)
    assert reply.status == 200
    assert reply.body == document()
    assert api.call("GET", "/health", anonymous=True).body == {"status": "ok"}


def test_examples_fit_their_schemas() -> None:
    whole = document()
    tried = 0
    for path in whole["paths"].values():
        for operation in path.values():
            for content in _contents(operation):
                if "example" in content:
                    schema = content["schema"] | {"components": whole["components"]}
                    Draft202012Validator(schema).validate(content["example"])
                    tried += 1
    assert tried == sum(bool(route.example) for route in ROUTES)


def test_every_route_has_its_own_name_and_role() -> None:
    operations = [o for path in document()["paths"].values() for o in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names)) == len(ROUTES) + 2


def _contents(operation: dict[str, Any]) -> list[dict[str, Any]]:
    body = operation.get("requestBody", {}).get("content", {})
    answers = [answer.get("content", {}) for answer in operation["responses"].values()]
    return [content for part in (body, *answers) for content in part.values()]

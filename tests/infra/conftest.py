"""The template, as written and as SAM expands it."""

from typing import Any

import pytest

from local import policies, templates
from local.paths import TEMPLATE
from local.policies import Resources


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return templates.load(TEMPLATE)


@pytest.fixture(scope="session")
def written(template: dict[str, Any]) -> Resources:
    resources: Resources = template["Resources"]
    return resources


@pytest.fixture(scope="session")
def expanded() -> Resources:
    return policies.expanded()

"""Options for testing a connector that is deployed somewhere."""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("connector", "a deployed channel connector")
    group.addoption("--connector-function", help="name or ARN of the connector's Lambda")
    group.addoption("--connector-account", type=Path, help="JSON file of an account to test it on")
    group.addoption("--connector-push", action="store_true", help="set two items and set them back")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without a deployed connector there is nothing for its test to collect."""
    deployed = config.getoption("--connector-function", default=None)
    return True if collection_path.name == "test_deployed.py" and not deployed else None

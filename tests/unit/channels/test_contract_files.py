"""For drift between the contract's types and what others read: its schema and the sample events."""

import ast
import sys
from pathlib import Path

import msgspec
import pytest

from sandbox_orders import Order
from trueup.channel.contract import Request
from trueup.channel.schema import schema_text

ROOT = Path(__file__).parents[3]
KINDS = ("vendure", "file", "sandbox")
OUTSIDE = {"boto3", "botocore", "httpx", "msgspec"}


def test_the_published_schema_is_current() -> None:
    assert (ROOT / "docs/channels/contract.schema.json").read_text() == schema_text()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("operation", ["describe", "fetch", "push", "check"])
def test_each_operation_of_each_connector_has_a_sample_event(kind: str, operation: str) -> None:
    sample = (ROOT / f"events/channel_{kind}_{operation}.json").read_bytes()
    request = msgspec.json.decode(sample, type=Request)
    assert msgspec.to_builtins(request)["operation"] == operation
    assert request.account.account == kind


@pytest.mark.parametrize("path", sorted((ROOT / "events").glob("channel_sandbox_owner_*.json")))
def test_sample_orders_of_the_sandbox_are_orders(path: Path) -> None:
    assert msgspec.json.decode(path.read_bytes(), type=Order)


@pytest.mark.parametrize("kind", KINDS)
def test_a_connector_imports_only_itself_and_the_contract(kind: str) -> None:
    folder = ROOT / "functions/channels" / kind
    allowed = OUTSIDE | sys.stdlib_module_names | {path.stem for path in folder.glob("*.py")}
    for path in folder.glob("*.py"):
        for module in _imported(path):
            own = module.split(".")[0] in allowed or module.startswith("trueup.channel.")
            assert own, f"{path.name} imports {module}"


def _imported(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return found

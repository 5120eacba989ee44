"""Connectors that ship with the product, and where to read about them."""

from dataclasses import dataclass

_DOCS = "docs/channels"


@dataclass(frozen=True, slots=True)
class Connector:
    """`documentation` is a path in the product's repository."""

    kind: str
    name: str
    documentation: str


CONNECTORS = (
    Connector("file", "CSV files", f"{_DOCS}/file.md"),
    Connector("sandbox", "Sandbox", f"{_DOCS}/sandbox.md"),
    Connector("vendure", "Vendure", f"{_DOCS}/vendure.md"),
)
"""Others may be deployed beside them: any kind whose function exists can be connected."""

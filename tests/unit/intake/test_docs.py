"""Finds: a field, kind or domain that the documentation forgot, or an example that is refused."""

import json
import re
from pathlib import Path

from tests.unit.intake.gate_world import GateWorld
from trueup.domain.sources import Domain
from trueup.usecases.intake.events import KINDS, Event
from trueup.usecases.intake.messages import take_message
from trueup.usecases.intake.taking import Fate, Gate

DOCS = (Path(__file__).parents[3] / "docs" / "ledger.md").read_text(encoding="utf-8")
SECTION = DOCS.split("## Sending movements\n")[1].split("\n## ")[0]


def first_cells(table: str) -> set[str]:
    """Words in code of the first cells of the table that begins with this title."""
    rows = SECTION.split(f"| {table} |")[1].split("\n\n")[0].splitlines()[2:]
    return {word for row in rows for word in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_every_field_kind_and_domain_is_described() -> None:
    assert first_cells("field") == set(Event.model_fields)
    assert first_cells("kind") == set(KINDS)
    assert first_cells("domain") == {domain.value for domain in Domain}


def test_examples_are_taken() -> None:
    world = GateWorld()
    (batch,) = re.findall(r"```json\n(.*?)```", SECTION, re.DOTALL)
    given = json.loads(batch)
    assert world.fates(*given["movements"], source=given["source"]) == [Fate.ACCEPTED]
    (message,) = re.findall(r"--message-body \\\n  '(.*?)'", SECTION)

    def gate(seller: str) -> Gate:
        return Gate(world.registries.of(seller), world.ledger, world.clock)

    assert take_message(gate, "1", message).problems == ()

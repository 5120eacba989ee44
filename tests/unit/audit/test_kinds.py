"""For the kind of record that nobody thought about: people change it, and no trail tells."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import trueup
from trueup.domain.accounts import Entity

UNAUDITED = {
    "alert": "what thresholds found, with the run that did",
    "audit": "the trail itself",
    "audit-due": "when ledgers are anchored",
    "audit-tip": "the trail's head",
    "auditof": "finds records of the trail",
    "check": "work that is left of a run",
    "docket": "what runs need to know of a case, derived from it",
    "export": "changes nothing, and says itself who asked for it",
    "export-slot": "held by an open export",
    "fetch": "how far a fetch has come",
    "force-planning": "how far the making of a plan has come",
    "force-slot": "claimed with its plan, which is audited",
    "history": "figures of a run",
    "housekeeping": "when old versions are forgotten",
    "lease": "who may write just now",
    "ledger-due": "when a book is closed",
    "ledger-head": "derived from the ledger, never changes an answer",
    "ledger-version": "as ledger-head",
    "notice": "an event on its way",
    "overlay": "a row that was compared again; what was asked for changes nothing people set",
    "passage": "how far an import has come",
    "proposal-key": "recognises a repeated proposal",
    "push-chunk": "the push log, which tells of a plan that is audited",
    "rate": "calls that are left",
    "receipt": "recognises a repeated request",
    "remainder": "counted from the rows and the acceptances",
    "replay": "changes nothing, and says itself who asked for it",
    "retried-rows": "what a retry is asked about, whose plan is audited",
    "seen-again": "moves with its head, which is audited",
    "sighting": "since when a cause is there",
    "tending": "work that is left of a run",
    "topush": "follows from an adjustment, which is audited",
    "undo-of": "finds the undo of a plan, which is audited",
    "variance-due": "work that is left of a baseline",
    "variance-run": "figures of a baseline's comparison",
    "variance-tending": "work that is left of a baseline or a count",
    "version": "moves with its head, which is audited",
}
"""Each with the reason. What is not here is audited."""


def kinds() -> list[type[Entity]]:
    for module in pkgutil.walk_packages(trueup.__path__, "trueup."):
        importlib.import_module(module.name)
    ours = (kind for kind in _below(Entity) if kind.__module__.startswith("trueup."))
    return sorted(set(ours), key=lambda kind: kind.record)


def _below(kind: type[Entity]) -> Iterator[type[Entity]]:
    for found in kind.__subclasses__():
        yield found
        yield from _below(found)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.record)
def test_every_kind_says_itself_whether_it_is_audited(kind: type[Entity]) -> None:
    assert "audited" in vars(kind), f"{kind.__name__} has to say `audited: ClassVar[bool]`"
    assert kind.audited is (kind.record not in UNAUDITED), kind.record


def test_the_reasons_are_of_kinds_that_are_there() -> None:
    assert set(UNAUDITED) <= {kind.record for kind in kinds()}


def test_only_the_trail_is_kept_in_its_table() -> None:
    assert {kind.record for kind in kinds() if kind.store == "audit"} == {"audit", "auditof"}

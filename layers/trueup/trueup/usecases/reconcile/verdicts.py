"""What a sheet keeps of an explanation, and what is read from it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from trueup.books.schema import RowUnknown
from trueup.domain.outcomes import Outcome
from trueup.domain.stock import Terms
from trueup.explain.facts import Cause, Evidence, Explanation, Finding

POLICY = frozenset(
    {
        Cause.ALLOCATION,
        Cause.BUFFER,
        Cause.BACKORDER,
        Cause.FLOOR_AT_ZERO,
        Cause.PACK_REMAINDER,
        Cause.CAP,
    }
)
"""Causes between sellable and publishable: they follow from the row, and are not stored."""

MAX_LISTED = 20
"""Ids that a stored cause names of each kind; the evidence says how many there are."""

_Stored = tuple[str, int, Evidence]
_read = msgspec.json.Decoder(list[_Stored]).decode


@dataclass(frozen=True, slots=True)
class Verdict:
    """The columns that a sheet has of an explanation, and its outcome."""

    outcome: Outcome
    cause: str = ""
    causes: str = ""
    unexplained: int = 0
    settling_until: int = 0
    stale_since: int = 0


UNSAID = Verdict(Outcome.EXCEPTION)
"""Of a row that has no gap to explain."""


def terms_of(values: Mapping[str, Any], allocation: int) -> Terms:
    """The terms of a row in the ROWS columns."""
    return Terms(
        pack_size=values["pack_size"],
        buffer=values["buffer"],
        backorder=values["backorder"],
        cap=None if values["unknown"] & RowUnknown.CAP else values["cap"],
        allocation=allocation,
    )


def verdict_of(explanation: Explanation) -> Verdict:
    found = [f for f in explanation.findings if f.cause not in POLICY]
    return Verdict(
        outcome=explanation.outcome,
        cause=found[0].cause.value if found else "",
        causes=written(found),
        unexplained=explanation.unexplained,
        settling_until=explanation.settling_until or 0,
        stale_since=explanation.stale_since or 0,
    )


def written(findings: Sequence[Finding]) -> str:
    """As a sheet keeps them."""
    if not findings:
        return ""
    stored = [(f.cause.value, f.units, _bounded(f.evidence)) for f in findings]
    return msgspec.json.encode(stored).decode()


def findings_in(causes: str) -> list[Finding]:
    """The inverse of `written`."""
    if not causes:
        return []
    return [Finding(Cause(cause), units, evidence) for cause, units, evidence in _read(causes)]


def _bounded(evidence: Evidence) -> Evidence:
    """The evidence, of long lists only the beginning and how long they are."""
    kept: Evidence = {}
    for name, value in evidence.items():
        kept[name] = value[:MAX_LISTED] if isinstance(value, list) else value
        if isinstance(value, list) and len(value) > MAX_LISTED:
            kept[f"{name}_in_all"] = len(value)
    return kept

"""Causes that were found at an earlier capture and cannot be seen any more.

What shows that a quantity was edited by hand is the change between two captures, and movements
leave the evidence when a book is closed. While the gap stays what it was, so does its cause.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trueup.domain.outcomes import GAPS, Outcome
from trueup.explain.facts import Explanation, Facts, Finding
from trueup.usecases.reconcile.verdicts import POLICY, findings_in


def remembered(
    explanation: Explanation, facts: Facts, before: Mapping[str, Any] | None
) -> Explanation:
    """The explanation with the causes of the version before, where it has none of its own.

    They are an exception from then on: what passes by itself would have been seen to.
    """
    if not explanation.unexplained or before is None or before["reason"] not in GAPS:
        return explanation
    if any(finding.cause not in POLICY for finding in explanation.findings):
        return explanation
    known = findings_in(before.get("causes", ""))
    same = (facts.publishable - facts.reported) * facts.terms.pack_size == _gap(before)
    if not known or not same or _units(known) != explanation.unexplained:
        return explanation
    return msgspec.structs.replace(
        explanation,
        findings=(*explanation.findings, *known),
        unexplained=0,
        outcome=Outcome.EXCEPTION,
        stale_since=before["stale_since"] or before["settling_until"] or None,
    )


def _units(findings: list[Finding]) -> int:
    return sum(finding.units for finding in findings)


def _gap(values: Mapping[str, Any]) -> int:
    gap: int = (values["publishable"] - values["reported"]) * values["pack_size"]
    return gap

"""Why a row's delta is not zero, and since when, as people see it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from trueup.books.schema import RowUnknown
from trueup.domain.exceptions import cause_of
from trueup.domain.outcomes import Outcome, Reason, outcome_of
from trueup.domain.stock import delta
from trueup.domain.time import from_milliseconds, milliseconds
from trueup.explain.facts import Finding
from trueup.explain.policy import policy
from trueup.explain.words import sentence
from trueup.usecases.reconcile.verdicts import findings_in, terms_of

Values = Mapping[str, Any]


CauseName = Literal[
    "push_not_visible",
    "lag",
    "missed_event",
    "duplicate_event",
    "orders_not_imported",
    "channel_sold",
    "in_transit",
    "hold_shown",
    "reservation_twice",
    "overwritten",
    "hand_edit",
    "pack_as_units",
    "swapped_locations",
    "kit_component",
    "pool",
    "moved_between_snapshots",
    "unexplained",
    "not_listed",
    "not_on_channel",
    "unknown",
    "stale",
]
"""What rows that do not match are counted under."""


class CauseView(BaseModel):
    """A cause and its share of the delta, base units, with the sign of the share.

    `sentence` says it in English. `evidence`: ids of movements (``source:id``), pushes and
    orders, instants and quantities.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    cause: str
    units: int
    sentence: str
    evidence: dict[str, str | int | list[str]]


def why(values: Values, allocation: int, captured_at: datetime) -> dict[str, Any]:
    """The fields of a row's view that say why and since when."""
    at = milliseconds(captured_at)
    gap_of_all = _delta(values)
    causes = [] if gap_of_all is None else list(_findings(values, allocation))
    told = sum(finding.units for finding in causes)
    return {
        "cause": cause_word(values),
        "causes": [_cause_view(finding, at) for finding in causes],
        "unexplained": None if gap_of_all is None else gap_of_all - told,
        "first_diverged_at": _instant(values, "diverged_at"),
        "last_agreed_at": _instant(values, "agreed_at"),
        "settling_until": _instant(values, "settling_until"),
        "stale_since": _instant(values, "stale_since"),
    }


def cause_word(values: Values) -> str | None:
    """The primary cause of a row that does not match, or what stands for one."""
    reason = Reason(values["reason"])
    if outcome_of(reason) is Outcome.MATCH:
        return None
    return cause_of(reason, values.get("cause", ""))


def unsaid(values: Values) -> bool:
    """Whether it does not match, and is from a page, which does not say why."""
    return "causes" not in values and cause_word(values) is not None


def _findings(values: Values, allocation: int) -> list[Finding]:
    known = policy(values["sellable"], terms_of(values, allocation))
    return [*known, *findings_in(values.get("causes", ""))]


def _cause_view(finding: Finding, captured_at: int) -> CauseView:
    return CauseView.model_construct(
        cause=finding.cause.value,
        units=finding.units,
        sentence=sentence(finding, captured_at),
        evidence=finding.evidence,
    )


def _delta(values: Values) -> int | None:
    if values["unknown"] & (RowUnknown.SELLABLE | RowUnknown.REPORTED):
        return None
    return delta(values["sellable"], values["reported"], values["pack_size"])


def _instant(values: Values, name: str) -> datetime | None:
    since = values.get(name, 0)
    return from_milliseconds(since) if since else None

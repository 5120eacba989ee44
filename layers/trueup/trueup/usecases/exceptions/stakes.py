"""Rows that do not match, with what is at stake in each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueup.books.reader import BookReader
from trueup.books.schema import Unset
from trueup.domain.exceptions import Stake, cause_of
from trueup.domain.groups import MAX_SAMPLES, CauseGroup
from trueup.domain.outcomes import Outcome, Reason, outcome_of
from trueup.usecases.rows.candidates import gap_of

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Staked:
    """A row of a difference sheet. `value`: its gap at price, or nothing where that is unknown."""

    values: Values
    gap: int | None
    cause: str
    value: Mapping[str, int]
    listing: Values | None

    @property
    def key(self) -> str:
        return str(self.values["key"])

    @property
    def passing(self) -> bool:
        """It settles by itself."""
        return outcome_of(Reason(self.values["reason"])) is Outcome.EXPLAINED

    @property
    def oversold(self) -> bool:
        return (self.gap or 0) < 0 and self.values["publishable"] == 0

    @property
    def stake(self) -> Stake:
        return Stake(int(self.oversold), int(not self.value), self.value, abs(self.gap or 0))


class Counting:
    """Rows by cause, while they are being counted."""

    def __init__(self) -> None:
        self._figures: dict[str, Counter[str]] = {}
        self._value: dict[str, Counter[str]] = {}
        self._samples: dict[str, list[str]] = {}

    def add(self, rows: Iterable[Staked]) -> None:
        for row in rows:
            gap, cause = row.gap or 0, row.cause
            figures = self._figures.setdefault(cause, Counter())
            figures["rows"] += 1
            figures["explained"] += row.passing
            figures["units_over" if gap < 0 else "units_under"] += abs(gap)
            figures["oversold_rows"] += row.oversold
            figures["unvalued"] += not row.value
            self._value.setdefault(cause, Counter()).update(row.value)
            samples = self._samples.setdefault(cause, [])
            if len(samples) < MAX_SAMPLES:
                samples.append(row.key)

    def group(self, cause: str) -> CauseGroup:
        return CauseGroup(
            cause=cause,
            value=dict(sorted(self._value.get(cause, Counter()).items())),
            samples=tuple(self._samples.get(cause, ())),
            **self._figures.get(cause, Counter()),
        )


def row_cause(values: Values) -> str:
    return cause_of(Reason(values["reason"]), values.get("cause", ""))


def staked(rows: Sequence[Values], listings: BookReader | None) -> Iterator[Staked]:
    """Rows of a difference sheet, in the order of their keys, with what they are worth."""
    known = listings.get([row["key"] for row in rows]) if listings and rows else {}
    return (staked_row(row, known.get(row["key"])) for row in rows)


def staked_row(values: Values, listing: Values | None) -> Staked:
    gap = gap_of(values)
    return Staked(values, gap, row_cause(values), _value(gap, listing), listing)


def _value(gap: int | None, listing: Values | None) -> dict[str, int]:
    if gap is None or listing is None or listing["unset"] & Unset.PRICE:
        return {}
    currency = listing["currency"]
    return {currency: abs(gap) * listing["price"]} if currency else {}

"""Rows that do not match, with what is at stake in each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trueup.books.reader import BookReader
from trueup.books.schema import Unset
from trueup.domain.exceptions import Group, Stake, cause_of
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
    def group(self) -> Group:
        """A group of this row alone."""
        gap = self.gap or 0
        oversold = gap < 0 and self.values["publishable"] == 0
        return Group(
            cause=self.cause,
            rows=1,
            units_over=max(0, -gap),
            units_under=max(0, gap),
            oversold_rows=int(oversold),
            value=self.value,
            unvalued=int(not self.value),
            samples=(self.key,),
            passing=self.passing,
        )

    @property
    def stake(self) -> Stake:
        group = self.group
        return Stake(group.oversold_rows, group.unvalued, group.value, abs(self.gap or 0))


def row_cause(values: Values) -> str:
    return cause_of(Reason(values["reason"]), values.get("cause", ""))


def staked(rows: Sequence[Values], listings: BookReader | None) -> Iterator[Staked]:
    """Rows of a difference sheet, in the order of their keys, with what they are worth."""
    known = listings.get([row["key"] for row in rows]) if listings and rows else {}
    return (_staked(row, known.get(row["key"])) for row in rows)


def _staked(values: Values, listing: Values | None) -> Staked:
    gap = gap_of(values)
    return Staked(values, gap, row_cause(values), _value(gap, listing), listing)


def _value(gap: int | None, listing: Values | None) -> dict[str, int]:
    if gap is None or listing is None or listing["unset"] & Unset.PRICE:
        return {}
    currency = listing["currency"]
    return {currency: abs(gap) * listing["price"]} if currency else {}

"""Incidents: differences that share an account, a channel location and a cause, and their rank."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from trueup.domain.groups import CauseGroup
from trueup.domain.outcomes import Reason

T = TypeVar("T")

UNEXPLAINED = "unexplained"
"""The cause of rows that differ and of which no cause was found."""

CAUSE_OF: Mapping[Reason, str] = {
    Reason.NOT_LISTED: "not_listed",
    Reason.NOT_ON_CHANNEL: "not_on_channel",
    Reason.POSITION_UNKNOWN: "unknown",
    Reason.COMPONENT_UNKNOWN: "unknown",
    Reason.QUANTITY_UNKNOWN: "unknown",
    Reason.OUT_OF_RANGE: "unknown",
    Reason.STALE: "stale",
}
"""What stands for the cause of rows that have no delta to explain."""


def cause_of(reason: Reason, cause: str) -> str:
    """The incident that a row belongs to: its primary cause, else what its reason says."""
    return cause or CAUSE_OF.get(reason, UNEXPLAINED)


@dataclass(frozen=True, slots=True)
class Stake:
    """What makes something urgent. `unvalued`: rows whose money nobody knows."""

    oversold_rows: int
    unvalued: int
    value: Mapping[str, int]
    rows: int


def stake_of(group: CauseGroup) -> Stake:
    return Stake(group.oversold_rows, group.unvalued, group.value, group.rows)


def ranked(items: Iterable[T], stake: Callable[[T], Stake], name: Callable[[T], str]) -> list[T]:
    """The most urgent first. Money of different currencies is never added or converted.

    First what may oversell, then what has rows of unknown value, then the rest. Within each, by
    money: everything has a place within its own currency (its best one, where it has several),
    and the first of each currency come before the second of each. Then by rows, then by `name`.
    """
    known = [(item, stake(item)) for item in items]
    places = _places([at_stake.value for _, at_stake in known])
    last = len(known)

    def urgency(pair: tuple[T, Stake]) -> tuple[bool, bool, int, int, int, str]:
        item, at = pair
        place = min((places[c][v] for c, v in at.value.items() if v), default=last)
        return (
            not at.oversold_rows,
            not at.unvalued,
            place,
            -at.oversold_rows,
            -at.rows,
            name(item),
        )

    return [item for item, _ in sorted(known, key=urgency)]


def _places(values: Sequence[Mapping[str, int]]) -> dict[str, dict[int, int]]:
    """By currency: each amount's place among the amounts, the largest first, from 0."""
    amounts: dict[str, set[int]] = {}
    for value in values:
        for currency, amount in value.items():
            amounts.setdefault(currency, set()).add(amount)
    return {
        currency: {amount: place for place, amount in enumerate(sorted(of_it, reverse=True))}
        for currency, of_it in amounts.items()
    }

"""What a plan would do, counted row by row; and which limits of the account it is over."""

from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from typing import Any

from trueup.domain.force import (
    Amount,
    Change,
    ForceSettings,
    Over,
    PlanSummary,
    Skip,
    Urgency,
    in_share,
)
from trueup.domain.force import Share as Part
from trueup.usecases.force.planned_rows import Row

LARGEST = 20
_DOWN = (Urgency.OVERSOLD, Urgency.DECREASE)


class Counting:
    """Adds rows to what was counted before.

    Of the rows added here that would be pushed: `decreases` and `rest` by share, and those `above`
    what is publishable.
    """

    def __init__(self, before: PlanSummary) -> None:
        self._before = before
        self._sides = {True: Counter[str](), False: Counter[str]()}
        self._value = {True: Counter[str](), False: Counter[str]()}
        self._figures: Counter[str] = Counter()
        self._skipped: Counter[str] = Counter(before.skipped)
        self._largest = list(before.largest)
        self.decreases = self.rest = self.above = 0

    def add(self, location: str, rows: Iterable[Row]) -> None:
        for row in rows:
            self._figures["considered"] += 1
            if row["skip"]:
                self._skipped[Skip(row["skip"]).name.lower()] += 1
            else:
                self._pushed(location, row)
        self._largest = nsmallest(LARGEST, self._largest, key=_size)

    def _pushed(self, location: str, row: Row) -> None:
        down = row["urgency"] in _DOWN
        side = self._sides[down]
        side["rows"] += 1
        side["units"] += row["units"]
        side["unvalued"] += not row["valued"]
        if row["valued"]:
            self._value[down][row["currency"]] += row["value"]
        self._figures["to_zero"] += row["target"] == 0
        self._figures["oversold"] += row["urgency"] == Urgency.OVERSOLD
        self._figures["unexplained"] += row["unexplained"] > 0
        evident = in_share(row["urgency"], row["unexplained"], Part.DECREASES)
        self.decreases += evident
        self.rest += not evident
        self.above += row["target"] > row["publishable"]
        about = {name: row[name] for name in ("key", "showed", "target")}
        self._largest.append(Change(channel_location=location, **about))

    @property
    def summary(self) -> PlanSummary:
        before = self._before
        names = ("considered", "to_zero", "oversold", "unexplained")
        figures = {name: getattr(before, name) + self._figures[name] for name in names}
        changes: dict[str, Any] = {
            **figures,
            "up": self._amount(before.up, down=False),
            "down": self._amount(before.down, down=True),
            "skipped": dict(sorted(self._skipped.items())),
            "largest": tuple(self._largest),
        }
        return before.model_copy(update=changes)

    def _amount(self, before: Amount, *, down: bool) -> Amount:
        side, value = self._sides[down], Counter(before.value) + self._value[down]
        return Amount(
            rows=before.rows + side["rows"],
            units=before.units + side["units"],
            value=dict(sorted(value.items())),
            unvalued=before.unvalued + side["unvalued"],
        )


def _size(change: Change) -> tuple[int, str, str]:
    """The largest first: by channel units."""
    return (-abs(change.target - change.showed), change.channel_location, change.key)


def overs(summary: PlanSummary, settings: ForceSettings, rows: int, above: int) -> Iterator[Over]:
    """Which limits a plan is over. `rows`: of its locations; `above`: rows above publishable."""
    limits = (
        (Over.SHARE, settings.share, summary.rows * 100, (settings.share or 0) * rows),
        (Over.TO_ZERO, settings.to_zero, summary.to_zero, settings.to_zero),
        (Over.UNITS, settings.units, summary.up.units + summary.down.units, settings.units),
    )
    for over, limit, figure, allowed in limits:
        if limit is not None and figure > (allowed or 0):
            yield over
    yield from _over_value(summary, settings)
    if settings.unexplained is not None and summary.unexplained > settings.unexplained:
        yield Over.UNEXPLAINED
    if above:
        yield Over.ABOVE_PUBLISHABLE


def _over_value(summary: PlanSummary, settings: ForceSettings) -> Iterator[Over]:
    """What is worth something in another currency is of a value that is not known in this one."""
    if settings.value is None:
        return
    value = Counter(summary.up.value) + Counter(summary.down.value)
    if value[settings.value.currency] > settings.value.amount:
        yield Over.VALUE
    others = any(amount for name, amount in value.items() if name != settings.value.currency)
    if others or summary.up.unvalued or summary.down.unvalued:
        yield Over.VALUE_UNKNOWN

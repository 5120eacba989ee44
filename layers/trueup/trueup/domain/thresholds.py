"""Thresholds: how much may differ before people are told, and when they are told again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trueup.domain.accounts import Code, Entity, Slug, Units
from trueup.domain.runs import LocationResult, RunState, Tally
from trueup.domain.time import Instant

BASIS_POINTS = 10_000


class Measure(StrEnum):
    """What is measured of the rows of a run.

    `variance_rate`: differing of all that could be compared, in basis points, rounded up.
    `units`: channel units of all gaps, over and under. `value`: the same at price, in minor units
    of one currency. `oversold_rows`: rows of which nothing can be sold and the channel shows some.
    """

    VARIANCE_RATE = "variance_rate"
    UNITS = "units"
    VALUE = "value"
    OVERSOLD_ROWS = "oversold_rows"


class AlarmState(BaseModel):
    """A threshold that is crossed: its alert, and the figure that was told last."""

    model_config = ConfigDict(frozen=True)
    alert: str
    told: int


class Threshold(Entity):
    """Crossed while the figure of a run is above `limit`.

    Of one channel location, or (None) of all of an account together. `alarm` is set while it is
    crossed.
    """

    record: ClassVar[str] = "threshold"
    audited: ClassVar[bool] = True

    id: str
    account: Slug
    channel_location: Code | None = None
    measure: Measure
    currency: Annotated[str, StringConstraints(pattern=r"^([A-Z]{3})?$")] = ""
    limit: Units
    enabled: bool = True
    created_by: str
    created_at: Instant
    alarm: AlarmState | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.id)


class Alert(Entity):
    """One time that a threshold was crossed, from the run that did to the one that cleared it.

    `figure` is the first, `peak` the highest that was told, `latest` the last; `limit` is as it
    was when crossed. `cleared_by` is a run, or the user who changed or removed the threshold.
    """

    record: ClassVar[str] = "alert"
    audited: ClassVar[bool] = False

    id: str
    account: Slug
    threshold: str
    channel_location: Code | None = None
    measure: Measure
    currency: str = ""
    limit: int
    figure: int
    peak: int
    latest: int
    run: str
    crossed_at: Instant
    told: Annotated[int, Field(ge=1)] = 1
    """How many times people were told of it."""
    cleared_at: Instant | None = None
    cleared_by: str | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.id,)


class Check(Entity):
    """A run has ended whose figures are still to be held against the thresholds.

    Made in the transaction that ends the run, so that it is not lost, whoever dies.
    """

    record: ClassVar[str] = "check"
    audited: ClassVar[bool] = False

    account: Slug
    run: str
    due_at: Instant

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.run)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return ("alerts", self.due_at)


@dataclass(frozen=True, slots=True)
class Figure:
    """What a run found. `partial`: some location could not be compared, so it may be more."""

    value: int
    partial: bool


def figure_of(threshold: Threshold, results: Sequence[LocationResult]) -> Figure | None:
    """None where nothing that the threshold is about was compared."""
    place = threshold.channel_location
    mine = [result for result in results if place in (None, result.channel_location)]
    compared = [result for result in mine if result.state is RunState.SUCCEEDED]
    if not compared:
        return None
    tally = sum((result.tally for result in compared), Tally())
    return Figure(_measured(threshold, tally), partial=len(compared) < len(mine))


def _measured(threshold: Threshold, tally: Tally) -> int:
    match threshold.measure:
        case Measure.VARIANCE_RATE:
            return _rate(tally.differing, tally.matching + tally.differing)
        case Measure.UNITS:
            return tally.units_over + tally.units_under
        case Measure.VALUE:
            currency = threshold.currency
            return tally.value_over.get(currency, 0) + tally.value_under.get(currency, 0)
        case Measure.OVERSOLD_ROWS:
            return tally.oversold_rows


def _rate(part: int, whole: int) -> int:
    return -(-part * BASIS_POINTS // whole) if whole else 0


class Turn(StrEnum):
    """What a figure means for a threshold."""

    CROSSED = "crossed"
    WORSENED = "worsened"
    CLEARED = "cleared"
    QUIET = "quiet"


def turn(threshold: Threshold, figure: Figure) -> Turn:
    """Told when it is crossed, when it is a quarter (at least 1) more than was told, when cleared.

    A run that could not compare everything can cross a threshold, and cannot clear one.
    """
    above = figure.value > threshold.limit
    if threshold.alarm is None:
        return Turn.CROSSED if above else Turn.QUIET
    if not above:
        return Turn.QUIET if figure.partial else Turn.CLEARED
    worse = figure.value >= threshold.alarm.told + worsening(threshold.alarm.told)
    return Turn.WORSENED if worse else Turn.QUIET


def worsening(told: int) -> int:
    """How much more than what was told last is told again."""
    return max(1, -(-told // 4))

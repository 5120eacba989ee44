"""The rate that all Lambdas of one channel credential share: chunks of calls, granted ahead."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import ClassVar

from trueup.domain.accounts import Entity
from trueup.domain.time import Instant


class Rate(Entity):
    """A token bucket holding up to a minute's calls; `paused_until` stops everybody after a 429."""

    record: ClassVar[str] = "rate"
    audited: ClassVar[bool] = False

    credential: str
    calls: float
    refilled_at: Instant
    paused_until: Instant | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.credential,)


@dataclass(frozen=True, slots=True)
class Grant:
    """`calls` may be made now; where 0, ask again after `wait_seconds`. `rate` is to be stored."""

    calls: int
    wait_seconds: int
    rate: Rate


def full(credential: str, per_minute: int, now: datetime) -> Rate:
    return Rate(credential=credential, calls=float(per_minute), refilled_at=now)


def grant(rate: Rate, *, per_minute: int | None, want: int, now: datetime) -> Grant:
    """`want` calls out of the bucket (a minute's at most), or none until it holds as many.

    A few at a time would have the caller come back for each. None: no limit but a pause.
    """
    if rate.paused_until is not None and now < rate.paused_until:
        return Grant(0, ceil((rate.paused_until - now).total_seconds()), rate)
    if per_minute is None:
        return Grant(want, 0, rate)
    elapsed = max(0.0, (now - rate.refilled_at).total_seconds())
    level = min(float(per_minute), rate.calls + elapsed * per_minute / 60)
    calls = min(want, per_minute)
    if level < calls:
        return Grant(0, ceil((calls - level) * 60 / per_minute), rate)
    # Another Lambda's clock may be ahead: a minute is not refilled twice.
    latest = max(now, rate.refilled_at)
    return Grant(calls, 0, rate.model_copy(update={"calls": level - calls, "refilled_at": latest}))


def settle(rate: Rate, calls: int, per_minute: int) -> Rate:
    """Return calls that were granted and not made; fewer than 0: those made beyond the grant."""
    return rate.model_copy(update={"calls": min(float(per_minute), rate.calls + calls)})


def pause(rate: Rate, seconds: int, now: datetime) -> Rate:
    """Nobody calls for that long; a pause is never shortened."""
    until = now + timedelta(seconds=seconds)
    latest = until if rate.paused_until is None else max(until, rate.paused_until)
    return rate.model_copy(update={"paused_until": latest})

"""When an account is due: its cadence, in its own time zone."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from trueup.domain.accounts import Cadence


def is_open(cadence: Cadence, instant: datetime) -> bool:
    """Whether the local hour lies in the cadence's hours (which may wrap over midnight)."""
    start, end = cadence.from_hour % 24, cadence.to_hour % 24
    if start == end:
        return True
    hour = instant.astimezone(ZoneInfo(cadence.time_zone)).hour
    return start <= hour < end if start < end else hour >= start or hour < end


def next_due(cadence: Cadence, due: datetime, now: datetime) -> datetime:
    """The first instant after `now` on the cadence's beat from `due` that lies in its hours.

    Beats that were missed while the system was down are dropped, not caught up with.
    """
    step = timedelta(minutes=cadence.every_minutes)
    beats = max(0, (now - due) // step) + 1
    candidate = due + beats * step
    return candidate if is_open(cadence, candidate) else _opening(cadence, candidate)


def _opening(cadence: Cadence, after: datetime) -> datetime:
    """The next local `from_hour` after an instant. Hours that clocks skip open one hour later."""
    local = after.astimezone(ZoneInfo(cadence.time_zone))
    opening = local.replace(hour=cadence.from_hour % 24, minute=0, second=0, microsecond=0)
    if opening <= local:
        opening += timedelta(days=1)
    return opening.astimezone(after.tzinfo)

"""The one clock, and ids that sort by time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime
from ulid import ULID

Clock = Callable[[], datetime]
"""Answers the time now: timezone-aware, UTC. Tests pass one that they set."""

Instant = Annotated[datetime, AwareDatetime]
NewId = Callable[[], str]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def system_clock() -> datetime:
    """The time now, UTC."""
    return datetime.now(UTC)


def ulid_ids(clock: Clock) -> NewId:
    """Ids that sort by the clock's time (ULID: 26 characters)."""
    return lambda: str(ULID.from_datetime(clock()))


def iso(instant: datetime) -> str:
    """The instant as ISO 8601 in UTC with milliseconds and Z: text order is time order."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{instant.microsecond // 1000:03d}Z"
    )


def from_iso(text: str) -> datetime:
    """The inverse of `iso`."""
    return datetime.fromisoformat(text)


def milliseconds(instant: datetime) -> int:
    """Whole milliseconds since 1970 UTC."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def from_milliseconds(since: int) -> datetime:
    """The inverse of `milliseconds`."""
    return _EPOCH + timedelta(milliseconds=since)

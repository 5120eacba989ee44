"""Beats that are lost, doubled, or fall outside of an account's hours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from trueup.domain.accounts import Cadence
from trueup.domain.schedule import is_open, next_due

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 10 * 366 * 24 * 60).map(lambda m: EPOCH + timedelta(minutes=m))
CADENCES = st.builds(
    Cadence,
    every_minutes=st.integers(1, 3 * 24 * 60),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"]),
    from_hour=st.integers(0, 24),
    to_hour=st.integers(0, 24),
)


@given(CADENCES, INSTANTS, st.timedeltas(timedelta(days=-3), timedelta(days=30)))
def test_the_next_beat_lies_ahead(cadence: Cadence, due: datetime, late: timedelta) -> None:
    now = due + late
    assert next_due(cadence, due, now) > min(now, due)
    assert next_due(cadence, due, now) > now or late < timedelta(0)


@given(INSTANTS, st.integers(0, 1000))
def test_all_day_cadences_keep_their_beat(due: datetime, minutes_late: int) -> None:
    cadence = Cadence(every_minutes=15)
    following = next_due(cadence, due, due + timedelta(minutes=minutes_late))
    assert (following - due) % timedelta(minutes=15) == timedelta(0)
    assert following - (due + timedelta(minutes=minutes_late)) <= timedelta(minutes=15)


@given(CADENCES, INSTANTS)
def test_it_is_due_within_its_hours(cadence: Cadence, due: datetime) -> None:
    following = next_due(cadence, due, due)
    zone = ZoneInfo(cadence.time_zone)
    skipped_by_clock_change = (
        following.astimezone(zone).utcoffset()
        != (following - timedelta(hours=2)).astimezone(zone).utcoffset()
    )
    assert is_open(cadence, following) or skipped_by_clock_change


def test_hours_wrap_over_midnight_in_the_accounts_zone() -> None:
    cadence = Cadence(every_minutes=60, time_zone="Europe/Berlin", from_hour=22, to_hour=6)
    noon = datetime(2026, 1, 10, 12, tzinfo=UTC)
    assert next_due(cadence, noon, noon) == datetime(2026, 1, 10, 21, tzinfo=UTC)
    assert is_open(cadence, datetime(2026, 1, 11, 4, 59, tzinfo=UTC))
    assert not is_open(cadence, datetime(2026, 1, 11, 5, tzinfo=UTC))

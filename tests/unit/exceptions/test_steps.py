"""A capture that closes, reopens or forgets a case when it should not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from trueup.domain.cases import (
    RECURRENCE_WINDOW,
    RESOLVED_GRACE,
    CaseState,
    Docket,
    Subject,
    SubjectKind,
)
from trueup.domain.tending import Found, Step, step

SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROW = Subject(kind=SubjectKind.ROW, account="eu", location="1", what="SKU-1")
INCIDENT = Subject(kind=SubjectKind.INCIDENT, account="eu", location="1", what="lag")
HOUR = timedelta(hours=1)


def docket(state: CaseState, subject: Subject = ROW, **fields: Any) -> Docket:
    return Docket(subject=subject, case="C1", state=state, since=SINCE, **fields)


def after(subject: Docket, *, by: timedelta = 2 * HOUR, **found: Any) -> Step:
    at = SINCE + by
    return step(subject, Found(at, **{"waiting": 0, **found}), at)


@pytest.mark.parametrize("state", [CaseState.OPEN, CaseState.ASSIGNED])
def test_a_waiting_case_closes_once_it_matches(state: CaseState) -> None:
    assert after(docket(state)) is Step.CLOSE
    assert after(docket(state), waiting=1, gap=3) is Step.NOTHING


@pytest.mark.parametrize("state", list(CaseState))
def test_what_was_captured_before_the_last_change_says_nothing(state: CaseState) -> None:
    for waiting in (0, 1):
        assert after(docket(state, gap=1), by=timedelta(0), waiting=waiting) is Step.NOTHING


@pytest.mark.parametrize("state", list(CaseState))
def test_what_settles_by_itself_changes_no_case(state: CaseState) -> None:
    assert after(docket(state, gap=1), waiting=1, gap=9, passing=True) is Step.NOTHING


def test_an_accepted_row_reopens_when_its_gap_changes() -> None:
    accepted = docket(CaseState.ACCEPTED, gap=-2, expires_at=SINCE + 30 * HOUR)
    assert after(accepted, waiting=1, gap=-2) is Step.NOTHING
    assert after(accepted, waiting=1, gap=-3) is Step.REOPEN
    assert after(accepted, waiting=1, gap=None) is Step.REOPEN
    assert after(accepted) is Step.CLOSE


def test_an_acceptance_that_is_up_reopens_whatever_was_captured() -> None:
    accepted = docket(CaseState.ACCEPTED, gap=-2, expires_at=SINCE + HOUR)
    assert after(accepted, waiting=1, gap=-2) is Step.REOPEN


def test_an_accepted_incident_reopens_for_rows_that_are_not_accepted() -> None:
    accepted = docket(CaseState.ACCEPTED, INCIDENT, expires_at=SINCE + 30 * HOUR)
    assert after(accepted, waiting=0, accepted=90) is Step.NOTHING
    assert after(accepted, waiting=1, accepted=89) is Step.REOPEN
    assert after(accepted, waiting=0, accepted=0) is Step.CLOSE


def test_a_resolved_case_has_some_time_to_show() -> None:
    resolved = docket(CaseState.RESOLVED)
    assert after(resolved, by=RESOLVED_GRACE, waiting=1) is Step.NOTHING
    assert after(resolved, by=RESOLVED_GRACE + HOUR, waiting=1) is Step.REOPEN
    assert after(resolved, by=HOUR / 2) is Step.CONFIRM


def test_what_had_gone_and_is_back_within_the_window_is_a_recurrence() -> None:
    gone = docket(CaseState.RESOLVED, gone_at=SINCE + HOUR)
    assert after(gone) is Step.NOTHING
    assert after(gone, waiting=1) is Step.RECUR
    assert after(gone, by=RECURRENCE_WINDOW, waiting=1) is Step.RECUR
    late = RECURRENCE_WINDOW + HOUR
    assert after(gone, by=late, waiting=1) is Step.FORGET
    assert after(gone, by=late) is Step.FORGET

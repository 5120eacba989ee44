"""For the bug where an event is lost silently, or says something else than the run."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from trueup.adapters.clients import Clients
from trueup.adapters.events import EventBridge, run_detail
from trueup.domain.errors import RetryLaterError
from trueup.domain.notices import Notice
from trueup.domain.runs import LocationResult, Run, RunState, Tally, Trigger

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUN = Run(
    id="run-1",
    account="shop",
    channel="sandbox",
    trigger=Trigger.SCHEDULE,
    requested_by="schedule",
    state=RunState.PARTIAL,
    opened_at=NOW,
    deadline=NOW + timedelta(hours=1),
    locations=(
        LocationResult(
            channel_location="l1",
            state=RunState.SUCCEEDED,
            tally=Tally(rows=3, matching=1, differing=2, units_over=5, value_over={"EUR": 1}),
        ),
        LocationResult(channel_location="l2", state=RunState.FAILED, tally=Tally(rows=1)),
    ),
)


def bus(failed: int) -> tuple[EventBridge, Stubber]:
    client = Clients(
        region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    ).events
    stub = Stubber(client)
    entry: dict[str, Any] = {"Source": "trueup", "DetailType": "RunCompleted", "Detail": ANY}
    answer = {"FailedEntryCount": failed, "Entries": []}
    stub.add_response("put_events", answer, {"Entries": [entry]})
    stub.activate()
    return EventBridge(client), stub


def test_a_completed_run_is_announced_once() -> None:
    events, stub = bus(failed=0)
    events.run_completed("acme", RUN)
    stub.assert_no_pending_responses()


def test_an_event_that_was_not_taken_is_for_later() -> None:
    events, _ = bus(failed=1)
    with pytest.raises(RetryLaterError):
        events.run_completed("acme", RUN)


def test_the_detail_is_json_with_sums_over_locations() -> None:
    detail = json.loads(json.dumps(run_detail("acme", RUN)))
    assert (detail["schema"], detail["seller"], detail["run"]) == (1, "acme", "run-1")
    assert detail["state"] == "Partial"
    assert detail["locations"] == {"l1": "Succeeded", "l2": "Failed"}
    assert (detail["rows"], detail["differing"], detail["units_over"]) == (4, 2, 5)
    assert detail["finished_at"] is None


def test_an_event_has_as_many_locations_as_fit_and_counts_the_rest() -> None:
    states = [RunState.SUCCEEDED] * 480 + [RunState.FAILED] * 20
    results = tuple(
        LocationResult(channel_location=f"{n:03d}" + "\u5e93" * 253, state=s)
        for n, s in enumerate(states)
    )
    events, stub = bus(failed=0)
    run = RUN.model_copy(update={"locations": results})
    detail = run_detail("acme", run)
    assert len(json.dumps(detail, ensure_ascii=False).encode()) < 250_000
    assert list(detail["locations"].values()).count(RunState.FAILED) == 20
    assert 200 < len(detail["locations"]) == 500 - detail["locations_left_out"] < 500
    events.run_completed("acme", run)
    stub.assert_no_pending_responses()
    assert run_detail("acme", RUN)["locations_left_out"] == 0


@pytest.mark.parametrize("failed", [0, 1])
def test_a_notice_goes_out_as_it_is_or_is_for_later(failed: int) -> None:
    client = Clients(
        region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    ).events
    stub = Stubber(client)
    entry = {"Source": "trueup", "DetailType": "ThresholdCrossed", "Detail": '{"figure": 3}'}
    answer: dict[str, Any] = {"FailedEntryCount": failed, "Entries": []}
    stub.add_response("put_events", answer, {"Entries": [entry]})
    stub.activate()
    notice = Notice(id="n", kind="ThresholdCrossed", detail={"figure": 3}, due_at=NOW)
    if failed:
        with pytest.raises(RetryLaterError):
            EventBridge(client).noticed(notice)
    else:
        EventBridge(client).noticed(notice)
    stub.assert_no_pending_responses()

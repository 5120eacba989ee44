"""What every connector must do. Subclass `ConnectorConformance` and give it a fixture `subject`.

A connector that is deployed, in any language, is tested by

    pytest tests/contract/channels/test_deployed.py
        --connector-function NAME-OR-ARN --connector-account account.json [--connector-push]
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import pytest

from tests.contract.channels.pushing import PushConformance
from tests.contract.channels.subject import AMPLE, Subject
from trueup.channel.contract import LEAST_CALLS, Budget, FetchRequest

NOWHERE = "no-such-location"
NOTHING = "no such key"
LONGEST_SECONDS = 30


def _without(event: dict[str, Any], field: str) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != field}


# Requests that are not of the contract, made from a good one.
BAD_REQUESTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "empty": lambda _event: {},
    "no operation": lambda event: _without(event, "operation"),
    "unknown operation": lambda event: {**event, "operation": "destroy"},
    "no account": lambda event: _without(event, "account"),
    "no budget": lambda event: _without(event, "budget"),
    "no time": lambda event: {**event, "budget": {"milliseconds": 0}},
    "keys not a list": lambda event: {**event, "keys": "A"},
    "version of the future": lambda event: {**event, "version": 99},
}


class ReadConformance:
    def test_describe_tells_locations_and_abilities(self, subject: Subject) -> None:
        described = subject.describe()
        ids = [place.id for place in described.locations]
        assert ids
        assert len(set(ids)) == len(ids)
        assert described.abilities.can_push == (described.abilities.takes is not None)

    def test_describe_twice_says_the_same(self, subject: Subject) -> None:
        assert subject.describe() == subject.describe()

    def test_a_fetch_is_complete_and_fits_together(self, subject: Subject) -> None:
        walk = subject.walk()
        last = walk.answers[-1]
        assert walk.answers[0].first == 0
        assert last.cursor is None
        assert last.total in (None, last.end)
        assert len(walk.by_place) == len(walk.rows), "an item came twice"
        assert len(walk.rows) > 1, "the account under test needs at least two items"

    def test_rows_are_of_described_locations(self, subject: Subject) -> None:
        known = {place.id for place in subject.describe().locations}
        assert {row.location for row in subject.walk().rows} <= known

    def test_instants_have_an_offset(self, subject: Subject) -> None:
        for answer in subject.walk().answers:
            assert datetime.fromisoformat(answer.captured_at).tzinfo is not None

    @pytest.mark.parametrize("parts", [2, 3, 7])
    def test_a_fetch_in_parts_gives_the_same_rows(self, subject: Subject, parts: int) -> None:
        whole = subject.walk()
        places = len({row.location for row in whole.rows})
        budget = Budget(milliseconds=60_000, rows=max(places, len(whole.rows) // parts))
        walk = subject.walk(budget)
        assert walk.by_place == whole.by_place
        assert all(len(answer.rows) <= budget.rows for answer in walk.answers)
        assert len(walk.answers) > 1 or len(whole.rows) <= budget.rows

    def test_a_fetch_goes_on_from_any_of_its_cursors(self, subject: Subject) -> None:
        whole = subject.walk()
        places = len({row.location for row in whole.rows})
        budget = Budget(milliseconds=60_000, rows=max(places, len(whole.rows) // 4))
        answers = subject.walk(budget).answers
        for number, answer in enumerate(answers[:-1]):
            rest = subject.walk(budget, cursor=answer.cursor)
            given = {(row.location, row.key) for a in answers[: number + 1] for row in a.rows}
            assert set(rest.by_place) == set(whole.by_place) - given
            assert rest.answers[0].first == answer.end

    def test_few_calls_make_progress_and_are_not_exceeded(self, subject: Subject) -> None:
        walk = subject.walk(Budget(milliseconds=60_000, calls=1))
        assert all(answer.calls <= LEAST_CALLS for answer in walk.answers)
        assert walk.by_place == subject.walk().by_place

    def test_little_time_makes_progress(self, subject: Subject) -> None:
        started = datetime.now().astimezone()
        answer = subject.fetch(Budget(milliseconds=1))
        assert (datetime.now().astimezone() - started).total_seconds() < LONGEST_SECONDS
        assert answer.outcome in ("done", "more")
        assert subject.walk(Budget(milliseconds=1)).by_place == subject.walk().by_place

    def test_only_the_keys_asked_for(self, subject: Subject) -> None:
        whole = subject.walk()
        keys = sorted({row.key for row in whole.rows})[::3][:120]
        found = subject.walk(keys=[*keys, NOTHING])
        wanted = {place: row for place, row in whole.by_place.items() if row.key in set(keys)}
        assert found.by_place == wanted

    def test_only_the_locations_asked_for(self, subject: Subject) -> None:
        whole = subject.walk()
        place = whole.rows[0].location
        found = subject.walk(locations=[place])
        assert found.by_place == {k: row for k, row in whole.by_place.items() if k[0] == place}
        assert not found.answers[0].failed_locations

    def test_an_unknown_location_does_not_lose_the_others(self, subject: Subject) -> None:
        place = subject.walk().rows[0].location
        found = subject.walk(locations=[NOWHERE, place])
        failed = [failure for answer in found.answers for failure in answer.failed_locations]
        assert [failure.location for failure in failed] == [NOWHERE]
        assert all(failure.reason for failure in failed)
        assert {row.location for row in found.rows} == {place}

    @pytest.mark.parametrize("fault", BAD_REQUESTS)
    def test_a_bad_request_is_an_error(self, subject: Subject, fault: str) -> None:
        good = msgspec.to_builtins(FetchRequest(account=subject.account, budget=AMPLE))
        with pytest.raises(Exception, match=r".") as raised:
            subject.call(BAD_REQUESTS[fault](good))
        assert not any(secret in str(raised.value) for secret in subject.secrets)

    def test_a_cursor_of_somebody_else_is_an_error(self, subject: Subject) -> None:
        with pytest.raises(Exception, match=r"."):
            subject.fetch(cursor="not a cursor")

    def test_unknown_fields_are_ignored(self, subject: Subject) -> None:
        request = FetchRequest(account=subject.account, budget=AMPLE)
        event = msgspec.to_builtins(request)
        event["account"]["of_the_future"] = event["of_the_future"] = 1
        assert subject.call(event)["outcome"] in ("done", "more")


class ConnectorConformance(ReadConformance, PushConformance):
    """All of it."""

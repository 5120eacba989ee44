"""For the bug where a threshold is stored that cannot be crossed, or an alert not shown."""

from typing import Any

import pytest

from tests.unit.api.api_world import ApiWorld
from tests.unit.api.furnished import furnish
from trueup.usecases.alerts.rules import MAX_THRESHOLDS

PATH = "/v1/accounts/eu/thresholds"


@pytest.fixture
def api() -> ApiWorld:
    made = ApiWorld()
    made.connect()
    return made


def test_a_threshold_is_made_shown_changed_and_removed(api: ApiWorld) -> None:
    new = {"measure": "value", "currency": "EUR", "limit": 50_000, "channel_location": "1"}
    made = api.call("POST", PATH, new)
    assert made.status == 201, made.text
    address = made.headers["Location"]
    view = api.call("GET", address).body
    assert {name: view[name] for name in new} == new
    assert (view["created_by"], view["enabled"], view["alert"]) == ("acme-user", True, None)
    assert api.call("GET", PATH).body == {"thresholds": [view]}
    changed = api.call("PATCH", address, {"limit": 70_000, "enabled": False})
    assert (changed.body["limit"], changed.body["enabled"]) == (70_000, False)
    assert api.call("DELETE", address).status == 204
    assert api.call("GET", address).status == 404
    told = api.call("GET", f"/v1/audit?kind=threshold&subject=eu%2F{view['id']}").body["records"]
    assert [record["changes"][0]["action"] for record in told] == ["removed", "changed", "created"]


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"measure": "value"}, "/currency"),
        ({"measure": "units", "currency": "EUR"}, "/currency"),
        ({"channel_location": "nowhere"}, "/channel_location"),
        ({"measure": "wrong"}, "/measure"),
        ({"limit": -1}, "/limit"),
        ({"currency": "eur"}, "/currency"),
        ({"measure": "variance_rate", "limit": 10_001}, "/limit"),
    ],
)
def test_what_makes_no_sense_is_refused(api: ApiWorld, wrong: dict[str, Any], where: str) -> None:
    reply = api.call("POST", PATH, {"measure": "units", "limit": 1} | wrong)
    assert reply.status == 422
    assert [fault["where"] for fault in reply.body["faults"]] == [where]


def test_a_rate_is_at_most_all_rows(api: ApiWorld) -> None:
    made = api.call("POST", PATH, {"measure": "variance_rate", "limit": 10_000})
    assert made.status == 201
    wrong = api.call("PATCH", f"{PATH}/{made.body['id']}", {"limit": 10_001})
    assert (wrong.status, wrong.body["faults"][0]["where"]) == (422, "/limit")
    assert api.call("GET", f"{PATH}/{made.body['id']}").body["limit"] == 10_000


def test_an_account_has_so_many_and_no_more(api: ApiWorld) -> None:
    for limit in range(MAX_THRESHOLDS):
        assert api.call("POST", PATH, {"measure": "units", "limit": limit}).status == 201
    assert api.call("POST", PATH, {"measure": "units", "limit": 99}).status == 409


def test_alerts_open_and_all_and_of_one_account() -> None:
    api = ApiWorld()
    named = furnish(api, "acme").named
    every = api.call("GET", "/v1/alerts").body["alerts"]
    assert len(every) == 2
    assert every[0]["run"] > every[1]["run"]
    of_one = api.call("GET", f"/v1/alerts?account={named['account']}&open=true").body
    assert of_one == {"alerts": [every[0]], "cursor": None}
    assert api.call("GET", "/v1/alerts?account=acme-us").body["alerts"] == []
    assert api.call("GET", "/v1/alerts?account=nobody").status == 404
    first = api.call("GET", "/v1/alerts?limit=1").body
    second = api.call("GET", f"/v1/alerts?limit=1&cursor={first['cursor']}").body
    assert [*first["alerts"], *second["alerts"]] == every
    assert second["cursor"] is None


def test_an_alert_ends_when_its_threshold_is_removed() -> None:
    api = ApiWorld()
    named = furnish(api, "acme").named
    path = f"/v1/accounts/{named['account']}/thresholds/{named['threshold']}"
    assert api.call("DELETE", path).status == 204
    assert api.call("GET", "/v1/alerts?open=true").body["alerts"] == []
    newest = api.call("GET", "/v1/alerts").body["alerts"][0]
    assert newest["cleared_by"] == "acme-user"

"""Limits and cooldowns that are not kept as they were set, or set so that the channel suffers."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.api.api_world import ApiWorld
from tests.unit.api.furnished_force import waiting_plan
from trueup_api.routes.force_decisions import EXAMPLE_HASH

SETTINGS = "/v1/accounts/eu/force-settings"
SECOND = "gid://shop/2 b"


@pytest.fixture
def shop(api: ApiWorld) -> ApiWorld:
    api.connect()
    return api


def cooldowns(api: ApiWorld) -> dict[str, Any]:
    reply = api.call("GET", "/v1/accounts/eu/cooldowns")
    assert reply.status == 200, reply.text
    return {place["id"]: place for place in reply.body["locations"]}


def test_until_set_they_are_the_defaults_and_a_second_person_approves(shop: ApiWorld) -> None:
    found = shop.call("GET", SETTINGS).body
    assert found["second_approval"] is True
    assert (found["share"], found["units"], found["value"]) == (20, 1000, None)


def test_all_are_set_at_once_and_told_in_the_trail(shop: ApiWorld) -> None:
    value = {"currency": "EUR", "amount": 5000}
    body = {"share": None, "value": value, "second_approval": False, "cooldowns": {SECOND: 60}}
    stored = shop.call("PUT", SETTINGS, body)
    assert stored.status == 200, stored.text
    assert shop.call("GET", SETTINGS).body == stored.body
    assert (stored.body["share"], stored.body["value"]) == (None, value)
    assert shop.call("PUT", SETTINGS, {}).body["second_approval"] is True
    told = shop.call("GET", "/v1/audit?kind=force-settings").body["records"]
    assert [(record["actor"], record["changes"][0]["action"]) for record in told] == [
        ("acme-user", "changed"),
        ("acme-user", "created"),
    ]


def test_a_cooldown_is_of_a_location_and_not_below_the_channels_minimum(shop: ApiWorld) -> None:
    before = shop.call("GET", SETTINGS).body
    reply = shop.call("PUT", SETTINGS, {"cooldowns": {"1": 59, SECOND: 60, "9": 600}})
    assert reply.status == 422
    assert reply.body["faults"] == [
        {"where": "/cooldowns/1", "reason": "this channel needs at least 60 seconds"},
        {"where": "/cooldowns/9", "reason": "is not a location of this account"},
    ]
    assert shop.call("GET", SETTINGS).body == before


@pytest.mark.parametrize(
    "body",
    [
        {"share": 0},
        {"share": 101},
        {"units": -1},
        {"first_rows": 0},
        {"agreeing_captures": 3},
        {"cooldowns": {"1": 7 * 86400 + 1}},
        {"value": {"currency": "eur", "amount": 1}},
        {"limit": 5},
    ],
)
def test_what_makes_no_sense_is_refused(shop: ApiWorld, body: Any) -> None:
    assert shop.call("PUT", SETTINGS, body).status == 422


def test_cooldowns_are_told_by_location(shop: ApiWorld) -> None:
    shop.call("PATCH", "/v1/accounts/eu", {"mode": "live", "cooldown_seconds": 600})
    shop.call("PUT", SETTINGS, {"cooldowns": {SECOND: 120}})
    idle = cooldowns(shop)
    assert [(p["seconds"], p["left"], p["plan"]) for p in idle.values()] == [
        (600, 0, None),
        (120, 0, None),
    ]
    plan = waiting_plan(shop, "acme", "eu", "olga", SECOND)
    path = f"/v1/accounts/eu/force-plans/{plan.id}/confirm"
    assert shop.call("POST", path, {"hash": EXAMPLE_HASH}).status == 202
    shop.now += timedelta(seconds=20)
    busy = cooldowns(shop)[SECOND]
    assert (busy["plan"], busy["part"], busy["left"]) == (plan.id, "all", 100)
    assert busy["token"].startswith("~")
    assert cooldowns(shop)["1"] == idle["1"]


def test_of_no_account_there_are_none(shop: ApiWorld) -> None:
    body: Any
    for method, path in (
        ("GET", SETTINGS),
        ("PUT", SETTINGS),
        ("GET", "/v1/accounts/eu/cooldowns"),
    ):
        body = {} if method == "PUT" else None
        assert shop.call(method, path.replace("/eu/", "/us/"), body).status == 404

"""Rules for tolerances that are lost, doubled, or set where nothing can match them."""

from typing import Any

import pytest

from tests.unit.api.api_world import ApiWorld
from trueup.usecases.tolerances import MAX_RULES

RULES = "/v1/accounts/eu/tolerances"
NONE = {"absolute": 0, "percent": 0}


def put(api: ApiWorld, **rule: Any) -> Any:
    reply = api.call("PUT", RULES, rule)
    assert reply.status == 200, reply.text
    return reply.body


def rules(api: ApiWorld) -> list[Any]:
    found: list[Any] = api.call("GET", RULES).body["tolerances"]
    return found


def test_one_rule_a_scope(api: ApiWorld) -> None:
    api.connect()
    put(api, sku="A", over={"absolute": 3})
    again = put(api, sku="A", under={"absolute": 2, "percent": 5})
    place = put(api, sku="A", channel_location="1", over={"absolute": 1})
    whole = put(api, over={"absolute": 4})
    assert again == {
        "channel_location": None,
        "sku": "A",
        "over": NONE,
        "under": {"absolute": 2, "percent": 5},
    }
    assert sorted(map(str, rules(api))) == sorted(map(str, [again, place, whole]))
    assert api.call("DELETE", f"{RULES}?sku=A").status == 204
    assert api.call("DELETE", f"{RULES}?sku=A").status == 404
    assert api.call("DELETE", RULES).status == 204
    assert rules(api) == [place]


@pytest.mark.parametrize(
    "rule",
    [
        {"channel_location": "9"},
        {"over": {"absolute": -1}},
        {"under": {"percent": 101}},
        {"under": {"percent": 1.5}},
        {"over": 3},
    ],
    ids=str,
)
def test_what_cannot_be_a_rule_is_refused(api: ApiWorld, rule: dict[str, Any]) -> None:
    api.connect()
    assert api.call("PUT", RULES, rule).status == 422
    assert rules(api) == []


def test_there_are_not_more_rules_than_a_run_can_keep(api: ApiWorld) -> None:
    api.connect()
    for number in range(MAX_RULES):
        put(api, sku=f"S{number}", over={"absolute": 1})
    assert api.call("PUT", RULES, {"sku": "X", "over": {"absolute": 1}}).status == 409
    put(api, sku="S0", over={"absolute": 2})

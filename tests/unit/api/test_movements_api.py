"""Finds: movements that the API stores in part, in another seller's ledger, or does not tell of."""

import json
from typing import Any

import pytest

from tests.unit.api.api_world import ApiWorld
from tests.unit.intake.gate_world import contents
from trueup.usecases.intake.pushing import pushes_of

EVENT: dict[str, Any] = {
    "id": "1",
    "kind": "receipt",
    "sku": "S1",
    "location": "berlin",
    "quantity": 5,
    "occurred_at": "2026-03-01T11:00:00Z",
}
PUSH: dict[str, Any] = {
    "id": "p1",
    "channel_location": "1",
    "key": "S1",
    "quantity": 7,
    "accepted_at": "2026-03-01T11:00:00Z",
}


@pytest.fixture
def shop(api: ApiWorld) -> ApiWorld:
    api.connect()
    api.call("POST", "/v1/sources", {"code": "wms", "name": "Warehouse", "units": {"case": 12}})
    return api


def send(shop: ApiWorld, *events: Any, **call: Any) -> Any:
    body = {"source": "wms", "movements": list(events)}
    return shop.call("POST", "/v1/movements", body, **call)


def test_the_answer_tells_what_became_of_each_event(shop: ApiWorld) -> None:
    send(shop, EVENT)
    changed, late = EVENT | {"quantity": 6}, EVENT | {"occurred_at": "2026-01-01T00:00:00Z"}
    reply = send(shop, EVENT, EVENT | {"id": "2"}, late | {"id": "3"})
    assert reply.status == 200, reply.text
    counts = {name: count for name, count in reply.body.items() if name != "outcomes"}
    assert counts == {"accepted": 1, "duplicates": 1, "conflicts": 0, "refused": 1}
    outcomes = [(told["index"], told["id"], told["outcome"]) for told in reply.body["outcomes"]]
    assert outcomes == [(0, "1", "duplicate"), (1, "2", "accepted"), (2, "3", "refused")]
    assert [told["reason"] is None for told in reply.body["outcomes"]] == [True, True, False]
    assert send(shop, changed).body["conflicts"] == 1
    assert len(contents(shop.ledger_of("acme"))) == 2


def test_a_faulty_batch_is_told_whole_and_stored_not_at_all(shop: ApiWorld) -> None:
    reply = send(
        shop,
        EVENT,
        EVENT | {"id": "2", "quantity": "2.45", "unit": "case", "location": "rome"},
        {"id": "3", "kind": "sold"},
        None,
    )
    assert reply.status == 422
    told = [(fault["where"], fault["reason"]) for fault in reply.body["faults"]]
    assert [where for where, _ in told] == [
        "/movements/1/location",
        "/movements/1/quantity",
        "/movements/2/kind",
        "/movements/2/occurred_at",
        "/movements/2/quantity",
        "/movements/2/sku",
        "/movements/3",
    ]
    assert told[1][1] == "2.45 case of 12 is 29 base units and 2/5 of one left over"
    assert contents(shop.ledger_of("acme")) == []


@pytest.mark.parametrize("events", [[], [EVENT] * 1_001])
def test_a_batch_has_its_limits(shop: ApiWorld, events: list[Any]) -> None:
    reply = send(shop, *events)
    assert reply.status == 422
    assert [fault["where"] for fault in reply.body["faults"]] == ["/movements"]


def test_a_thousand_events_fit_a_request(shop: ApiWorld) -> None:
    full = EVENT | dict.fromkeys(("reference", "actor", "reason"), "x" * 100)
    events = [full | {"id": f"{i:0100}", "sku": f"SKU-{i % 50}"} for i in range(1_000)]
    assert send(shop, *events).body["accepted"] == 1_000


def test_a_decimal_that_json_cannot_hold_is_told(shop: ApiWorld) -> None:
    text = json.dumps({"source": "wms", "movements": [EVENT]})
    for number in ("NaN", "1e400", "9" * 400, "0.1e-30"):
        body = text.replace('"quantity": 5', f'"quantity": {number}')
        assert shop.call("POST", "/v1/movements", body).status in (400, 422), number


def test_an_unknown_source_is_not_found_and_another_sellers_too(shop: ApiWorld) -> None:
    assert send(shop, EVENT, claims=shop.claims("bolt")).status == 404
    assert contents(shop.ledger_of("bolt")) == []


def test_the_same_key_gets_the_same_answer(shop: ApiWorld) -> None:
    key = {"Idempotency-Key": "k1"}
    first = send(shop, EVENT, headers=key)
    again = send(shop, EVENT, headers=key)
    assert (first.status, first.body["accepted"]) == (200, 1)
    assert again.text == first.text
    assert send(shop, EVENT).body["duplicates"] == 1


def test_claims_are_told_as_such(shop: ApiWorld) -> None:
    feed = {"code": "orders", "name": "Orders", "kind": "channel", "account": "eu"}
    assert shop.call("POST", "/v1/sources", feed).status == 201
    body = {"source": "orders", "movements": [EVENT | {"kind": "reserve"}]}
    (told,) = shop.call("POST", "/v1/movements", body).body["outcomes"]
    assert (told["outcome"], told["claim"]) == ("accepted", True)
    (kept,) = contents(shop.ledger_of("acme"))
    assert kept.claim


def test_pushes_are_kept_for_the_account(shop: ApiWorld) -> None:
    body = {"tool": "sync", "pushes": [PUSH, PUSH | {"id": "p2", "before": 3}]}
    reply = shop.call("POST", "/v1/accounts/eu/pushes", body)
    assert (reply.status, reply.body["accepted"]) == (200, 2), reply.text
    assert shop.call("POST", "/v1/accounts/eu/pushes", body).body["duplicates"] == 2
    found = pushes_of(shop.ledger_of("acme"), "eu", "1", ["S1"])
    assert [(push.id, push.before) for push in found["S1"]] == [("sync:p1", None), ("sync:p2", 3)]
    assert shop.call("POST", "/v1/accounts/us/pushes", body).status == 404
    wrong = {"tool": "sync", "pushes": [PUSH | {"channel_location": "7"}]}
    assert shop.call("POST", "/v1/accounts/eu/pushes", wrong).status == 422


def test_the_trail_says_who_corrected_stock_by_events(shop: ApiWorld) -> None:
    taken = EVENT | {"id": "2", "kind": "adjustment", "quantity": -7}
    counted = EVENT | {"id": "3", "kind": "count", "quantity": 4}
    for _ in range(2):
        assert send(shop, EVENT, taken, counted).status == 200
    found = shop.call("GET", "/v1/audit?kind=correction").body["records"]
    assert len(found) == 1
    assert found[0]["actor"] == "acme-user"
    (change,) = found[0]["changes"]
    assert (change["after"]["count"], change["after"]["units"]) == (2, 7)

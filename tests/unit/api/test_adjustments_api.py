"""Corrections through the API: who may propose, decide and set limits, and what follows."""

from typing import Any

import pytest

from tests.unit.api.api_world import ApiWorld, listing
from trueup.domain.audit import AuditRecord
from trueup.usecases.whole import all_of

BODY = {"location": "berlin", "sku": "A", "quantity": -3, "reason": "lost"}


@pytest.fixture
def shop(api: ApiWorld) -> ApiWorld:
    api.connect()
    listings = [
        listing("A", cost=250, currency="EUR"),
        listing("A\x00SIX", pack_size=6, unset=4),
        listing("Z", unset=4),
    ]
    api.compared({}, listings)
    return api


def proposed(api: ApiWorld, **fields: Any) -> Any:
    reply = api.call("POST", "/v1/adjustments", {**BODY, **fields})
    assert reply.status == 201, reply.text
    return reply.body


def test_what_the_seller_does_not_have_is_not_corrected(shop: ApiWorld) -> None:
    reply = shop.call("POST", "/v1/adjustments", {**BODY, "sku": "TYPO"})
    assert (reply.status, reply.body["faults"][0]["where"]) == (422, "/sku")
    assert shop.call("GET", "/v1/adjustments").body["adjustments"] == []


def decide(api: ApiWorld, made: Any, verb: str, user: str, roles: str = "approver") -> Any:
    claims = api.claims(roles=roles, sub=user)
    return api.call("POST", f"/v1/adjustments/{made['id']}/{verb}", {}, claims=claims)


def limits(api: ApiWorld, **fields: Any) -> None:
    assert api.call("PATCH", "/v1/approval-limits", fields).status == 200


def test_another_person_approves_and_the_listings_are_to_be_pushed(shop: ApiWorld) -> None:
    made = proposed(shop)
    assert (made["state"], made["approval"]) == ("proposed", "over_units")
    assert decide(shop, made, "approve", "acme-user").status == 403
    assert decide(shop, made, "approve", "bob", "operator").status == 403
    done = decide(shop, made, "approve", "bob")
    assert (done.status, done.body["state"], done.body["decision"]["by"]) == (200, "applied", "bob")
    assert decide(shop, made, "approve", "eve").status == 409
    marks = shop.call("GET", "/v1/to-push?account=eu").body["to_push"]
    assert [(one["location"], one["row"]) for one in marks] == [
        ("1", {"sku": "A", "channel_key": "A"}),
        ("1", {"sku": "A", "channel_key": "SIX"}),
    ]
    assert {one["adjustment"] for one in marks} == {made["id"]}


def test_value_at_cost_counts_beside_units(shop: ApiWorld) -> None:
    limits(shop, units=10, value={"currency": "EUR", "amount": 750})
    at_limit = proposed(shop)
    assert (at_limit["state"], at_limit["value"]) == ("applied", {"currency": "EUR", "amount": 750})
    assert proposed(shop, quantity=4)["approval"] == "over_value"
    assert proposed(shop, sku="Z")["approval"] == "value_unknown"
    limits(shop, value=None)
    assert proposed(shop, sku="Z")["approval"] == "below_limits"


def test_one_person_may_switch_second_approval_off_and_the_trail_says_so(shop: ApiWorld) -> None:
    limits(shop, second_approval=False)
    assert proposed(shop, quantity=10**6)["approval"] == "switched_off"
    records = [s.value for s in all_of(shop.registries.of("acme"), AuditRecord)]
    changes = [change for record in records for change in record.changes]
    assert any(c.after.get("second_approval") is False for c in changes)
    assert [c.verb for c in changes if c.kind == "adjustment"] == ["created", "changed"]


def test_only_an_admin_sets_limits(shop: ApiWorld) -> None:
    approver = shop.claims(roles="approver")
    assert shop.call("PATCH", "/v1/approval-limits", {"units": 9}, claims=approver).status == 403
    assert shop.call("GET", "/v1/approval-limits").body["units"] == 0


def test_turning_down_is_for_approvers_and_the_proposer(shop: ApiWorld) -> None:
    made = proposed(shop)
    assert decide(shop, made, "reject", "eve", "operator").status == 403
    assert decide(shop, made, "reject", "acme-user", "operator").body["state"] == "rejected"
    assert decide(shop, made, "approve", "bob").status == 409


def test_a_repeated_request_makes_one_adjustment_even_when_its_answer_was_never_kept(
    shop: ApiWorld,
) -> None:
    key = {"Idempotency-Key": "k1"}
    first = shop.call("POST", "/v1/adjustments", BODY, headers=key).body
    registry = shop.registries._sellers["acme"]
    for sk in [sk for sk in registry if sk.startswith("receipt#")]:
        del registry[sk]
    second = shop.call("POST", "/v1/adjustments", BODY, headers=key).body
    assert first["id"] == second["id"]
    assert len(shop.call("GET", "/v1/adjustments").body["adjustments"]) == 1


def test_faults_name_their_fields(shop: ApiWorld) -> None:
    wrong = {**BODY, "location": "rome", "quantity": 0}
    reply = shop.call("POST", "/v1/adjustments", wrong)
    assert {fault["where"] for fault in reply.body["faults"]} == {"/location", "/quantity"}
    assert shop.call("POST", "/v1/adjustments", {**BODY, "bucket": "committed"}).status == 422


@pytest.mark.parametrize(
    ("named", "where"),
    [
        ({"account": "nobody"}, "/account"),
        ({"account": "eu", "location": "9"}, "/location"),
        ({"account": "eu", "location": "berlin"}, "/location"),
        ({"location": "nowhere"}, "/location"),
    ],
)
def test_a_rule_is_about_what_is_there(shop: ApiWorld, named: dict[str, str], where: str) -> None:
    reply = shop.call("POST", "/v1/routing-rules", {"id": "new", "owner": "ada", **named})
    assert (reply.status, [fault["where"] for fault in reply.body["faults"]]) == (422, [where])
    for id_, fits in (("a", {"account": "eu", "location": "1"}), ("b", {"location": "berlin"})):
        body = {"id": id_, "owner": "ada", **fits}
        assert shop.call("POST", "/v1/routing-rules", body).status == 201
    reply = shop.call("PUT", "/v1/routing-rules/a", {"owner": "ada", **named})
    assert (reply.status, reply.body["faults"][0]["where"]) == (422, where)


def test_rules_are_tried_in_their_order(shop: ApiWorld) -> None:
    for id_, order in (("late", 20), ("early", 10)):
        body = {"id": id_, "order": order, "owner": "ada"}
        assert shop.call("POST", "/v1/routing-rules", body).status == 201
    assert shop.call("POST", "/v1/routing-rules", {"id": "late", "owner": "x"}).status == 409
    assert shop.call("POST", "/v1/routing-rules", {"id": "nobody"}).status == 422
    rules = shop.call("GET", "/v1/routing-rules").body["rules"]
    assert [rule["id"] for rule in rules] == ["early", "late"]
    assert shop.call("PUT", "/v1/routing-rules/late", {"order": 5, "owner": "b"}).status == 200
    assert shop.call("DELETE", "/v1/routing-rules/early").status == 204
    rules = shop.call("GET", "/v1/routing-rules").body["rules"]
    assert [(rule["id"], rule["owner"]) for rule in rules] == [("late", "b")]

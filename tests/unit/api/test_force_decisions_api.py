"""Deciding about a force over the API: who may, what those who come too early are told."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.api.api_world import ApiWorld, Reply
from tests.unit.api.furnished_force import waiting_plan
from trueup.domain.force import ForcePlan, ForceSlot, Over, PlanState
from trueup_api.routes.force_decisions import EXAMPLE_HASH

OLGA = {"sub": "olga"}
SECOND = "gid://shop/2 b"


@pytest.fixture
def shop(api: ApiWorld) -> ApiWorld:
    api.connect()
    assert api.call("PATCH", "/v1/accounts/eu", {"mode": "live"}).status == 200
    return api


def plan(api: ApiWorld, *places: str, **fields: Any) -> str:
    return waiting_plan(api, "acme", "eu", "olga", *places, **fields).id


def decide(
    api: ApiWorld, id_: str, verb: str = "confirm", user: str = "olga", **body: Any
) -> Reply:
    path = f"/v1/accounts/eu/force-plans/{id_}/{verb}"
    roles = "approver" if verb in ("approve", "reject") else "operator"
    body = body if verb in ("reject", "cancel") else {"hash": EXAMPLE_HASH, **body}
    return api.call("POST", path, body, claims=api.claims(roles=roles, sub=user))


def stored(api: ApiWorld, id_: str) -> ForcePlan:
    found = api.registries.of("acme").get(ForcePlan, "eu", id_)
    assert found is not None
    return found.value


def test_a_confirmed_plan_is_on_its_way(shop: ApiWorld) -> None:
    id_ = plan(shop, "1", SECOND)
    reply = decide(shop, id_)
    assert reply.status == 202, reply.text
    assert reply.headers["Location"] == f"/v1/accounts/eu/force-plans/{id_}"
    assert (reply.body["state"], reply.body["undecided"]) == ("forcing", None)
    (part,) = reply.body["parts"]
    assert (part["share"], part["decided_by"], part["approved"]) == ("all", "olga", False)
    assert part["locations"] == ["1", SECOND]
    assert shop.machines.started[-1][1] == f"{id_}-all"


def test_who_comes_too_early_is_told_when_where_and_whose_it_is(shop: ApiWorld) -> None:
    first, second = plan(shop, "1"), plan(shop, "1", SECOND)
    decide(shop, first)
    shop.now += timedelta(seconds=100)
    reply = decide(shop, second)
    assert reply.status == 409
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["Retry-After"] == str(reply.body["retry_after"]) == "800"
    reason = f"is being forced by plan {first}; ask again in 800 s"
    assert reply.body["faults"] == [{"where": "1", "reason": reason}]
    assert stored(shop, second).state is PlanState.PROPOSED
    assert shop.registries.of("acme").get(ForceSlot, "eu", SECOND) is None


def test_the_same_key_gets_the_same_answer_and_pushes_once(shop: ApiWorld) -> None:
    id_ = plan(shop)
    path, claims = f"/v1/accounts/eu/force-plans/{id_}/confirm", shop.claims()
    replies = [
        shop.call(
            "POST",
            path,
            {"hash": EXAMPLE_HASH},
            claims=claims,
            headers={"Idempotency-Key": "once"},
        )
        for _ in range(2)
    ]
    assert [reply.status for reply in replies] == [202, 202]
    assert replies[0].text == replies[1].text
    assert len(shop.machines.started) == 1
    assert shop.call("POST", path, {"hash": EXAMPLE_HASH}, claims=claims).status == 409


def test_over_the_limits_it_takes_an_approver_who_did_not_propose_it(shop: ApiWorld) -> None:
    id_ = plan(shop, approvals=(Over.UNITS,))
    assert decide(shop, id_).status == 403
    assert decide(shop, id_, "approve").status == 403
    assert stored(shop, id_).stages == ()
    assert decide(shop, id_, share="decreases").status == 202
    assert stored(shop, id_).state is PlanState.FORCING
    other = plan(shop, SECOND, approvals=(Over.UNITS,))
    approved = decide(shop, other, "approve", "ann", note="Seen.")
    assert approved.status == 202
    assert approved.body["parts"][0]["note"] == "Seen."


@pytest.mark.parametrize(
    "body",
    [
        {"hash": EXAMPLE_HASH, "share": "decreases"},
        {"hash": EXAMPLE_HASH, "share": "everything"},
        {"share": "all"},
        {"hash": ""},
        {"hash": EXAMPLE_HASH, "approved": True},
    ],
)
def test_an_approval_says_what_of_which_plan(shop: ApiWorld, body: Any) -> None:
    id_ = plan(shop)
    reply = shop.call("POST", f"/v1/accounts/eu/force-plans/{id_}/approve", body)
    assert reply.status == 422, reply.text
    assert stored(shop, id_).stages == ()


def test_it_is_turned_down_or_taken_back(shop: ApiWorld) -> None:
    ids = [plan(shop) for _ in range(3)]
    assert decide(shop, ids[0], "reject", "ann", note="Count.").body["state"] == "rejected"
    assert decide(shop, ids[1], "cancel", "ann").status == 403
    assert decide(shop, ids[1], "cancel").body["state"] == "cancelled"
    assert decide(shop, ids[2], "reject", "ann", hash="x").status == 422
    for id_, state in zip(ids, ("rejected", "cancelled", "proposed"), strict=True):
        assert stored(shop, id_).state.value == state
    assert decide(shop, ids[0], hash="b" * 64).status == 409
    assert shop.machines.started == []


@pytest.mark.parametrize("verb", ["confirm", "approve", "reject", "cancel"])
def test_notes_are_text_that_people_can_read(shop: ApiWorld, verb: str) -> None:
    id_ = plan(shop, "1")
    body = {} if verb in ("reject", "cancel") else {"hash": EXAMPLE_HASH}
    for note in ("a\x00b", "\x1b[2J", "x" * 4001):
        path = f"/v1/accounts/eu/force-plans/{id_}/{verb}"
        claims = shop.claims(roles="approver operator", sub="olga")
        reply = shop.call("POST", path, {**body, "note": note}, claims=claims)
        assert reply.status == 422, reply.text
    assert stored(shop, id_).state is PlanState.PROPOSED


def test_decisions_are_told_in_the_trail(shop: ApiWorld) -> None:
    id_ = plan(shop)
    decide(shop, id_, "approve", "ann")
    told = shop.call("GET", "/v1/audit?limit=1&kind=force-plan").body["records"][0]
    assert told["actor"] == "ann"
    assert told["changes"][0]["subject"] == f"eu/{id_}"

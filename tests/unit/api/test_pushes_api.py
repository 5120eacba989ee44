"""The push log over the API."""

from typing import Any

import pytest

from tests.unit.api.api_world import ApiWorld
from tests.unit.force.logged import Logbook, row
from trueup.domain.force import Share
from trueup.domain.pushlog import PushOutcome


@pytest.fixture
def book(api: ApiWorld) -> Logbook:
    """Of acme: an account of a client, and one without."""
    made = Logbook(api.registries.of("acme"), api.now)
    made.account("eu", ("1", "2"), client="north", name="Shop EU")
    made.account("us")
    return made


def pushes(api: ApiWorld, query: str = "") -> list[dict[str, Any]]:
    reply = api.call("GET", f"/v1/pushes?{query}", claims=api.claims(roles="viewer"))
    assert reply.status == 200, reply.text
    found: list[dict[str, Any]] = reply.body["pushes"]
    return found


def test_a_push_has_all_that_a_person_looks_for(api: ApiWorld, book: Logbook) -> None:
    failed = row("K\x00CH-1", PushOutcome.REJECTED, message="no such item", before=5)
    plan = book.plan("eu", (Share.REST, [("2", [failed])]))
    (shown,) = pushes(api)
    for name in ("queued_at", "sent_at", "done_at"):
        shown.pop(name)
    assert shown == {
        "id": f"{plan.id}.rest.0.0",
        "client": "north",
        "channel": "shelf",
        "account": "eu",
        "account_name": "Shop EU",
        "location_id": "2",
        "location_code": "C2",
        "location_name": "Place 2",
        "sku": "K",
        "channel_sku": "CH-1",
        "channel_product_id": "P-K\x00CH-1",
        "quantity": 8,
        "formula": {
            "sellable": 10,
            "allocation": 100,
            "backorder": 0,
            "buffer": 2,
            "pack_size": 1,
            "cap": None,
            "calculated": 8,
            "withheld": 0,
        },
        "showed": 5,
        "before": 5,
        "after": None,
        "status": "Error",
        "outcome": "REJECTED",
        "message": "no such item",
        "advice": "Put right what the message names (the mapping, the item at the channel, "
        "the access), then retry.",
        "attempts": 1,
        "retry_of": None,
        "retried_by": None,
        "plan": plan.id,
        "kind": "force",
        "share": "rest",
        "proposed_by": "ann",
        "decided_by": "bea",
        "approved": True,
    }
    one = api.call("GET", f"/v1/pushes/{plan.id}.rest.0.0", claims=api.claims(roles="viewer"))
    assert one.body["sku"] == "K"


def test_clients_are_named_only_where_there_are_some(api: ApiWorld, book: Logbook) -> None:
    assert api.call("GET", "/v1/pushes").body["clients"] is True
    Logbook(api.registries.of("bolt")).account("eu")
    other = api.call("GET", "/v1/pushes", claims=api.claims("bolt"))
    assert other.body == {"pushes": [], "clients": False, "cursor": None}


def test_the_views_and_filters(api: ApiWorld, book: Logbook) -> None:
    rows = [row(o.name, o) for o in (PushOutcome.QUEUED, PushOutcome.APPLIED, PushOutcome.REJECTED)]
    old = book.plan("eu", (Share.ALL, [("1", rows)]))
    new = book.plan("us", (Share.ALL, [("1", rows)]))
    found = {
        query: [(p["account"], p["sku"]) for p in pushes(api, query)]
        for query in (
            "action=normal",
            "account=us&status=Error",
            f"plan={old.id}&action=archival",
            "status=Success&status=Error&channel_sku=APPLIED",
            f"until={new.proposed_at:%Y-%m-%dT%H:%M:%SZ}&sku=QUEUED",
        )
    }
    assert list(found.values()) == [
        [("us", "QUEUED"), ("eu", "QUEUED")],
        [("us", "REJECTED")],
        [("eu", "APPLIED"), ("eu", "REJECTED")],
        [("us", "APPLIED"), ("eu", "APPLIED")],
        [("eu", "QUEUED")],
    ]


def test_pages_go_on_behind_each_other(api: ApiWorld, book: Logbook) -> None:
    book.plan("eu", (Share.ALL, [("1", [row(f"S{i}") for i in range(5)])]))
    first = api.call("GET", "/v1/pushes?limit=3").body
    second = api.call("GET", f"/v1/pushes?limit=3&cursor={first['cursor']}").body
    assert [p["sku"] for p in first["pushes"] + second["pushes"]] == [f"S{i}" for i in range(5)]
    assert second["cursor"] is None
    other = api.call("GET", f"/v1/pushes?limit=3&sku=S1&cursor={first['cursor']}")
    assert other.status == 422


def test_all_that_is_wrong_with_a_query_is_told(api: ApiWorld, book: Logbook) -> None:
    reply = api.call("GET", "/v1/pushes?status=Done&action=x&since=y&plan=z&limit=0&other=1")
    assert reply.status == 400
    wrong = {fault["where"] for fault in reply.body["faults"]}
    assert wrong == {"status", "action", "since", "plan", "limit", "other"}
    reply = api.call("GET", "/v1/pushes?account=eu&account=no&location=9")
    assert (reply.status, len(reply.body["faults"])) == (422, 2)
    assert api.call("GET", "/v1/pushes?account=no").status == 404
    assert api.call("GET", "/v1/pushes/no").status == 404


def live(api: ApiWorld) -> Logbook:
    """An account that can be forced, with pushes that failed and some that can be undone."""
    api.connect("eu")
    changed = api.call("PATCH", "/v1/accounts/eu", {"mode": "live", "config": {"token": "hush"}})
    assert changed.status == 200, changed.text
    return Logbook(api.registries.of("acme"), api.now)


def test_a_retry_is_a_plan_that_is_being_made(api: ApiWorld) -> None:
    book = live(api)
    plan = book.plan("eu", (Share.ALL, [("1", [row("A", PushOutcome.REJECTED), row("B")])]))
    body = {"account": "eu", "pushes": [f"{plan.id}.all.0.0"]}
    asked = api.call("POST", "/v1/pushes/retry", body)
    assert asked.status == 202, asked.text
    made = asked.body
    assert (made["kind"], made["state"], made["locations"]) == ("retry", "planning", ["1"])
    assert asked.headers["Location"] == f"/v1/accounts/eu/force-plans/{made['id']}"
    assert api.machines.started[-1][:2] == ("plan_force", made["id"])
    every = {"account": "eu", "errors": {"plan": plan.id, "locations": ["1"]}}
    assert api.call("POST", "/v1/pushes/retry", every).status == 202


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"account": "eu"}, ""),
        ({"account": "eu", "pushes": ["a"], "errors": {}}, ""),
        ({"account": "eu", "pushes": ["a.b.1.2", "c"]}, "/pushes/0"),
        ({"account": "eu", "errors": {"locations": ["9"]}}, "location"),
        ({"account": "eu", "errors": {"plan": "x"}}, "/errors/plan"),
        ({"account": "eu", "errors": {}}, "/errors"),
    ],
)
def test_a_retry_that_makes_no_sense_is_refused(api: ApiWorld, body: Any, where: str) -> None:
    live(api)
    reply = api.call("POST", "/v1/pushes/retry", body)
    assert reply.status == 422, reply.text
    assert reply.body["faults"][0]["where"] == where
    assert api.machines.started == []


def test_an_undo_is_a_plan_that_is_being_made(api: ApiWorld) -> None:
    book = live(api)
    plan = book.plan("eu", (Share.ALL, [("1", [row("A")])]))
    path = f"/v1/accounts/eu/force-plans/{plan.id}/undo"
    asked = api.call("POST", path, {})
    assert asked.status == 202, asked.text
    assert (asked.body["kind"], asked.body["of"]) == ("undo", plan.id)
    again = api.call("POST", path, {"above_publishable": True})
    assert again.status == 409
    assert "undone already" in again.body["detail"] or "being undone" in again.body["detail"]


def test_what_is_sent_to_support_has_no_configuration_in_it(api: ApiWorld) -> None:
    book = live(api)
    failed = row("A", PushOutcome.REJECTED, message="no such item", sent=8, expected=5, before=5)
    plan = book.plan("eu", (Share.ALL, [("1", [failed])]))
    viewer = api.claims(roles="viewer")
    reply = api.call("GET", f"/v1/pushes/{plan.id}.all.0.0/support", claims=viewer)
    assert reply.status == 200, reply.text
    assert "hush" not in reply.text
    assert "no such item" in reply.body["summary"]
    assert reply.body["wire"] == {
        "sent": 8,
        "expected": 5,
        "batch": "",
        "chunk": 0,
        "slot_sequence": 1,
    }
    assert reply.body["plan"]["part"]["decided_by"] == "bea"
    assert reply.body["capabilities"]["documentation"] == ""
    assert [one["attempts"] for one in reply.body["attempts"]] == [1]

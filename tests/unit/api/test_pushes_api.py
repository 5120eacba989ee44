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

"""For the bug where a change through the API leaves no trace, or the trace names somebody else."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.api.api_world import ApiWorld


@pytest.fixture
def api() -> ApiWorld:
    made = ApiWorld()
    made.connect()
    return made


def trail(api: ApiWorld, query: str = "") -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = api.call("GET", f"/v1/audit{query}").body["records"]
    return records


def told(records: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(c["action"], f"{c['kind']} {c['subject']}") for r in records for c in r["changes"]]


def test_what_people_do_is_told_with_who_and_by_which_request(api: ApiWorld) -> None:
    assert told(trail(api)) == [
        ("created", "link eu/1"),
        ("changed", "account eu"),
        ("created", "account eu"),
        ("created", "location paris"),
        ("created", "location berlin"),
    ]
    assert {(r["actor"], r["request"]) for r in trail(api)} == {("acme-user", "request-1")}
    put = api.call("PATCH", "/v1/locations/paris", {"name": "Paris Nord"})
    assert put.status == 200
    (change,) = trail(api, "?kind=location&subject=paris&limit=1")[0]["changes"]
    assert (change["before"], change["after"]) == ({"name": "paris"}, {"name": "Paris Nord"})


def test_a_refused_request_leaves_no_trace(api: ApiWorld) -> None:
    before = trail(api)
    viewer = api.claims(roles="viewer")
    assert api.call("PATCH", "/v1/locations/paris", {"name": "x"}, claims=viewer).status == 403
    assert api.call("POST", "/v1/locations", {"code": "paris", "name": "x"}).status == 409
    assert trail(api) == before


def test_edits_of_listings_runs_and_imports_are_told(api: ApiWorld) -> None:
    listings = {"listings": [{"sku": "S1", "channel_key": "S1", "title": "One"}]}
    assert api.call("PUT", "/v1/accounts/eu/listings", listings).status == 200
    new = {"kind": "baseline", "target": "berlin", "rows": [{"sku": "S1", "on_hand": "3"}]}
    imported = api.call("POST", "/v1/imports", new)
    run = api.call("POST", "/v1/accounts/eu/runs")
    assert (imported.status, run.status) == (201, 202), imported.text
    newest = told(trail(api, "?limit=4"))
    assert newest[0] == ("created", f"run eu/{run.body['id']}")
    assert newest[1] == ("changed", f"import {imported.body['id']}")
    assert newest[2] == ("created", f"import {imported.body['id']}")
    assert ("created", "head listings%2Feu") in newest


def test_the_head_and_the_check_agree(api: ApiWorld) -> None:
    head = api.call("GET", "/v1/audit/head").body
    assert head["sequence"] == 4
    assert head["hash"] == trail(api, "?limit=1")[0]["hash"]
    kept = f"kept_sequence={head['sequence']}&kept_hash={head['hash']}"
    verified = api.call("GET", f"/v1/audit/verify?{kept}").body
    assert (verified["sound"], verified["checked"], verified["cursor"]) == (True, 4, None)
    assert verified["head"] == head


def test_tampering_is_named(api: ApiWorld) -> None:
    items = api.registries._sellers["acme"]
    victim = next(sk for sk in sorted(items) if sk.startswith("audit#") and "0003#" in sk)
    del items[victim]
    verified = api.call("GET", "/v1/audit/verify").body
    assert verified["sound"] is False
    assert (verified["finding"]["sequence"], verified["finding"]["wrong"]) == (3, "missing")


def test_a_record_that_cannot_be_read_hides_no_other(api: ApiWorld) -> None:
    items = api.registries._sellers["acme"]
    victim = next(sk for sk in sorted(items) if sk.startswith("audit#") and "0003#" in sk)
    items[victim] = replace(items[victim], body="{}")
    found = api.call("GET", "/v1/audit").body
    assert [record["sequence"] for record in found["records"]] == [4, 2, 1]
    assert found["unreadable"] == [3]
    finding = api.call("GET", "/v1/audit/verify").body["finding"]
    assert (finding["sequence"], finding["reason"]) == (3, "It cannot be read.")


def test_nothing_is_checked_from_beyond_the_head_on(api: ApiWorld) -> None:
    assert api.call("GET", "/v1/audit/verify?since=4").body["checked"] == 1
    reply = api.call("GET", "/v1/audit/verify?since=5")
    fault = {"where": "since", "reason": "is beyond the trail's last record, 4"}
    assert (reply.status, reply.body["faults"]) == (422, [fault])
    empty = api.call("GET", "/v1/audit/verify", claims=api.claims("bolt")).body
    assert (empty["sound"], empty["checked"]) == (True, 0)


def test_half_a_head_is_refused(api: ApiWorld) -> None:
    assert api.call("GET", "/v1/audit/verify?kept_sequence=3").status == 422


def test_one_who_only_reads_sees_the_trail_and_another_seller_does_not(api: ApiWorld) -> None:
    viewer = api.claims(roles="viewer")
    assert len(api.call("GET", "/v1/audit", claims=viewer).body["records"]) == 4
    other = api.call("GET", "/v1/audit", claims=api.claims("bolt")).body
    assert other == {"records": [], "unreadable": [], "cursor": None}

"""What sources state beside what the ledger expects, over the API."""

from datetime import timedelta

import pytest

from tests.unit.api.api_world import ApiWorld
from tests.unit.api.variance_furniture import state_stock, tell
from trueup.books.schema import LISTINGS
from trueup.usecases.books import listings_book

BASE = "/v1/locations/berlin"
FIRST = {"A1": 10, "A2": 20, "B1": 30, "history": 4}


@pytest.fixture
def stated(api: ApiWorld) -> ApiWorld:
    """A1 has two fewer than expected, A2 three more, `history` one fewer; B1 is right."""
    api.connect()
    api.call("POST", "/v1/sources", {"code": "wms", "name": "WMS"})
    state_stock(api, "acme", "berlin", FIRST, "wms")
    api.now += timedelta(hours=1)
    tell(api, "acme", "wms", "berlin", ("ship", "A1", 3), ("ship", "B1", 1), ("count", "A2", 19))
    state_stock(api, "acme", "berlin", {"A1": 5, "A2": 22, "B1": 29, "history": 3}, "wms")
    return api


def test_where_a_source_states_something_else(stated: ApiWorld) -> None:
    found = stated.call("GET", f"{BASE}/variances").body
    assert {v["sku"]: (v["cause"], v["delta"]) for v in found["variances"]} == {
        "A1": ("shrinkage", 2),
        "A2": ("surplus", -3),
        "history": ("shrinkage", 1),
    }
    statement = found["statement"]
    figures = ("compared", "differing", "units_short", "units_over", "unvalued", "none", "version")
    assert [statement[name] for name in figures] == [4, 3, 3, 3, 3, None, 2]
    assert {c["cause"]: c["skus"] for c in statement["causes"]} == {"shrinkage": 2, "surplus": 1}


@pytest.mark.parametrize(
    ("query", "skus"),
    [
        ("sku=A", ["A1", "A2"]),
        ("direction=over", ["A2"]),
        ("direction=short", ["A1", "history"]),
        ("cause=surplus", ["A2"]),
        ("sku=A&cause=shrinkage&direction=short", ["A1"]),
        ("version=1", []),
    ],
)
def test_filters(stated: ApiWorld, query: str, skus: list[str]) -> None:
    found = stated.call("GET", f"{BASE}/variances?{query}").body["variances"]
    assert [one["sku"] for one in found] == skus


def test_pages_stay_with_the_statement_they_began_with(stated: ApiWorld) -> None:
    first = stated.call("GET", f"{BASE}/variances?limit=1").body
    stated.now += timedelta(hours=1)
    state_stock(stated, "acme", "berlin", FIRST, "wms")
    rest = stated.call("GET", f"{BASE}/variances?limit=5&cursor={first['cursor']}").body
    assert [v["sku"] for v in first["variances"]] == ["A1"]
    assert [v["sku"] for v in rest["variances"]] == ["A2", "history"]
    assert rest["statement"]["version"] == 2
    other = stated.call("GET", f"{BASE}/variances?cause=surplus&cursor={first['cursor']}")
    assert other.status == 422


def test_one_sku_has_both_sides_the_movements_and_its_counts(stated: ApiWorld) -> None:
    found = stated.call("GET", f"{BASE}/variances/A1").body
    assert (found["expected"]["on_hand"], found["stated"]["on_hand"]) == (7, 5)
    assert ([m["kind"] for m in found["movements"]], found["unexplained"]) == (["ship"], 2)
    counted = stated.call("GET", f"{BASE}/variances/A2").body
    assert [(c["expected"], c["counted"], c["delta"]) for c in counted["counts"]] == [(20, 19, 1)]
    right = stated.call("GET", f"{BASE}/variances/B1").body
    assert (right["delta"], right["cause"]) == (0, "")
    first = stated.call("GET", f"{BASE}/variances/A1?version=1").body
    assert (first["delta"], first["statement"]["none"]) == (None, "first_baseline")
    token = stated.call("GET", f"{BASE}/variances?sku=hist").body["variances"][0]["token"]
    assert stated.call("GET", f"{BASE}/variances/{token}").body["delta"] == 1


def test_movements_that_come_late_explain_when_read(stated: ApiWorld) -> None:
    stated.now += timedelta(minutes=10)
    tell(stated, "acme", "wms", "berlin", ("ship", "A1", 2), ("ship", "B1", 4))
    listed = stated.call("GET", f"{BASE}/variances?sku=A1").body["variances"][0]
    assert (listed["delta"], listed["cause"], listed["late"]) == (2, "late_movements", True)
    assert [(c["cause"], c["units"]) for c in listed["causes"]] == [("late_movements", 2)]
    one = stated.call("GET", f"{BASE}/variances/A1").body
    assert (one["expected"]["on_hand"], one["expected_now"]["on_hand"]) == (7, 5)
    assert one["unexplained"] == 0
    other = stated.call("GET", f"{BASE}/variances/B1").body
    assert (other["delta"], other["cause"]) == (0, "late_movements")
    assert sum(c["units"] for c in other["causes"]) + other["unexplained"] == 0


def test_history_tells_of_each_statement(stated: ApiWorld) -> None:
    found = stated.call("GET", f"{BASE}/variances/history?limit=1").body
    assert [one["version"] for one in found["statements"]] == [2]
    rest = stated.call("GET", f"{BASE}/variances/history?cursor={found['cursor']}").body
    assert [(one["version"], one["none"]) for one in rest["statements"]] == [(1, "first_baseline")]


def test_counts_of_a_location_change_with_late_movements(stated: ApiWorld) -> None:
    found = stated.call("GET", f"{BASE}/counts").body
    assert [(c["sku"], c["expected"], c["delta"]) for c in found["counts"]] == [("A2", 20, 1)]
    assert found["whole"] is True
    stated.now += timedelta(minutes=1)
    at = stated.now - timedelta(minutes=50)
    event = {"id": "late", "kind": "ship", "sku": "A2", "quantity": 1, "location": "berlin"}
    body = {"source": "wms", "movements": [event | {"occurred_at": at.isoformat()}]}
    assert stated.call("POST", "/v1/movements", body).status == 200
    late = stated.call("GET", f"{BASE}/counts?sku=A2").body["counts"]
    assert [(c["expected"], c["delta"]) for c in late] == [(19, 0)]
    assert stated.call("GET", f"{BASE}/counts?sku=B1").body["counts"] == []


def test_what_is_not_there_is_404(api: ApiWorld) -> None:
    api.connect()
    for path in ("variances", "variances/A", "variances?version=7"):
        assert api.call("GET", f"{BASE}/{path}").status == 404, path
    assert api.call("GET", "/v1/locations/nowhere/variances/history").status == 404
    assert api.call("GET", f"{BASE}/counts").body == {"counts": [], "whole": True}


def test_what_sources_lack_is_beside_the_channels_incidents(stated: ApiWorld) -> None:
    found = stated.call("GET", "/v1/incidents").body["incidents"]
    shrunk = next(one for one in found if one["cause"] == "shrinkage")
    names = ("kind", "account", "location", "rows", "units_under", "unvalued_rows", "rows_version")
    assert [shrunk[name] for name in names] == ["source", None, "berlin", 2, 3, 2, 2]
    assert stated.call("GET", f"/v1/incidents/{shrunk['id']}").body == shrunk
    assert stated.call("GET", "/v1/incidents?account=eu").body["incidents"] == []
    subject = {"kind": "source", "location": "berlin", "cause": "shrinkage"}
    case = stated.call("POST", "/v1/cases", {"subject": subject, "owner": "ada"})
    assert case.status == 201, case.text
    assert (case.body["subject"]["cause"], case.body["subject"]["sku"]) == ("shrinkage", None)
    assert stated.call("POST", "/v1/cases", {"subject": subject}).status == 409
    bundle = stated.call("GET", f"/v1/cases/{case.body['id']}/evidence").body["evidence"]
    assert bundle["incident"]["case"]["id"] == case.body["id"]
    ended = {"version": 1, "root_cause": "shrinkage", "text": "Gone."}
    done = stated.call("POST", f"/v1/cases/{case.body['id']}/resolve", ended)
    assert done.status == 200, done.text


def test_what_is_lost_is_ranked_by_its_cost(api: ApiWorld) -> None:
    api.connect()
    api.call("POST", "/v1/sources", {"code": "wms", "name": "WMS"})
    rows = [
        {"key": "A1", "pack_size": 6, "cost": 1_200, "currency": "EUR"},
        {"key": "A1\x00X", "pack_size": 1, "cost": 250, "currency": "EUR"},
        {"key": "B1", "pack_size": 1, "cost": 9, "currency": "CHF", "unset": 0},
    ]
    api.write_book("acme", listings_book("eu"), LISTINGS, rows, "import")
    state_stock(api, "acme", "berlin", {"A1": 10, "B1": 10, "C1": 10}, "wms")
    api.now += timedelta(hours=1)
    state_stock(api, "acme", "berlin", {"A1": 6, "B1": 17, "C1": 10}, "wms")
    statement = api.call("GET", f"{BASE}/variances").body["statement"]
    assert (statement["value_short"], statement["value_over"]) == ({"EUR": 1000}, {"CHF": 63})
    assert statement["unvalued"] == 0
    found = api.call("GET", "/v1/incidents").body["incidents"]
    assert {one["cause"]: one["value"] for one in found} == {
        "shrinkage": {"EUR": 1000},
        "surplus": {"CHF": 63},
    }

"""Plans over the API: what is refused, and how; lists, rows, and up to when orders are imported."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.api.api_world import ApiWorld, listing, row
from tests.unit.api.furnished_plans import live_account, made_plan, make
from trueup.books.schema import Unset
from trueup.domain.accounts import Account, Mode
from trueup.domain.force import ForcePlan, PlanState
from trueup.ports import Replace
from trueup_api.tokens import path_token

UNSET = Unset.BUFFER | Unset.CAP | Unset.COST | Unset.PRICE
SKUS = [f"S{i:02d}" for i in range(12)]
PLANS = "/v1/force-plans"


@pytest.fixture
def live() -> ApiWorld:
    """Account ``eu`` shows two of each too many at location 1; 12 rows differ."""
    api = ApiWorld()
    api.call("POST", "/v1/locations", {"code": "home", "name": "Home"}, claims=api.claims())
    api.write_baseline("acme", "home", [{"key": sku, "on_hand": 5} for sku in SKUS])
    live_account(api, "acme", "eu", "home")
    rows = [row(sku, 5, 7) for sku in SKUS]
    api.compared(
        {"1": rows}, [listing(sku, f"Title {sku}", unset=UNSET) for sku in SKUS], account="eu"
    )
    return api


def ask(api: ApiWorld, **body: Any) -> Any:
    return api.call("POST", PLANS, {"account": "eu", "locations": ["1"], **body})


def change(api: ApiWorld, abilities: dict[str, Any] | None = None, **changes: Any) -> None:
    registry = api.registries.of("acme")
    stored = registry.get(Account, "eu")
    assert stored is not None
    able = stored.value.capabilities
    if abilities is not None and able is not None:
        able = able.model_copy(update=abilities)
    changed = stored.value.model_copy(update={"capabilities": able, **changes})
    registry.write(Replace(changed, stored.version))


def test_a_plan_is_asked_for_made_and_read(live: ApiWorld) -> None:
    asked = ask(live)
    assert asked.status == 202
    assert asked.headers["Location"] == f"/v1/accounts/eu/force-plans/{asked.body['id']}"
    assert (asked.body["state"], asked.body["hash"]) == ("planning", "")
    plan = make(live, "acme", "eu", asked.body["id"])
    found = live.call("GET", asked.headers["Location"]).body
    assert (found["state"], found["hash"], found["undecided"]) == ("proposed", plan.hash, "all")
    assert found["summary"]["down"] == {"rows": 12, "units": 24, "value": {}, "unvalued": 12}
    (place,) = found["locations"]
    assert (place["left"], place["busy_with"], place["rows"]) == (0, None, 12)


def test_rows_come_a_page_at_a_time_and_by_filter(live: ApiWorld) -> None:
    plan = made_plan(live, "acme", {"account": "eu", "locations": ["1"]})
    path = f"/v1/accounts/eu/force-plans/{plan.id}/rows"
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        more = f"&cursor={cursor}" if cursor else ""
        reply = live.call("GET", f"{path}?limit=5{more}").body
        seen += [found["seller_identifier"] for found in reply["rows"]]
        cursor = reply["cursor"]
    assert seen == SKUS
    one = live.call("GET", f"{path}?limit=1").body["rows"][0]
    assert (one["showed"], one["target"], one["units"], one["value"]) == (7, 5, 2, None)
    assert (one["urgency"], one["direction"], one["skip"]) == ("decrease", "over", "not_skipped")
    for query, rows in (
        ("skip=not_skipped", 12),
        ("skip=matches", 0),
        ("urgency=increase", 0),
        ("direction=over&urgency=decrease", 12),
        ("location=1", 12),
    ):
        assert len(live.call("GET", f"{path}?{query}").body["rows"]) == rows
    assert live.call("GET", f"{path}?location=9").status == 422
    wrong = live.call("GET", f"{path}?limit=5&skip=matches&cursor={_cursor(live, path)}")
    assert wrong.status == 422


def _cursor(api: ApiWorld, path: str) -> str:
    return str(api.call("GET", f"{path}?limit=1").body["cursor"])


def test_plans_are_listed_newest_first_by_state_and_account(live: ApiWorld) -> None:
    ids = []
    for _ in range(5):
        ids.append(ask(live).body["id"])
        live.now += timedelta(seconds=1)
    make(live, "acme", "eu", ids[2])
    newest = live.call("GET", f"{PLANS}?limit=2").body
    assert [plan["id"] for plan in newest["force_plans"]] == ids[:2:-1]
    rest = live.call("GET", f"{PLANS}?limit=9&cursor={newest['cursor']}").body
    assert [plan["id"] for plan in rest["force_plans"]] == ids[2::-1]
    assert rest["cursor"] is None
    done = live.call("GET", f"{PLANS}?account=eu&state=proposed").body["force_plans"]
    assert [plan["id"] for plan in done] == [ids[2]]
    assert live.call("GET", f"{PLANS}?kind=undo").body["force_plans"] == []
    assert live.call("GET", f"{PLANS}?account=us").status == 404


def test_all_that_is_wrong_is_told_at_once(live: ApiWorld) -> None:
    reply = ask(live, locations=["1", "9"], skus=["S00", "nope"], title="x")
    assert reply.status == 422
    assert {fault["where"] for fault in reply.body["faults"]} == {
        "/locations/1",
        "/skus",
        "/skus/1",
    }
    none = ask(live, locations=[])
    many = ask(live, locations=[str(i) for i in range(41)], skus=["nope"])
    assert none.status == many.status == 422
    assert {fault["where"] for fault in many.body["faults"]} == {"/locations", "/skus/0"}
    assert ask(live, account="us").status == 404
    assert not live.registries.of("acme").list(ForcePlan).items
    assert live.machines.started == []


def test_locations_must_be_linked_and_compared(live: ApiWorld) -> None:
    places = live.call("GET", "/v1/accounts/eu").body["locations"]
    other = next(place["id"] for place in places if place["id"] != "1")
    (fault,) = ask(live, locations=[other]).body["faults"]
    assert "linked" in fault["reason"]
    path = f"/v1/accounts/eu/links/{path_token(other)}"
    live.call("POST", "/v1/locations", {"code": "away", "name": "Away"}, claims=live.claims())
    put = live.call("PUT", path, {"members": [{"location": "away"}]}, claims=live.claims())
    assert put.status == 200, put.text
    (fault,) = ask(live, locations=[other]).body["faults"]
    assert "never compared" in fault["reason"]


@pytest.mark.parametrize("lacking", ["can_push", "capabilities"])
def test_a_channel_that_cannot_be_pushed_to_says_where_that_is_told(
    live: ApiWorld, lacking: str
) -> None:
    if lacking == "can_push":
        change(live, {"can_push": False, "documentation": "docs/channels/sandbox.md"})
    else:
        change(live, capabilities=None)
    reply = ask(live)
    assert reply.status == 422
    assert reply.body["documentation"] == "docs/channels/sandbox.md"
    assert reply.body["faults"] == []


def test_shadow_and_disabled_accounts_are_refused(live: ApiWorld) -> None:
    change(live, mode=Mode.SHADOW)
    reply = ask(live)
    assert (reply.status, "shadow mode" in reply.body["detail"]) == (409, True)
    change(live, mode=Mode.LIVE, enabled=False)
    assert ask(live).status == 409


def test_ten_plans_at_a_time_are_made(live: ApiWorld) -> None:
    asked = [ask(live) for _ in range(11)]
    assert [reply.status for reply in asked] == [202] * 10 + [409]
    plan = make(live, "acme", "eu", asked[0].body["id"])
    assert plan.state is PlanState.PROPOSED
    assert ask(live).status == 202


def test_a_repeated_request_makes_one_plan(live: ApiWorld) -> None:
    body = {"account": "eu", "locations": ["1"]}
    once, again = (
        live.call("POST", PLANS, body, headers={"Idempotency-Key": "k1"}) for _ in range(2)
    )
    assert once.body["id"] == again.body["id"]
    assert len(live.machines.started) == 1


def test_orders_are_covered_up_to_an_instant_that_was(live: ApiWorld) -> None:
    path = "/v1/accounts/eu/orders-covered"
    assert live.call("GET", path).body["until"] is None
    late = (live.now + timedelta(seconds=1)).isoformat()
    refused = live.call("PUT", path, {"until": late})
    assert (refused.status, refused.body["faults"][0]["where"]) == (422, "/until")
    until = (live.now - timedelta(hours=1)).isoformat()
    assert live.call("PUT", path, {"until": until}).status == 200
    stated = live.call("GET", path).body
    assert stated["until"] == until.replace("+00:00", "Z")
    assert stated["stated_by"]
    told = live.call("GET", "/v1/audit", claims=live.claims()).body
    assert "orders-covered" in str(told)
    assert live.call("PUT", "/v1/accounts/us/orders-covered", {"until": until}).status == 404

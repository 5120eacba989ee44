"""Edits and imports that are asked for by the API and lost, doubled, or told in a strange way."""

from typing import Any

import pytest

from tests.unit.api.api_world import ApiWorld
from trueup.adapters.memory_ledger import MemoryLedger
from trueup.domain.imports import Drop, Import, ImportState
from trueup.ports import Replace
from trueup.usecases.ingest.applying import apply_import
from trueup.usecases.ingest.validating import validate_import
from trueup.usecases.ingest.work import IngestWork

LISTINGS = "/v1/accounts/eu/listings"


def one(sku: str, **fields: Any) -> dict[str, Any]:
    return {"sku": sku, "channel_key": sku} | fields


@pytest.fixture
def shop(api: ApiWorld) -> ApiWorld:
    api.connect()
    return api


def test_listings_are_put_read_and_removed(shop: ApiWorld) -> None:
    body = {"listings": [one(f"A{i}", title=f"T{i}") for i in range(5)]}
    assert shop.call("PUT", LISTINGS, body).body == {"version": 1, "changed": True}
    assert shop.call("PUT", LISTINGS, body).body == {"version": 1, "changed": False}
    first = shop.call("GET", f"{LISTINGS}?limit=3").body
    rest = shop.call("GET", f"{LISTINGS}?limit=3&cursor={first['cursor']}").body
    assert [x["sku"] for x in first["listings"] + rest["listings"]] == [f"A{i}" for i in range(5)]
    assert rest["cursor"] is None
    names = {"listings": [{"sku": "A1", "channel_key": "A1"}]}
    assert shop.call("POST", f"{LISTINGS}/removals", names).body["changed"] is True
    assert shop.call("GET", f"{LISTINGS}?sku_prefix=A1").body["listings"] == []


def test_all_faults_of_listings_point_into_the_body(shop: ApiWorld) -> None:
    body = {"listings": [one("A", price=1), one("B", channel_key="A")]}
    reply = shop.call("PUT", LISTINGS, body)
    assert reply.status == 422
    where = [fault["where"] for fault in reply.body["faults"]]
    assert where == ["/listings/0/currency", "/listings/1/channel_key"]
    worse = {"listings": [one("A", gtin="12"), one("B", pack_size=0, x=1)]}
    where = [fault["where"] for fault in shop.call("PUT", LISTINGS, worse).body["faults"]]
    assert where == ["/listings/0/gtin", "/listings/1/pack_size", "/listings/1/x"]


def test_a_listings_cursor_of_another_list_is_refused(shop: ApiWorld) -> None:
    shop.call("PUT", LISTINGS, {"listings": [one("A"), one("B")]})
    cursor = shop.call("GET", f"{LISTINGS}?limit=1").body["cursor"]
    assert shop.call("GET", f"{LISTINGS}?sku_prefix=A&cursor={cursor}").status == 422


NEW = {"kind": "baseline", "target": "berlin"}


def test_an_import_gives_another_form_while_it_waits_for_its_file(shop: ApiWorld) -> None:
    body = {"kind": "baseline", "target": "berlin", "format": "csv"}
    made = shop.call("POST", "/v1/imports", body).body
    again = shop.call("POST", f"/v1/imports/{made['id']}/form")
    assert (again.status, again.body["fields"]["key"]) == (200, made["form"]["fields"]["key"])
    rows = body | {"rows": [{"sku": "A", "on_hand": 1}]}
    del rows["format"]
    sent = shop.call("POST", "/v1/imports", rows).body
    assert shop.call("POST", f"/v1/imports/{sent['id']}/form").status == 409


def test_a_file_is_uploaded_by_a_form_and_started_once(shop: ApiWorld) -> None:
    made = shop.call("POST", "/v1/imports", NEW)
    assert made.status == 201
    assert made.body["state"] == "Pending"
    key = made.body["form"]["fields"]["key"]
    assert key.startswith("uploads/acme/")
    path = made.headers["Location"]
    assert shop.call("POST", f"{path}/start").status == 422
    shop.imports.put(key, b"sku,on_hand\nA,1\n")
    assert [shop.call("POST", f"{path}/start").status for _ in range(2)] == [202, 202]
    assert [machine for machine, _, _ in shop.machines.started] == ["ingest"]
    got = shop.call("GET", path).body
    assert (got["state"], got["form"]) == ("Validating", None)
    assert shop.call("GET", "/v1/imports").body["imports"] == [got]


def test_rows_in_the_body_start_at_once(shop: ApiWorld) -> None:
    made = shop.call("POST", "/v1/imports", NEW | {"rows": [{"sku": "A", "on_hand": 1}]})
    assert (made.status, made.body["state"], made.body["form"]) == (201, "Validating", None)


def test_an_import_needs_a_target_of_the_sellers(shop: ApiWorld) -> None:
    assert shop.call("POST", "/v1/imports", NEW | {"target": "rome"}).status == 404
    assert shop.call("POST", "/v1/imports", NEW, claims=shop.claims("bolt")).status == 404
    for instant in ("2999-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0999-12-31T00:00:00Z"):
        refused = shop.call("POST", "/v1/imports", NEW | {"as_of": instant})
        assert (refused.status, refused.body["faults"][0]["where"]) == (422, "as_of")
    many = shop.call("POST", "/v1/imports", NEW | {"rows": [{"sku": "A"}] * 1001})
    assert many.status == 422


def test_a_drop_is_confirmed_by_an_approver(shop: ApiWorld) -> None:
    path = shop.call("POST", "/v1/imports", NEW).headers["Location"]
    assert shop.call("POST", f"{path}/confirm").status == 409
    registry = shop.registries.of("acme")
    stored = registry.get(Import, path.rsplit("/", 1)[1])
    assert stored is not None
    drop = Drop(skus_before=9, skus_after=1, units_before=9, units_after=1)
    waits = {"state": ImportState.AWAITING_CONFIRMATION, "drop": drop}
    registry.write(Replace(stored.value.model_copy(update=waits), stored.version))
    operator = shop.claims(roles="operator")
    assert shop.call("POST", f"{path}/confirm", claims=operator).status == 403
    assert shop.call("POST", f"{path}/confirm").body["state"] == "Applying"


def test_what_a_file_states_otherwise_is_told_and_listed(shop: ApiWorld) -> None:
    made = shop.call("POST", "/v1/imports", NEW)
    path, key = made.headers["Location"], made.body["form"]["fields"]["key"]
    assert made.body["contradictions"] == 0
    shop.imports.put(key, b"sku,on_hand,damaged,sellable\nA,9,2,7\nB,9,2,9\n")
    shop.call("POST", f"{path}/start")
    registry, pages = shop.registries.of("acme"), shop.pages_of("acme")
    work = IngestWork(registry, pages, shop.imports, shop.clock, MemoryLedger())
    for step in (validate_import, apply_import):
        step(work, made.body["id"])
    got = shop.call("GET", path).body
    assert (got["state"], got["contradictions"], got["has_report"]) == ("Applied", 1, True)
    assert f"reports/acme/{got['id']}.csv" in shop.call("GET", f"{path}/report").body["url"]
    report = shop.imports.get(f"reports/acme/{got['id']}.csv").decode("utf-8-sig")
    assert report.splitlines()[1:] == ['3,sellable,9,"the other columns leave 7, and that is used"']


def test_a_report_is_a_link_of_five_minutes(shop: ApiWorld) -> None:
    path = shop.call("POST", "/v1/imports", NEW).headers["Location"]
    assert shop.call("GET", f"{path}/report").status == 404
    registry = shop.registries.of("acme")
    stored = registry.get(Import, path.rsplit("/", 1)[1])
    assert stored is not None
    rejected = {"state": ImportState.REJECTED, "report_key": "reports/acme/x.csv"}
    registry.write(Replace(stored.value.model_copy(update=rejected), stored.version))
    link = shop.call("GET", f"{path}/report").body
    assert link["seconds"] == 300
    assert "reports/acme/x.csv" in link["url"]

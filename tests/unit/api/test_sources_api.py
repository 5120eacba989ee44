"""Finds: a source that is stored with what cannot be, or a rule that names nothing."""

from typing import Any

import pytest

from tests.unit.api.api_world import ApiWorld

SOURCE: dict[str, Any] = {"code": "wms", "name": "Warehouse", "bins": {"A-*": "berlin"}}


@pytest.fixture
def shop(api: ApiWorld) -> ApiWorld:
    api.connect()
    assert api.call("POST", "/v1/sources", SOURCE).status == 201
    return api


def faults(api: ApiWorld, method: str, path: str, body: Any) -> dict[str, str]:
    reply = api.call(method, path, body)
    assert reply.status == 422, reply.text
    return {fault["where"]: fault["reason"] for fault in reply.body["faults"]}


def test_a_source_is_kept_as_it_was_given(shop: ApiWorld) -> None:
    full = {
        "name": "Warehouse 2",
        "kind": "3pl",
        "provides": "movements",
        "statuses": {"GOOD": "sellable", "日本": "damaged"},
        "units": {"case": 12},
        "units_by_sku": {"00017": {"case": 6}},
        "bins": {"A-*": "berlin", "B/1~": "paris"},
        "settle_seconds": 60,
        "max_age_minutes": 1440,
        "account": None,
    }
    reply = shop.call("PUT", "/v1/sources/wms", full)
    assert reply.status == 200, reply.text
    assert reply.body == {"code": "wms", **full} == shop.call("GET", "/v1/sources/wms").body
    assert shop.call("GET", "/v1/sources").body == {"sources": [reply.body]}


def test_a_code_is_taken_once(shop: ApiWorld) -> None:
    assert shop.call("POST", "/v1/sources", SOURCE).status == 409


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"bins": {"A-1": "rome", "B/1~": "rome"}}, ["/bins/A-1", "/bins/B~11~0"]),
        ({"kind": "channel"}, ["/account"]),
        ({"account": "eu"}, ["/account"]),
        ({"kind": "channel", "account": "us"}, ["/account"]),
        ({"statuses": {"GOOD": "fine"}}, ["/statuses/GOOD"]),
        ({"statuses": {"a\nb": "sellable"}}, ["/statuses/a\nb/[key]"]),
        ({"units": {"case": 0}}, ["/units/case"]),
        ({"units": {"case": "12"}}, ["/units/case"]),
        ({"bins": {"A*B": "berlin"}}, ["/bins/A*B/[key]"]),
        ({"settle_seconds": -1}, ["/settle_seconds"]),
        ({"max_age_minutes": 0}, ["/max_age_minutes"]),
        ({"colour": "red"}, ["/colour"]),
    ],
)
def test_what_cannot_be_is_told(shop: ApiWorld, fields: dict[str, Any], where: list[str]) -> None:
    given = {"name": "Warehouse"} | fields
    assert list(faults(shop, "PUT", "/v1/sources/wms", given)) == where


def test_a_source_with_all_its_maps_has_its_limit(shop: ApiWorld) -> None:
    units = {f"{i:090}": 2 for i in range(200)}
    body = {"name": "W", "units_by_sku": {f"S{i}": units for i in range(20)}}
    assert list(faults(shop, "PUT", "/v1/sources/wms", body)) == [""]


def test_the_products_own_name_is_not_a_source(shop: ApiWorld) -> None:
    body = {"code": "trueup", "name": "Me"}
    assert list(faults(shop, "POST", "/v1/sources", body)) == ["/code"]


def test_rules_say_who_owns_what(shop: ApiWorld) -> None:
    everywhere = shop.call("PUT", "/v1/ownerships/movements/~Kg", {"source": "wms"})
    assert everywhere.status == 200, everywhere.text
    assert everywhere.body == {
        "domain": "movements",
        "location": "*",
        "token": "~Kg",
        "source": "wms",
        "others": "refuse",
    }
    claims = {"source": "wms", "others": "claim"}
    assert shop.call("PUT", "/v1/ownerships/movements/berlin", claims).status == 200
    assert shop.call("PUT", "/v1/ownerships/movements/berlin", claims).status == 200
    listed = shop.call("GET", "/v1/ownerships").body["ownerships"]
    assert [(rule["location"], rule["others"]) for rule in listed] == [
        ("*", "refuse"),
        ("berlin", "claim"),
    ]
    assert shop.call("DELETE", "/v1/sources/wms").status == 409
    for token in ("~Kg", "berlin"):
        assert shop.call("DELETE", f"/v1/ownerships/movements/{token}").status == 204
        assert shop.call("DELETE", f"/v1/ownerships/movements/{token}").status == 404
    assert shop.call("DELETE", "/v1/sources/wms").status == 204
    assert shop.call("GET", "/v1/sources/wms").status == 404


def test_rules_name_what_there_is(shop: ApiWorld) -> None:
    assert shop.call("PUT", "/v1/ownerships/moves/berlin", {"source": "wms"}).status == 404
    assert shop.call("PUT", "/v1/ownerships/movements/rome", {"source": "wms"}).status == 404
    path = "/v1/ownerships/movements/berlin"
    assert list(faults(shop, "PUT", path, {"source": "nobody"})) == ["/source"]
    path = "/v1/ownerships/sku_master/berlin"
    assert list(faults(shop, "PUT", path, {"source": "wms"})) == ["/location"]

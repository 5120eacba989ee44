"""The same refusals through the real gateway: its authorizer, Cognito's tokens, enforced roles."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from local.deploy import STACK_NAME
from local.embedded import Embedded
from tests.unit.api.furnished import Furnished
from trueup.usecases.auth import RANKS, Role
from trueup_api.routing import Route
from trueup_api.table import ROUTES

pytestmark = pytest.mark.stack
every_route = pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")
SELLER = "tenancy-one"


@dataclass(frozen=True)
class Gateway:
    """Tokens by who holds them, and the first seller's things."""

    client: httpx.Client
    tokens: dict[str, str]
    things: Furnished

    def send(self, route: Route, token: str | None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[token]}"} if token else {}
        path, body = self.things.path(route), self.things.body(route)
        return self.client.request(route.method, path, headers=headers, json=body)


@pytest.fixture(scope="module")
def gateway(stack: Embedded) -> Iterator[Gateway]:
    tokens = {}
    for role in RANKS:
        person = stack.create_person(f"{role}@tenancy.example.com", SELLER, [role])
        tokens[role.value] = stack.access_token(person)
    other = stack.create_person("admin@other.example.com", "tenancy-two", ["admin"])
    tokens["other"] = stack.access_token(other)
    tokens["id"] = stack.tokens(other)["IdToken"]
    tokens["forged"] = tokens["admin"][:-8] + "AAAAAAAA"
    with httpx.Client(base_url=stack.api_url, timeout=60) as client:
        _fill_sandbox(stack)
        yield Gateway(client, tokens, Furnished(SELLER, _furnish(client, tokens["admin"])))


def _fill_sandbox(stack: Embedded) -> None:
    order = {
        "operation": "sandbox.seed",
        "account": {"seller": SELLER, "account": "one-eu"},
        "locations": [{"id": "web", "name": "Web", "items": [["S1", 1]]}],
    }
    reply = stack.client("lambda").invoke(
        FunctionName=f"{STACK_NAME}-channel-sandbox", Payload=json.dumps(order)
    )
    assert "FunctionError" not in reply, reply["Payload"].read()


class Admin:
    """Asks for things, and gets them."""

    def __init__(self, client: httpx.Client, token: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        reply = self._client.request(method, path, json=body, headers=self._headers)
        assert reply.is_success, reply.text
        found: dict[str, Any] = reply.json()
        return found

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        return self.ask("POST", path, body)

    def put(self, path: str, body: Any) -> dict[str, Any]:
        return self.ask("PUT", path, body)

    def until_final(self, path: str, *passing: str) -> dict[str, Any]:
        found = self.ask("GET", path)
        for _ in range(240):
            if found["state"] not in passing:
                return found
            time.sleep(0.5)
            found = self.ask("GET", path)
        pytest.fail(f"{path} did not end: {found['state']}")


def _furnish(client: httpx.Client, token: str) -> dict[str, str]:
    admin = Admin(client, token)
    admin.post("/v1/locations", {"code": "one-home", "name": "Home"})
    admin.post("/v1/sources", {"code": "one-wms", "name": "Home's"})
    account = admin.post("/v1/accounts", {"id": "one-eu", "channel": "sandbox", "name": "One"})
    place = account["locations"][0]
    members = {"members": [{"location": "one-home"}]}
    admin.put(f"/v1/accounts/one-eu/links/{place['token']}", members)
    admin.put("/v1/accounts/one-eu/listings", {"listings": [{"sku": "S1", "channel_key": "S1"}]})
    rows = [{"sku": "S1", "on_hand": 4}]
    made = admin.post("/v1/imports", {"kind": "baseline", "target": "one-home", "rows": rows})
    admin.until_final(f"/v1/imports/{made['id']}", "Pending", "Validating", "Applying")
    run = admin.post("/v1/accounts/one-eu/runs")
    ended = admin.until_final(f"/v1/accounts/one-eu/runs/{run['id']}", "Queued", "Running")
    assert ended["state"] == "Succeeded", ended["cause"]
    return {
        "account": "one-eu",
        "location": "one-home",
        "channel_location": place["token"],
        "run": run["id"],
        "import": made["id"],
        "side": "seller",
        "sku": "S1",
        "?location": place["id"],
        "source": "one-wms",
        "domain": "movements",
        "place": "one-home",
        "push": f"{run['id']}.all.0.0",
        "retried:account": "one-eu",
        "retried:push": f"{run['id']}.all.0.0",
        "plan": run["id"],
        "planned:account": "one-eu",
        **_exceptional(admin, run["id"]),
    }


def _exceptional(admin: Admin, run: str) -> dict[str, str]:
    """What is made of a difference: an incident, a case, a rule, a correction, a replay."""
    admin.put("/v1/ownerships/movements/one-home", {"source": "one-wms"})
    subject = {"kind": "source", "location": "one-home", "sku": "S1"}
    correction = {"location": "one-home", "sku": "S1", "quantity": -3, "reason": "lost"}
    threshold = {"measure": "units", "limit": 1}
    incidents = admin.ask("GET", "/v1/incidents?account=one-eu")["incidents"]
    replays = f"/v1/accounts/one-eu/runs/{run}/replays"
    return {
        "incident": incidents[0]["id"],
        "case": admin.post("/v1/cases", {"subject": subject})["id"],
        "rule": admin.post("/v1/routing-rules", {"id": "one-all", "owner": "ada"})["id"],
        "adjustment": admin.post("/v1/adjustments", correction)["id"],
        "threshold": admin.post("/v1/accounts/one-eu/thresholds", threshold)["id"],
        "replay": admin.post(replays, {"kind": "replay"})["id"],
        "export": admin.post("/v1/exports", {"of": "audit"})["id"],
    }


@every_route
def test_nobody_else_is_let_in(gateway: Gateway, route: Route) -> None:
    assert gateway.send(route, None).status_code == 401
    assert gateway.send(route, "forged").status_code == 401
    assert gateway.send(route, "id").status_code in (401, 403)
    if route.role is not Role.VIEWER:
        below = RANKS[RANKS.index(route.role) - 1]
        assert gateway.send(route, below.value).status_code == 403
    if gateway.things.path(route) != route.path:
        reply = gateway.send(route, "other")
        assert reply.status_code == 404, reply.text
        assert "Home" not in reply.text


@every_route
def test_its_own_seller_is_let_in(gateway: Gateway, route: Route) -> None:
    reply = gateway.send(route, route.role.value)
    assert reply.status_code not in (401, 403, 405), reply.text
    assert reply.status_code < 500, reply.text

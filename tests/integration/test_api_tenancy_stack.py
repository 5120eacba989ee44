"""The same refusals through the real gateway: its authorizer, Cognito's tokens, enforced roles."""

import json
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


def _furnish(client: httpx.Client, token: str) -> dict[str, str]:
    def post(path: str, body: Any = None, method: str = "POST") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        reply = client.request(method, path, json=body, headers=headers)
        assert reply.is_success, reply.text
        found: dict[str, Any] = reply.json()
        return found

    post("/v1/locations", {"code": "one-home", "name": "Home"})
    account = post("/v1/accounts", {"id": "one-eu", "channel": "sandbox", "name": "One"})
    place = account["locations"][0]
    members = {"members": [{"location": "one-home"}]}
    post(f"/v1/accounts/one-eu/links/{place['token']}", members, "PUT")
    rows = [{"sku": "S1", "on_hand": 1}]
    made = post("/v1/imports", {"kind": "baseline", "target": "one-home", "rows": rows})
    run = post("/v1/accounts/one-eu/runs")
    return {
        "account": "one-eu",
        "location": "one-home",
        "channel_location": place["token"],
        "run": run["id"],
        "import": made["id"],
        "side": "seller",
        "sku": "S1",
        "?location": place["id"],
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

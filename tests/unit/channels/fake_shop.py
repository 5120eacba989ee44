"""A Vendure shop as far as the connector asks, to make it fail at will."""

from collections.abc import Callable
from typing import Any

import httpx
import msgspec

from trueup.channel.contract import AccountRef
from trueup.channel.serve import answer
from vendure_connector import VendureConnector
from vendure_secrets import Secrets

PASSWORD = "correct horse"
ACCOUNT = AccountRef(
    seller="acme",
    account="shop",
    config={"url": "https://shop.example.com/"},
    secret="trueup/acme/vendure/shop",
)
Hook = Callable[[str], httpx.Response | None]


class FakeSecrets:
    def __init__(self, text: str = f'{{"username": "u", "password": "{PASSWORD}"}}') -> None:
        self.text = text

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803, ARG002 - boto3's
        return {"SecretString": self.text}


class FakeShop(httpx.BaseTransport):
    """Variants by id: (sku, {location: on hand}). `hook` may answer instead, by the query."""

    def __init__(self, variants: dict[str, tuple[str, dict[str, int]]]) -> None:
        self.variants = variants
        self.locations = ["1", "2"]
        self.hook: Hook = lambda _query: None
        self.asked: list[str] = []
        self.logins = 0
        self.valid = ""
        self.poison: set[str] = set()
        self.secrets = FakeSecrets()

    def ask(self, operation: str, **arguments: Any) -> dict[str, Any]:
        account = msgspec.to_builtins(ACCOUNT)
        event: dict[str, Any] = {"operation": operation, "account": account, **arguments}
        if operation in ("fetch", "push", "check"):
            event.setdefault("budget", {"milliseconds": 60_000})
        return answer(self.connector, event)

    @property
    def connector(self) -> VendureConnector:
        if not hasattr(self, "_connector"):
            self._connector = VendureConnector(Secrets(self.secrets), self, allow_loopback=False)
        return self._connector

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = msgspec.json.decode(request.read())
        query, variables = body["query"], body["variables"]
        self.asked.append(query)
        instead = self.hook(query)
        if instead is not None:
            return instead
        if "login" in query:
            return self._login(variables)
        if request.headers.get("authorization") != f"Bearer {self.valid}":
            return refusal("You are not currently authorized", "FORBIDDEN")
        return self._answer(query, variables)

    def _login(self, variables: dict[str, Any]) -> httpx.Response:
        if variables["password"] != PASSWORD:
            return httpx.Response(
                200, json={"data": {"login": {"__typename": "InvalidCredentialsError"}}}
            )
        self.logins += 1
        self.valid = f"token-{self.logins}"
        data = {"data": {"login": {"__typename": "CurrentUser"}}}
        return httpx.Response(200, json=data, headers={"vendure-auth-token": self.valid})

    def _answer(self, query: str, variables: dict[str, Any]) -> httpx.Response:
        if "stockLocations" in query:
            items = [{"id": id_, "name": f"Place {id_}"} for id_ in self.locations]
            found = {"totalItems": len(items), "items": items}
            settings = {"trackInventory": True}
            return data({"stockLocations": found, "globalSettings": settings})
        if "updateProductVariants" in query:
            return self._update(variables["input"])
        return data({"productVariants": self._list(variables["options"])})

    def _list(self, options: dict[str, Any]) -> dict[str, Any]:
        wanted = options.get("filter")
        found = [
            (id_, sku, levels)
            for id_, (sku, levels) in self.variants.items()
            if wanted is None
            or sku in wanted["sku"]["in"]
            or id_ in wanted.get("id", {"in": []})["in"]
        ]
        found.sort(key=lambda item: item[1] if "sku" in options["sort"] else int(item[0]))
        part = found[options["skip"] : options["skip"] + options["take"]]
        return {"totalItems": len(found), "items": [_variant(*item) for item in part]}

    def _update(self, inputs: list[dict[str, Any]]) -> httpx.Response:
        if self.poison & {change["id"] for change in inputs}:
            return refusal(f"Bad variant, {PASSWORD}\n", "INTERNAL_SERVER_ERROR")
        for change in inputs:
            for level in change["stockLevels"]:
                levels = self.variants[change["id"]][1]
                levels[level["stockLocationId"]] = level["stockOnHand"]
        return data({"updateProductVariants": [{"id": change["id"]} for change in inputs]})


def data(value: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"data": value})


def refusal(message: str, code: str) -> httpx.Response:
    error = {"message": message, "extensions": {"code": code}}
    return httpx.Response(200, json={"data": None, "errors": [error]})


def _variant(id_: str, sku: str, levels: dict[str, int]) -> dict[str, Any]:
    stock = [
        {"stockLocationId": place, "stockOnHand": units, "stockAllocated": 0}
        for place, units in levels.items()
    ]
    tracked = "FALSE" if sku == "UNTRACKED" else "INHERIT"
    return {"id": id_, "sku": sku, "name": sku, "trackInventory": tracked, "stockLevels": stock}

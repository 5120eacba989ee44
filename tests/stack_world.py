"""A seller on the embedded stack, as its people see it: over HTTP. Channels are told directly."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from local.deploy import STACK_NAME
from local.embedded import Embedded
from sandbox_client import SandboxClient
from tests.contract.stores import LOCAL
from trueup.adapters.clients import Clients
from trueup.adapters.dynamodb_registry import DynamoDBRegistries
from trueup.domain.runs import Run, RunState
from trueup.ports import Meter, Registries, Registry

T = TypeVar("T")
Json = dict[str, Any]
FINAL = {state.value for state in RunState if state.final}
ROLES = ("admin", "approver", "operator", "viewer")


class StackWorld:
    """Everything of one seller, as one of its people: `name`, with all roles unless told.

    A problem of the API is an AssertionError with its text.
    """

    def __init__(
        self, stack: Embedded, seller: str, name: str = "", roles: Sequence[str] = ROLES
    ) -> None:
        self.stack = stack
        self.seller = seller
        self._person = stack.create_person(f"{name or seller}@example.com", seller, roles)
        headers = {"Authorization": f"Bearer {stack.access_token(self._person)}"}
        self.http = httpx.Client(
            base_url=stack.api_url, headers=headers, timeout=60, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()

    # The API ------------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        for _ in range(5):
            answer = self.http.request(method, path, json=body, params=query)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(float(answer.headers.get("Retry-After", 1)))
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, **query)

    def post(self, path: str, body: Any = None) -> Any:
        return self.call("POST", path, body)

    def add_place(self, code: str, positions: Sequence[Mapping[str, Any]]) -> None:
        """A location of the seller with its baseline, through the shipped ingest."""
        self.post("/v1/locations", {"code": code, "name": code.title()})
        self.imported({"kind": "baseline", "target": code, "rows": list(positions)})

    def imported(self, body: Mapping[str, Any]) -> Json:
        return self.applied(self.post("/v1/imports", dict(body))["id"])

    def applied(self, import_: str) -> Json:
        """The import after its end; it must be applied."""
        ended: Json = within(60, lambda: self._ended_import(import_))
        assert ended["state"] == "Applied", ended
        return ended

    def _ended_import(self, import_: str) -> Json | None:
        found: Json = self.get(f"/v1/imports/{import_}")
        passing = ("Pending", "Validating", "Applying")
        return None if found["state"] in passing else found

    def connect(self, account: str, channel: str = "sandbox", **fields: Any) -> Json:
        """A new account; its channel describes itself."""
        new = {"id": account, "channel": channel, "name": account.title(), **fields}
        made: Json = self.post("/v1/accounts", new)
        return made

    def link(self, account: str, links: Mapping[str, Sequence[str]]) -> None:
        """Feed channel locations, by their ids, from locations of the seller."""
        tokens = {p["id"]: p["token"] for p in self.get(f"/v1/accounts/{account}")["locations"]}
        for place, codes in links.items():
            members = [{"location": code} for code in codes]
            path = f"/v1/accounts/{account}/links/{tokens[place]}"
            self.call("PUT", path, {"members": members})

    def list_skus(self, account: str, skus: Sequence[str]) -> None:
        listings = [{"sku": sku, "channel_key": sku, "title": f"Title of {sku}"} for sku in skus]
        self.call("PUT", f"/v1/accounts/{account}/listings", {"listings": listings})

    def generate(self, account: str) -> Json:
        started: Json = self.post(f"/v1/accounts/{account}/runs")
        return started

    def run(self, started: Mapping[str, Any]) -> Json:
        found: Json = self.get(f"/v1/accounts/{started['account']}/runs/{started['id']}")
        return found

    def ended(self, started: Mapping[str, Any], seconds: float = 90) -> Json:
        """The run when it has come to its end."""

        def final() -> Json | None:
            found = self.run(started)
            return found if found["state"] in FINAL else None

        return within(seconds, final)

    def reconcile(self, account: str) -> Json:
        return self.ended(self.generate(account))

    def rows(self, account: str, **query: Any) -> dict[tuple[str, str], Json]:
        """All rows by channel location and channel identifier."""
        return {
            (row["channel_inventory"]["location_id"], row["channel_identifier"]): row
            for row in self._paged("/v1/rows", "rows", account=account, limit=200, **query)
        }

    def _paged(self, path: str, field: str, **query: Any) -> Iterator[Json]:
        while True:
            page = self.get(path, **query)
            yield from page[field]
            if page["cursor"] is None:
                return
            query["cursor"] = page["cursor"]

    # The far side of a channel ------------------------------------------------------------------

    def shop(self, account: str) -> SandboxClient:
        """The sandbox shop behind an account."""
        name = f"{STACK_NAME}-channel-sandbox"
        reference = {"seller": self.seller, "account": account}
        return SandboxClient(lambda event: invoke(self.stack, name, event), reference)

    # Behind the scenes --------------------------------------------------------------------------

    @cached_property
    def registries(self) -> Registries:
        client = Clients(endpoint_url=self.stack.endpoint_url, **LOCAL).dynamodb
        return DynamoDBRegistries(client, self.stack.outputs["RegistryTableName"], Meter())

    @cached_property
    def registry(self) -> Registry:
        return self.registries.of(self.seller)

    def stored_run(self, started: Mapping[str, Any]) -> Run:
        stored = self.registry.get(Run, started["account"], started["id"])
        assert stored is not None
        return stored.value


def invoke(stack: Embedded, function: str, event: Any) -> Any:
    """The answer of a function of the stack; AssertionError with what it says if it fails."""
    answer = stack.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    body = json.load(answer["Payload"])
    assert "FunctionError" not in answer, f"{function}: {body}"
    return body


def within(seconds: float, found: Callable[[], T | None]) -> T:
    """What is found when there is something; AssertionError if there is nothing in time."""
    deadline = time.monotonic() + seconds
    while (value := found()) is None:
        assert time.monotonic() < deadline, f"nothing within {seconds} s"
        time.sleep(0.1)
    return value


@contextmanager
def rules_off(stack: Embedded, *names: str) -> Iterator[None]:
    """The EventBridge rules of these logical names do nothing in here."""
    events = stack.client("events")
    physical = [_rule(stack, name) for name in names]
    for name in physical:
        events.disable_rule(Name=name)
    try:
        yield
    finally:
        for name in physical:
            events.enable_rule(Name=name)


def _rule(stack: Embedded, logical: str) -> str:
    found = stack.client("cloudformation").describe_stack_resource(
        StackName=STACK_NAME, LogicalResourceId=logical
    )
    physical: str = found["StackResourceDetail"]["PhysicalResourceId"]
    return physical.rsplit("/", 1)[-1]

"""A world of memory twins behind the API, with two sellers, and a way to call it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from trueup.adapters.memory_channels import MemoryChannels
from trueup.adapters.memory_ledger import MemoryLedger
from trueup.adapters.memory_machines import MemoryMachines
from trueup.adapters.memory_objects import MemoryObjects
from trueup.adapters.memory_pages import MemoryPages
from trueup.adapters.memory_registry import MemoryRegistries
from trueup.books.manifest import Manifest, save_manifest
from trueup.books.pages import Page, take
from trueup.books.schema import BASELINE, LISTINGS, ROWS, BookSchema, RowUnknown
from trueup.books.writer import write_range
from trueup.channel.contract import (
    Abilities,
    CheckRequest,
    CheckResponse,
    DescribeRequest,
    DescribeResponse,
    Failure,
    FetchRequest,
    FetchResponse,
    Observation,
    Place,
    PushRequest,
    PushResponse,
)
from trueup.domain.groups import CauseGroup, merged
from trueup.domain.outcomes import Outcome, Reason, outcome_of
from trueup.domain.runs import (
    BookPin,
    Head,
    Inputs,
    LocationResult,
    Run,
    RunState,
    Tally,
    Trigger,
    Version,
)
from trueup.domain.time import ulid_ids
from trueup.ports import Create, Replace
from trueup.usecases.books import baseline_book, listings_book, rows_book
from trueup.usecases.exceptions.stakes import Counting, row_cause, staked_row
from trueup_api.application import application
from trueup_api.world import World

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADMIN = "viewer operator approver admin"
Row = dict[str, Any]


class Shopfront:
    """A connector that describes two places, or what `config` says."""

    def describe(self, request: DescribeRequest) -> DescribeResponse | Failure:
        fails = request.account.config.get("fails")
        if isinstance(fails, str) and fails:
            kind = "throttled" if fails == "busy" else "failed"
            return Failure(outcome=kind, reason=fails, retry_after_seconds=7)  # type: ignore[arg-type]
        abilities = Abilities(can_push=True, reports="available", minimum_cooldown_seconds=60)
        places = [
            Place(id="1", code="BER", name="Berlin"),
            Place(id="gid://shop/2 b", code="PAR", name="Paris"),
        ]
        return DescribeResponse(abilities=abilities, locations=places)

    def fetch(self, request: FetchRequest) -> FetchResponse:
        """Five of whatever is asked for, wherever."""
        places = request.locations or ["1"]
        rows = [Observation(key, place, 5) for key in request.keys or () for place in places]
        at = "2026-03-02T12:00:00Z"
        return FetchResponse(outcome="done", captured_at=at, rows=rows, total=len(rows))

    def push(self, request: PushRequest) -> PushResponse:
        raise NotImplementedError

    def check(self, request: CheckRequest) -> CheckResponse:
        raise NotImplementedError


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, Any]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text) if self.text else None


class CountingPages(MemoryPages):
    """Remembers which blobs were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []

    def get_many(self, book: str, hashes: Sequence[str]) -> dict[str, bytes]:
        self.asked += [(book, name) for name in hashes]
        return super().get_many(book, hashes)


class ApiWorld:
    """The application on twins. `now` is the time."""

    def __init__(self) -> None:
        self.now = START
        self.registries = MemoryRegistries()
        self.machines = MemoryMachines()
        self.channels = MemoryChannels({"sandbox": Shopfront()})
        self.evidence = MemoryObjects()
        self.imports = MemoryObjects()
        self.exports = MemoryObjects()
        self.pages: dict[str, CountingPages] = {}
        self.ledgers: dict[str, MemoryLedger] = {}
        self.new_id = ulid_ids(self.clock)
        self.world = World(
            registries=self.registries,
            pages_of=self.pages_of,
            ledger_of=self.ledger_of,
            evidence=self.evidence,
            imports=self.imports,
            exports=self.exports,
            channels=self.channels,
            machines=self.machines,
            clock=self.clock,
            new_id=self.new_id,
        )
        self.handler = application(self.world)

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def ledger_of(self, seller: str) -> MemoryLedger:
        return self.ledgers.setdefault(seller, MemoryLedger())

    def pages_of(self, seller: str) -> CountingPages:
        return self.pages.setdefault(seller, CountingPages())

    def claims(self, seller: str = "acme", roles: str = ADMIN, **other: Any) -> dict[str, Any]:
        expires = str(int(self.now.timestamp()) + 900)
        base = {"token_use": "access", "sub": f"{seller}-user", "exp": expires}
        return base | {"seller": seller, "roles": roles} | other

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        claims: dict[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        anonymous: bool = False,
    ) -> Reply:
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        known = None if anonymous else (claims or self.claims())
        return self.send(event(method, path, text, known, headers or {}))

    def send(self, given: dict[str, Any]) -> Reply:
        answer = self.handler(given, None)
        headers = answer.get("headers") or {}
        return Reply(answer["statusCode"], headers, answer.get("body") or "")

    def connect(self, account: str = "eu", seller: str = "acme") -> None:
        """An account, two locations and a link to its first place."""
        admin = self.claims(seller)
        for code in ("berlin", "paris"):
            self.call("POST", "/v1/locations", {"code": code, "name": code}, claims=admin)
        new = {"id": account, "channel": "sandbox", "name": f"{seller} {account}"}
        assert self.call("POST", "/v1/accounts", new, claims=admin).status == 201
        link = {"members": [{"location": "berlin"}]}
        put = self.call("PUT", f"/v1/accounts/{account}/links/1", link, claims=admin)
        assert put.status == 200, put.text

    def write_book(
        self, seller: str, book: str, schema: BookSchema, rows: Sequence[Row], made_by: str
    ) -> Head:
        """A new visible version of a book."""
        store = self.pages_of(seller)
        pages = [_page(schema, rows[i : i + 500]) for i in range(0, len(rows), 500)]
        manifest = Manifest.of(schema.kind, write_range(store, book, schema, [], pages, _sheet))
        registry = self.registries.of(seller)
        before = registry.get(Head, book)
        now = self.clock()
        fields: dict[str, Any] = {
            "book": book,
            "version": before.value.version + 1 if before else 1,
            "manifest": save_manifest(store, book, manifest),
            "rows": len(rows),
            "as_of": now,
            "made_by": made_by,
            "at": now,
        }
        head = Head(**fields)
        write = Replace(head, before.version) if before else Create(head)
        registry.write(write, Create(Version(**fields)))
        return head

    def write_baseline(self, seller: str, location: str, rows: Sequence[Row]) -> None:
        self.write_book(seller, baseline_book(location), BASELINE, rows, "import")

    def compared(
        self,
        rows: Mapping[str, Sequence[Row]],
        listings: Sequence[Row] = (),
        *,
        seller: str = "acme",
        account: str = "eu",
        causes: Mapping[str, str] | None = None,
    ) -> Run:
        """A run that found these rows by location; `causes` are of locations that failed."""
        run_id = self.new_id()
        book = listings_book(account)
        listed = self.write_book(seller, book, LISTINGS, listings, "import")
        pin = BookPin(book=book, version=listed.version, manifest=listed.manifest)
        results = [
            LocationResult(channel_location=place, state=RunState.FAILED, cause=cause)
            for place, cause in (causes or {}).items()
        ]
        for place, found in rows.items():
            head = self.write_book(seller, rows_book(account, place), ROWS, found, run_id)
            good = RunState.SUCCEEDED
            result = LocationResult(
                channel_location=place,
                state=good,
                version=head.version,
                tally=_tally(found),
                causes=_causes(found, listings),
            )
            results.append(result)
        now = self.clock()
        run = Run(
            id=run_id,
            account=account,
            channel="sandbox",
            trigger=Trigger.BUTTON,
            requested_by="somebody",
            state=RunState.PARTIAL if causes else RunState.SUCCEEDED,
            opened_at=now,
            deadline=now,
            finished_at=now,
            inputs=Inputs(listings=pin),
            locations=tuple(results),
        )
        self.registries.of(seller).write(Create(run))
        return run


def event(
    method: str,
    path: str,
    body: str | None,
    claims: dict[str, Any] | None,
    headers: Mapping[str, str],
) -> dict[str, Any]:
    """A request as the HTTP API gives it (payload format 2.0)."""
    bare, _, query = path.partition("?")
    context: dict[str, Any] = {
        "http": {"method": method, "path": bare, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
        "stage": "$default",
        "requestId": "request-1",
    }
    if claims is not None:
        context["authorizer"] = {"jwt": {"claims": claims, "scopes": None}}
    return {
        "version": "2.0",
        "routeKey": "ANY /v1/{proxy+}",
        "rawPath": bare,
        "rawQueryString": query,
        "headers": {"content-type": "application/json", **headers},
        "requestContext": context,
        "body": body,
        "isBase64Encoded": False,
    }


def listing(key: str, title: str = "", **columns: Any) -> Row:
    return {"key": key, "pack_size": 1, "title": title} | columns


def row(
    key: str, sellable: int, reported: int, reason: Reason | None = None, **columns: Any
) -> Row:
    """A row as a comparison without buffers makes it."""
    found = Reason.MATCHES if sellable == reported else Reason.DIFFERS
    base = {
        "key": key,
        "total": sellable,
        "sellable": sellable,
        "publishable": max(0, sellable),
        "reported": reported,
        "pack_size": 1,
        "unknown": RowUnknown.CAP,
        "reason": int(found if reason is None else reason),
    }
    return base | columns


def _page(schema: BookSchema, rows: Sequence[Row]) -> Page:
    return Page(
        [row["key"] for row in rows],
        {name: [row.get(name, 0) for row in rows] for name in schema.ints},
        {name: [row.get(name, "") for row in rows] for name in schema.texts},
    )


def _tally(rows: Sequence[Row]) -> Tally:
    differ = sum(outcome_of(Reason(one["reason"])) is not Outcome.MATCH for one in rows)
    return Tally(rows=len(rows), matching=len(rows) - differ, differing=differ)


def _causes(rows: Sequence[Row], listings: Sequence[Row]) -> tuple[CauseGroup, ...]:
    """As a run groups rows that do not match; listings without a price have no value."""
    known = {one["key"]: {"unset": 0, "price": 0, "currency": "", **one} for one in listings}
    counting = Counting()
    found = [o for o in rows if outcome_of(Reason(o["reason"])) is not Outcome.MATCH]
    counting.add(staked_row(o, known.get(o["key"])) for o in found)
    return merged(counting.group(cause) for cause in {row_cause(o) for o in found})


def _sheet(page: Page) -> Page | None:
    if "reason" not in page.ints:
        return None
    reasons = page.ints["reason"]
    order = [i for i, r in enumerate(reasons) if outcome_of(Reason(r)) is not Outcome.MATCH]
    return take(page, order) if order else None

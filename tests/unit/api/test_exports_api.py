"""An export that is not what the API shows, is given to the wrong one, or never ends."""

import csv
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from openpyxl import load_workbook

from tests.unit.api.api_world import ApiWorld, Reply, listing, row
from tests.unit.api.furnished_exports import asked, build
from tests.unit.force.logged import Logbook
from tests.unit.force.logged import row as pushed
from trueup.adapters.s3_objects import DOWNLOAD_SECONDS
from trueup.books.schema import RowUnknown
from trueup.domain.exports import KEPT_DAYS, ExportState, View
from trueup.domain.force import Share
from trueup.domain.outcomes import Reason
from trueup.domain.pushlog import PushOutcome
from trueup.domain.time import from_milliseconds, iso, milliseconds
from trueup.tables.texts import unguarded
from trueup.usecases.exports.catalogue import CATALOGUE
from trueup.usecases.exports.ending import fail_export
from trueup.usecases.exports.linking import LINK_SECONDS
from trueup.usecases.exports.slots import MAX_OPEN

Cells = dict[str, Any]
UNKNOWN = RowUnknown.TOTAL | RowUnknown.SELLABLE | RowUnknown.CAP
FILTERS: dict[View, dict[str, Any]] = {
    View.ROWS: {"account": "eu"},
    View.EXCEPTIONS: {"account": "eu", "location": "1"},
    View.PUSHES: {"channel": "sandbox"},
    View.AUDIT: {"kind": "account"},
}
LISTS = {
    View.ROWS: "rows",
    View.EXCEPTIONS: "exceptions",
    View.PUSHES: "pushes",
    View.AUDIT: "records",
}


@pytest.fixture
def shop(api: ApiWorld) -> ApiWorld:
    """Something of every view, with texts that nobody would call harmless."""
    api.connect()
    rows = [row("=A1", 5, 3), row("B", 5, 4), row("C", 0, 1), row("D", 5, 5)]
    rows += [row("U\x00\x00", 0, 3, Reason.NOT_LISTED, unknown=UNKNOWN)]
    titled = [listing("=A1", '=HYPERLINK("x")', price=1999, currency="EUR", gtin="0012")]
    titled += [listing(key, f"\t{key}", price=5, currency="JPY") for key in "BCD"]
    api.compared({"1": rows, "gid://shop/2 b": rows[:3]}, titled)
    book = Logbook(api.registries.of("acme"), api.now)
    failed = pushed("K\x00CH-1", PushOutcome.REJECTED, message="+no such item", before=5)
    book.account("us", ("1",), name="Shop US", channel="sandbox")
    book.plan("us", (Share.ALL, [("1", [failed, pushed("L")])]))
    api.now += timedelta(minutes=10)
    return api


def get(api: ApiWorld, id_: str, part: str = "", seller: str = "acme") -> Reply:
    return api.call("GET", f"/v1/exports/{id_}{part}", claims=api.claims(seller, "viewer"))


def body_of(api: ApiWorld, id_: str) -> bytes:
    """The file that the link leads to."""
    link = get(api, id_, "/link").body
    key = re.fullmatch(r"memory:(.*)\?name=.*", link["url"])
    assert key is not None
    return api.exports.get(key[1])


def shown(api: ApiWorld, of: View) -> Iterator[Cells]:
    """What the view's own route answers, by column."""
    query = FILTERS[of] | {"limit": 2}
    while True:
        path = f"/v1/{of}?{urlencode(query)}"
        reply = api.call("GET", path)
        assert reply.status == 200, reply.text
        for one in reply.body[LISTS[of]]:
            yield from flat(of, one)
        if reply.body["cursor"] is None:
            return
        query["cursor"] = reply.body["cursor"]


def flat(of: View, one: Cells) -> Iterator[Cells]:
    if of is View.EXCEPTIONS:
        money = [
            f"{units} JPY" if c == "JPY" else f"{units // 100}.{units % 100:02d} EUR"
            for c, units in sorted(one["value"].items())
        ]
        more = {"sentence": one["sentence"], "value": "; ".join(money) or None}
        case = one["case"] or {"id": None, "state": None, "owner": None}
        yield plain(one["row"]) | more | plain({"case": case})
    elif of is View.AUDIT:
        record = {k: v for k, v in one.items() if k != "changes"}
        for change in one["changes"]:
            yield plain(record) | change
    else:
        yield plain(one)


def plain(one: Cells) -> Cells:
    """Fields of fields by their names, with a dot between."""
    found: Cells = {}
    for name, value in one.items():
        if name == "causes":
            texts = [f"{c['units']:+d} {c['cause']}: {c['sentence']}" for c in value]
            found[name] = "; ".join(texts) or None
        elif isinstance(value, dict):
            found |= {f"{name}.{k}": v for k, v in value.items()}
        else:
            found[name] = value
    return found


def cell(kind: str, value: Any) -> Any:
    """As a reader of a file finds it: empty and none are one."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return value or None
    if kind == "instant" and value:
        return iso(from_milliseconds(milliseconds(datetime.fromisoformat(value))))
    if isinstance(value, str):
        return value.replace("\0", "\ufffd") or None  # no reader takes a NUL
    return value


def read_xlsx(body: bytes) -> list[list[Any]]:
    sheet = load_workbook(BytesIO(body)).worksheets[0]
    return [list(row) for row in sheet.iter_rows(min_row=3, values_only=True)]


@pytest.mark.parametrize("of", list(View))
def test_a_file_has_every_cell_of_the_view(shop: ApiWorld, of: View) -> None:
    fields = CATALOGUE[of]
    columns = [{"name": field.name} for field in fields]
    expected = list(shown(shop, of))
    assert set(expected[0]) == {field.name for field in fields}
    id_ = asked(shop, "acme", FILTERS[of], of=of, format="csv", columns=columns)
    done = build(shop, "acme", id_)
    assert done.rows == len(expected) >= 2
    text = body_of(shop, id_).decode("utf-8-sig")
    found = list(csv.reader(text.splitlines(keepends=True)))[1:]
    for cells, one in zip(found, expected, strict=True):
        for field, read in zip(fields, cells, strict=True):
            said = cell(field.kind, one[field.name])
            if isinstance(said, dict):
                assert json.loads(unguarded(read)) == said
            else:
                assert unguarded(read) == ("" if said is None else str(said)), field.name


def test_a_workbook_has_the_usual_columns_of_the_panel(shop: ApiWorld) -> None:
    id_ = asked(shop, "acme", {"account": "eu", "sku_prefix": "="})
    build(shop, "acme", id_)
    rows = read_xlsx(body_of(shop, id_))
    at = rows[0].pop()
    assert isinstance(at, datetime)
    assert rows[0] == [
        '=HYPERLINK("x")',
        "=A1",
        "=A1",
        *(5, 5, 0, 0),
        *("BER", "1", 3),
        *(2, "Failed"),
    ]
    assert len(rows) == 2


def test_what_was_asked_for_is_told(shop: ApiWorld) -> None:
    columns = [{"name": "delta", "width": 9}, {"name": "status"}]
    body = {
        "of": "rows",
        "format": "xlsx",
        "sort": "sku",
        "filters": {"account": "eu", "location": ["1"], "status": "Failed"},
        "columns": columns,
    }
    reply = shop.call("POST", "/v1/exports", body, claims=shop.claims(roles="viewer"))
    id_ = reply.body["id"]
    assert reply.headers["Location"] == f"/v1/exports/{id_}"
    assert (reply.status, reply.body["state"]) == (202, "Pending")
    assert shop.machines.started[-1][:2] == ("export", id_)
    build(shop, "acme", id_)
    found = get(shop, id_).body
    assert found["filters"] == body["filters"]
    assert found["columns"] == [columns[0], {"name": "status", "width": None}]
    assert (found["state"], found["rows"], found["requested_by"]) == ("Success", 4, "acme-user")
    assert (found["expired"], found["retriable"], found["size"] > 1000) == (False, False, True)
    until = datetime.fromisoformat(found["expires_at"])
    assert until - datetime.fromisoformat(found["finished_at"]) == timedelta(days=KEPT_DAYS)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize(
    "filters", [{"account": "us"}, {"account": "eu", "status": "Success", "cause": "lag"}]
)
def test_a_view_without_rows_is_a_file_without_rows(
    shop: ApiWorld, filters: dict[str, Any], kind: str
) -> None:
    id_ = asked(shop, "acme", filters, format=kind)
    done = build(shop, "acme", id_)
    assert (done.state, done.rows) == (ExportState.SUCCESS, 0)
    assert len(body_of(shop, id_)) == done.size > 0


def test_the_history_has_the_newest_first(shop: ApiWorld) -> None:
    ids = [asked(shop, "acme", FILTERS[View.ROWS]) for _ in range(3)]
    page = shop.call("GET", "/v1/exports?limit=2").body
    rest = shop.call("GET", f"/v1/exports?limit=2&cursor={page['cursor']}").body
    assert [one["id"] for one in [*page["exports"], *rest["exports"]]] == ids[::-1]


def test_a_link_is_given_as_long_as_there_is_a_file(shop: ApiWorld) -> None:
    id_, other = (asked(shop, "acme", FILTERS[View.ROWS]) for _ in range(2))
    assert get(shop, id_, "/link").status == 409
    build(shop, "acme", id_)
    link = get(shop, id_, "/link").body
    assert re.fullmatch(r"trueup-rows-eu-2026-03-01-\d{4}\.xlsx", link["file_name"])
    assert link["expires_in"] == LINK_SECONDS == DOWNLOAD_SECONDS
    assert f"files/acme/{id_}/" in link["url"]
    assert get(shop, id_, "/link", "bolt").status == 404
    fail_export(shop.registries.of("acme"), shop.clock, other, 1, "It was stopped.")
    assert get(shop, other, "/link").status == 409
    shop.now += timedelta(days=KEPT_DAYS)
    assert get(shop, id_, "/link").status == 410
    assert get(shop, id_).body["expired"]


def test_a_failed_one_is_retried_once(shop: ApiWorld) -> None:
    id_ = asked(shop, "acme", FILTERS[View.ROWS])
    fail_export(shop.registries.of("acme"), shop.clock, id_, 1, "It was stopped.")
    assert get(shop, id_).body["cause"] == "It was stopped."
    assert get(shop, id_).body["retriable"]
    again = shop.call("POST", f"/v1/exports/{id_}/retry", claims=shop.claims(roles="viewer"))
    assert (again.status, again.body["state"], again.body["tries"]) == (202, "Pending", 2)
    assert shop.call("POST", f"/v1/exports/{id_}/retry").status == 409
    assert build(shop, "acme", id_, 2).state is ExportState.SUCCESS


def test_too_many_at_once_are_refused_until_one_ends(shop: ApiWorld) -> None:
    ids = [asked(shop, "acme", FILTERS[View.ROWS]) for _ in range(MAX_OPEN)]
    body = {"of": "rows", "filters": FILTERS[View.ROWS]}
    refused = shop.call("POST", "/v1/exports", body)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "30")
    assert "5 exports are at work" in refused.body["detail"]
    assert len(list(shop.exports.list("frozen/"))) == MAX_OPEN
    bolt = {"of": "audit", "filters": {}}
    assert shop.call("POST", "/v1/exports", bolt, claims=shop.claims("bolt")).status == 202
    build(shop, "acme", ids[2])
    assert shop.call("POST", "/v1/exports", body).status == 202
    assert shop.call("POST", "/v1/exports", body).status == 429


def test_pushes_that_are_queued_later_are_not_in_it(shop: ApiWorld) -> None:
    id_ = asked(shop, "acme", FILTERS[View.PUSHES], of="pushes", format="csv")
    shop.now += timedelta(minutes=10)
    book = Logbook(shop.registries.of("acme"), shop.now)
    book.account("de", ("1",), channel="sandbox")
    book.plan("de", (Share.ALL, [("1", [pushed("L")])]))
    shop.now += timedelta(minutes=10)
    assert len(list(shown(shop, View.PUSHES))) == 3
    assert build(shop, "acme", id_).rows == 2


def test_changes_that_come_later_are_not_in_it(shop: ApiWorld) -> None:
    id_ = asked(shop, "acme", {}, of="audit", format="csv")
    before = build(shop, "acme", asked(shop, "acme", {}, of="audit", format="csv")).rows
    shop.call("PATCH", "/v1/locations/paris", {"name": "Paris Nord"})
    assert build(shop, "acme", id_).rows == before > 3
    later = asked(shop, "acme", {}, of="audit", format="csv")
    assert build(shop, "acme", later).rows == before + 1


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"of": "rows", "filters": {}}, 422, "/filters"),
    ({"of": "rows", "filters": {"account": "eu", "nobody": 1}}, 422, "/filters/nobody"),
    ({"of": "rows", "filters": {"account": "eu", "location": [1]}}, 422, "/filters/location/0"),
    ({"of": "rows", "filters": {"account": "eu", "limit": 3}}, 422, "/filters/limit"),
    ({"of": "exceptions", "filters": {"account": "eu"}}, 422, "/filters/location"),
    ({"of": "rows", "filters": {"account": "eu"}, "sort": "newest"}, 422, "/sort"),
    ({"of": "audit", "run": "01JREP0000000000000000000P"}, 422, "/run"),
    ({"of": "everything"}, 422, "/of"),
    ({"of": "audit", "columns": [{"name": "delta"}]}, 422, "/columns/0/name"),
    ({"of": "audit", "columns": [{"name": "at", "width": 0}]}, 422, "/columns/0/width"),
    ({"of": "rows", "filters": {"account": "nobodys"}}, 404, ""),
    ({"of": "pushes", "filters": {"account": ["nobodys"]}}, 404, ""),
    ({"of": "rows", "filters": {"account": "eu", "location": ["9"]}}, 422, "location"),
]


@pytest.mark.parametrize(("body", "status", "where"), BAD)
def test_what_cannot_be_exported_is_refused(
    shop: ApiWorld, body: dict[str, Any], status: int, where: str
) -> None:
    reply = shop.call("POST", "/v1/exports", body)
    assert reply.status == status, reply.text
    assert {fault["where"] for fault in reply.body["faults"]} == ({where} if where else set())
    assert shop.call("GET", "/v1/exports").body["exports"] == []


def test_the_same_key_asks_once(shop: ApiWorld) -> None:
    body = {"of": "rows", "filters": FILTERS[View.ROWS]}
    replies = [
        shop.call("POST", "/v1/exports", body, headers={"Idempotency-Key": "k"}) for _ in range(3)
    ]
    assert len({reply.body["id"] for reply in replies}) == 1
    assert len(shop.call("GET", "/v1/exports").body["exports"]) == 1

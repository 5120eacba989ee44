"""An export that keeps quiet about what it lacks, or shows what came after it was asked for."""

import csv
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.unit.api.api_world import ApiWorld
from tests.unit.api.furnished_exports import asked, build
from tests.unit.force.logged import Logbook
from tests.unit.force.logged import row as pushed
from trueup.domain.accounts import Account
from trueup.domain.force import Share
from trueup.domain.pushlog import PushOutcome
from trueup.ports import Replace


def read_csv(api: ApiWorld, key: str) -> list[list[str]]:
    return list(csv.reader(api.exports.get(key).decode("utf-8-sig").splitlines()))[1:]


def about_of(api: ApiWorld, key: str) -> dict[Any, Any]:
    sheet = load_workbook(BytesIO(api.exports.get(key))).worksheets[-1]
    return {row[0]: row[1] for row in sheet.iter_rows(values_only=True)}


def spoil(api: ApiWorld, sequence: int) -> None:
    items = api.registries._sellers["acme"]
    victim = next(sk for sk in sorted(items) if sk.startswith("audit#") and f"{sequence:04}#" in sk)
    items[victim] = replace(items[victim], body="{}")


@pytest.mark.parametrize(
    ("filters", "sequences"),
    [({}, ["4", "3", "2", "1"]), ({"actor": "nobody"}, ["3"])],
    ids=["all", "some"],
)
def test_records_that_cannot_be_read_are_named(
    api: ApiWorld, filters: dict[str, Any], sequences: list[str]
) -> None:
    api.connect()
    spoil(api, 3)
    columns = [{"name": "sequence"}, {"name": "actor"}, {"name": "action"}]
    said: dict[str, Any] = {"of": "audit", "columns": columns}
    id_ = asked(api, "acme", filters, format="csv", **said)
    rows = read_csv(api, build(api, "acme", id_).key)
    assert list(dict.fromkeys(row[0] for row in rows)) == sequences
    assert [row for row in rows if row[0] == "3"] == [["3", "", "cannot be read"]]
    built = build(api, "acme", asked(api, "acme", filters, **said))
    told = about_of(api, built.key)
    assert told["Records that cannot be read"] == 1
    assert told["Rows"] == len(rows)


def test_a_sound_trail_says_so(api: ApiWorld) -> None:
    built = build(api, "acme", asked(api, "acme", {}, of="audit"))
    told = about_of(api, built.key)
    assert told["Records that cannot be read"] == 0


def test_accounts_and_places_of_pushes_are_those_of_the_moment(api: ApiWorld) -> None:
    registry = api.registries.of("acme")
    book = Logbook(registry, api.now)
    before = book.account("us", ("1",), name="Shop US", channel="sandbox")
    book.plan("us", (Share.ALL, [("1", [pushed("K", PushOutcome.REJECTED), pushed("L")])]))
    api.now += timedelta(minutes=10)
    columns = [{"name": "account_name"}, {"name": "location_code"}, {"name": "sku"}]
    filters: dict[str, Any] = {"account": ["us"], "location": ["1"]}
    id_ = asked(api, "acme", filters, of="pushes", format="csv", columns=columns)
    other = before.model_copy(update={"name": "Renamed", "locations": ()})
    stored = registry.get(Account, "us")
    assert stored is not None
    registry.write(Replace(other, stored.version))
    built = build(api, "acme", id_)
    rows = read_csv(api, built.key)
    assert sorted(rows) == [["Shop US", "C1", "K"], ["Shop US", "C1", "L"]]
    secrets = [body for key, body in api.exports._bodies.items() if key.startswith("frozen/")]
    assert all(b'"config":{}' in body for body in secrets)


def test_everything_that_is_wrong_is_told_at_once(api: ApiWorld) -> None:
    api.connect()
    body = {
        "of": "rows",
        "sort": "newest",
        "filters": {"account": "eu", "nobody": 1, "status": "Perhaps"},
        "columns": [{"name": "delta"}, {"name": "sentence"}, {"name": "delta"}],
    }
    reply = api.call("POST", "/v1/exports", body)
    assert reply.status == 422
    assert [fault["where"] for fault in reply.body["faults"]] == [
        "/sort",
        "/filters/status",
        "/filters/nobody",
        "/columns/1/name",
        "/columns/2/name",
    ]

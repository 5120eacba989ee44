"""Exports on the embedded stack: with the shipped machine, function, roles and links.

For what no twin shows: a right that is missing or too wide, a link to more than one file, a file
that a spreadsheet reads otherwise than the API says.
"""

import csv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from local.deploy import STACK_NAME
from local.embedded import Embedded
from tests.contract.stores import LOCAL
from tests.executions import executed, execution_arn
from tests.stack_world import Json, StackWorld, invoke, rules_off, within
from tests.unit.tables.files import by_calamine
from trueup.adapters.clients import Clients
from trueup.adapters.memory_machines import MemoryMachines
from trueup.adapters.s3_objects import S3Objects
from trueup.domain.exports import KEPT_DAYS, Export, ExportSlot, Format
from trueup.domain.time import from_milliseconds, milliseconds, system_clock, ulid_ids
from trueup.ports import Meter, Replace
from trueup.usecases.exports.objects import frozen_key
from trueup.usecases.exports.slots import MAX_OPEN
from trueup.usecases.exports.starting import Wish, start_export
from trueup.usecases.exports.work import ExportDesk
from trueup.usecases.rows.filters import Filters

pytestmark = pytest.mark.stack

SKUS = [f"{number:05d}" for number in range(40)]
KILLED = 5
"""Of the twenty."""
COLUMNS = (
    *("product_name", "seller_identifier", "seller_inventory.sellable"),
    *("channel_inventory.location_code", "channel_inventory.inventory"),
    *("delta", "status", "recon_date"),
)
BODY: Json = {
    "of": "rows",
    "filters": {"account": "eu"},
    "columns": [{"name": name} for name in COLUMNS],
}


@pytest.fixture(scope="module")
def worlds(stack: Embedded) -> Iterator[list[StackWorld]]:
    """Four sellers; the first with rows at two locations, some of which differ."""
    with ExitStack() as opened:
        opened.enter_context(rules_off(stack, "DispatchSchedule", "SweepSchedule"))
        made = [opened.enter_context(StackWorld(stack, f"exporting-{n}")) for n in range(4)]
        with ThreadPoolExecutor(len(made)) as pool:
            list(pool.map(furnish, made))
        yield made


def furnish(world: StackWorld) -> None:
    for place in ("hall", "yard"):
        world.add_place(place, [{"sku": sku, "on_hand": 10} for sku in SKUS])
    shown = [(sku, 12 if sku == SKUS[3] else 10) for sku in SKUS]
    world.shop("eu").seed({"L1": shown, "L2": shown[:20]})
    world.connect("eu")
    world.link("eu", {"L1": ["hall"], "L2": ["yard"]})
    world.list_skus("eu", SKUS)
    assert world.reconcile("eu")["state"] == "Succeeded"


def ended(world: StackWorld, export: Json) -> Json:
    def final() -> Json | None:
        found: Json = world.get(f"/v1/exports/{export['id']}")
        return None if found["state"] == "Pending" else found

    return within(60, final)


def downloaded(world: StackWorld, export: Json) -> httpx.Response:
    """By whoever has the link, without a token."""
    link = world.get(f"/v1/exports/{export['id']}/link")
    return httpx.get(link["url"], trust_env=False)


def viewed(world: StackWorld) -> list[list[Any]]:
    return [
        [cell(name, value_of(row, name)) for name in COLUMNS]
        for row in world._paged("/v1/rows", "rows", account="eu", limit=17)
    ]


def value_of(row: Json, name: str) -> Any:
    first, _, rest = name.partition(".")
    return row[first][rest] if rest else row[first]


def cell(name: str, value: Any) -> Any:
    if name != "recon_date":
        return value
    return from_milliseconds(milliseconds(datetime.fromisoformat(value))).replace(tzinfo=None)


def test_a_file_is_what_the_api_showed_when_it_was_asked_for(worlds: list[StackWorld]) -> None:
    world = worlds[0]
    expected = viewed(world)
    export = world.post("/v1/exports", BODY)
    world.shop("eu").edit("L1", {SKUS[9]: 1})
    world.reconcile("eu")
    done = ended(world, export)
    assert (done["state"], done["rows"], done["cause"]) == ("Success", len(expected), None)
    answer = downloaded(world, export)
    assert answer.status_code == httpx.codes.OK
    assert answer.headers["content-type"] == Format.XLSX.content_type
    assert answer.headers["content-disposition"].startswith('attachment; filename="trueup-rows-eu')
    sheet = load_workbook(BytesIO(answer.content)).worksheets[0]
    found = [list(row) for row in sheet.iter_rows(min_row=3, values_only=True)]
    assert found == expected
    plain = [tuple("" if cell is None else cell for cell in row) for row in expected]
    assert by_calamine(answer.content)[2:] == plain
    assert viewed(world) != expected
    assert executed(world.stack, export["id"], "export").visited[-1] == "EndBuilt"


def test_a_link_leads_to_one_file_of_its_seller(worlds: list[StackWorld]) -> None:
    world, other = worlds[:2]
    exports = [world.post("/v1/exports", BODY | {"format": "csv"}) for _ in range(2)]
    first, second = (ended(world, export)["id"] for export in exports)
    links = [world.get(f"/v1/exports/{id_}/link")["url"] for id_ in (first, second)]
    for path in ("", "/link"):
        refused = other.http.get(f"/v1/exports/{first}{path}")
        assert refused.status_code == httpx.codes.NOT_FOUND
    rows = list(csv.reader(httpx.get(links[0], trust_env=False).text.splitlines()))
    assert len(rows) == len(viewed(world)) + 1
    (path, _, signed), other_path = links[0].partition("?"), links[1].partition("?")[0]
    for elsewhere in (other_path, path.partition("/files/")[0]):  # another file; the list of all
        answer = httpx.get(f"{elsewhere}?{signed}", trust_env=False)
        assert answer.status_code == httpx.codes.FORBIDDEN
    assert f"files/{world.seller}/{first}/" in links[0]
    assert first not in links[1]
    bucket = world.stack.outputs["ExportsBucketName"]
    keys = [f["Key"] for f in world.stack.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert all(key.split("/")[0] in ("files", "frozen") for key in keys)
    stored = world.registry.get(Export, first)
    assert stored is not None
    long_ago = system_clock() - timedelta(days=KEPT_DAYS)
    aged = stored.value.model_copy(update={"finished_at": long_ago})
    world.registry.write(Replace(aged, stored.version))
    gone = world.http.get(f"/v1/exports/{first}/link")
    assert gone.status_code == httpx.codes.GONE
    assert world.get(f"/v1/exports/{first}")["expired"]


def test_twenty_side_by_side_end_right_though_one_is_killed(worlds: list[StackWorld]) -> None:
    def ask(number: int) -> tuple[StackWorld, Json]:
        world = worlds[number % len(worlds)]
        export = world.post("/v1/exports", BODY | {"format": ("xlsx", "csv")[number % 2]})
        if number == KILLED:
            kill(world, export)
        return world, export

    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(ask, range(len(worlds) * MAX_OPEN)))
    invoke(worlds[0].stack, f"{STACK_NAME}-sweep", {})
    for number, (world, export) in enumerate(asked):
        done = ended(world, export)
        if done["state"] == "Failed":
            assert number == KILLED
            done = ended(world, world.post(f"/v1/exports/{export['id']}/retry"))
        assert (done["state"], done["rows"]) == ("Success", 2 * len(SKUS))
        assert len(downloaded(world, export).content) == done["size"]
    assert [one.registry.list(ExportSlot).items for one in worlds] == [()] * len(worlds)


def kill(world: StackWorld, export: Json) -> None:
    """Stop it at once; it may have been quicker."""
    states = world.stack.client("stepfunctions")
    with suppress(states.exceptions.ClientError):
        states.stop_execution(executionArn=execution_arn(world.stack, export["id"], "export"))


def test_one_that_never_started_is_started_and_one_that_cannot_be_built_says_so(
    worlds: list[StackWorld],
) -> None:
    world = worlds[1]
    lost, broken = (unstarted(world) for _ in range(2))
    bucket, s3 = world.stack.outputs["ExportsBucketName"], world.stack.client("s3")
    key = frozen_key(world.seller, broken.id)
    good = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key, Body=b"altered")
    assert invoke(world.stack, f"{STACK_NAME}-sweep", {})["restarted"] >= 2
    assert ended(world, {"id": lost.id})["state"] == "Success"
    failed = ended(world, {"id": broken.id})
    assert (failed["state"], failed["retriable"], bool(failed["cause"])) == ("Failed", True, True)
    assert world.http.get(f"/v1/exports/{broken.id}/link").status_code == httpx.codes.CONFLICT
    s3.put_object(Bucket=bucket, Key=key, Body=good)
    again = world.post(f"/v1/exports/{broken.id}/retry")
    assert (again["tries"], ended(world, again)["state"]) == (2, "Success")


def unstarted(world: StackWorld) -> Export:
    """An export whose start was lost, three minutes ago."""

    def clock() -> datetime:
        return system_clock() - timedelta(minutes=3)

    clients = Clients(endpoint_url=world.stack.endpoint_url, **LOCAL)
    files = S3Objects(clients.s3, world.stack.outputs["ExportsBucketName"], Meter())
    desk = ExportDesk(world.registry, files, MemoryMachines(), clock, ulid_ids(clock), "ada")
    return start_export(desk, Wish(Format.CSV, Filters(account="eu"), {"account": "eu"}))

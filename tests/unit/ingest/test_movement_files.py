"""Finds: a file of movements that is taken in part, twice or not at all, or a fault not told."""

from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from tests.faults import Died, Kind, each_call
from tests.unit.ingest.intake_world import NOW, PLACE, SOURCE, IntakeWorld, workbook
from tests.unit.ingest.test_deaths import disturbed, take_up_again
from trueup.domain.errors import RejectedError, TrueupError
from trueup.domain.imports import Import, Passage
from trueup.domain.movements import Movement
from trueup.domain.sources import Domain, Ownership
from trueup.ledger.blocks import MOVEMENTS
from trueup.ledger.streams import SHARDS, movements_stream
from trueup.ports import Create
from trueup.usecases import imports
from trueup.usecases.ingest import movement_apply
from trueup.usecases.ingest.applying import apply_import
from trueup.usecases.ingest.validating import validate_import

HEADER = "id,kind,sku,quantity,unit,occurred_at,location,reference"
AT = "2026-03-01T11:00:00Z"


def line(id_: object, **cells: object) -> str:
    plain = {"kind": "receipt", "sku": "A", "quantity": 1, "unit": "", "at": AT, "location": PLACE}
    return ",".join(str(cell) for cell in (id_, *(plain | cells).values(), ""))


def file(*lines: str) -> str:
    return "\n".join([HEADER, *lines, ""])


def content(world: IntakeWorld) -> list[Movement]:
    stream = movements_stream(PLACE)
    found = [
        replace(movement, recorded_at=0)
        for shard in range(SHARDS)
        for _, block in world.ledger.read(stream, shard)
        for movement in MOVEMENTS.entries(block)
    ]
    assert len({movement.id for movement in found}) == len(found)
    return sorted(found, key=lambda movement: movement.id)


LONG = file(*(line(f"m{i:03}", sku=f"S{i % 7}") for i in range(60)))


def test_a_file_is_appended() -> None:
    world = IntakeWorld()
    item = world.take(file(line("2", quantity="2.5", unit="case"), line("1")), "movements")
    assert (item.state, item.rows, item.applied, item.rows_changed) == ("Applied", 2, 2, 2)
    assert item.cause is None
    assert [(m.id, m.quantity, m.source) for m in content(world)] == [
        ("1", 1, SOURCE),
        ("2", 30, SOURCE),
    ]


def test_the_same_file_again_changes_nothing() -> None:
    world = IntakeWorld()
    world.take(LONG, "movements")
    item = world.take(LONG, "movements")
    assert (item.state, item.rows_changed, item.duplicates) == ("Unchanged", 0, 60)
    assert item.cause == "Known already: 60 movements."
    item = world.take(LONG + line("new") + "\n" + line("m000", sku="S0") + "\n", "movements")
    assert item.state == "Rejected"  # one id twice
    item = world.take(LONG + line("new") + "\n", "movements")
    assert (item.state, item.rows_changed, item.duplicates) == ("Applied", 1, 60)
    assert len(content(world)) == 61


def test_ids_that_said_something_else_are_counted_and_not_stored() -> None:
    world = IntakeWorld()
    world.take(file(line("1")), "movements")
    item = world.take(file(line("1", quantity=2), line("2")), "movements")
    assert (item.state, item.rows_changed, item.conflicts) == ("Applied", 1, 1)
    assert "said something else" in (item.cause or "")
    assert [movement.quantity for movement in content(world)] == [1, 1]


def test_a_file_with_faults_stores_nothing_and_tells_them_all() -> None:
    world = IntakeWorld()
    late = (NOW - timedelta(days=36)).isoformat()
    body = file(
        line("1", quantity="1.5"),
        line("2", unit="pallet", location="rome"),
        line("3", kind="sold"),
        line("4", at="yesterday"),
        line("5", at=late),
        line("6"),
        line("6"),
        line("", sku="=1+1"),
    )
    item = world.take(body, "movements")
    assert item.state == "Rejected"
    report = world.report(item).splitlines()[1:]
    assert [tuple(told.split(",")[:2]) for told in report] == [
        ("2", "quantity"),
        ("3", "location"),
        ("3", "unit"),
        ("4", "kind"),
        ("5", "occurred_at"),
        ("6", "occurred_at"),
        ("9", "id"),
        ("8", "id"),
    ]
    assert content(world) == []


def test_columns_may_have_other_names_and_unknown_ones_are_a_fault() -> None:
    world = IntakeWorld()
    head = "Event ID;Type;Seller SKU;Qty;Timestamp;Warehouse"
    item = world.take(f"{head}\nx;Ship;A;1;{AT};{PLACE}\n", "movements")
    assert item.state == "Applied"
    item = world.take(f"{head};quantty\nx;Ship;A;1;{AT};{PLACE};1\n", "movements")
    assert "did you mean quantity?" in (item.cause or "")
    item = world.take(f"id,kind,sku,quantity,occurred_at\nx,ship,A,1,{AT}\n", "movements")
    assert "a column location or bin is missing" in (item.cause or "")


def test_a_workbook_is_read_by_the_same_rules() -> None:
    world = IntakeWorld()
    rows: list[list[Any]] = [
        HEADER.split(","),
        ["1", "receipt", "007", 2.5, "case", AT, PLACE, None],
    ]
    item = world.take(workbook(rows), "movements", format="xlsx")
    assert item.state == "Applied"
    assert [(m.sku, m.quantity) for m in content(world)] == [("007", 30)]
    rows[1][5] = NOW.replace(tzinfo=None)
    rows[1][2] = 1.5
    item = world.take(workbook(rows), "movements", format="xlsx")
    assert [told.split(",")[1] for told in world.report(item).splitlines()[1:]] == [
        "sku",
        "occurred_at",
    ]


def test_rows_of_a_request_are_movements_too() -> None:
    world = IntakeWorld()
    row = {"id": "1", "kind": "receipt", "sku": "A", "quantity": 2, "occurred_at": AT}
    assert world.take_rows([row | {"location": PLACE}], "movements").state == "Applied"
    assert len(content(world)) == 1


def test_what_another_source_owns_is_a_fault() -> None:
    world = IntakeWorld()
    rule = Ownership(domain=Domain.MOVEMENTS, location=PLACE, source="other")
    world.registry.write(Create(rule))
    item = world.take(file(line("1")), "movements")
    assert item.cause == (
        "The file has a fault: row 2, id: The movements at main are told by other alone."
    )


@pytest.mark.parametrize(
    "fields",
    [{"source": SOURCE}, {"as_of": NOW}, {"complete": True}, {"target": "nobody"}],
    ids=lambda fields: next(iter(fields)),
)
def test_what_movements_have_not_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(TrueupError):
        IntakeWorld().take(file(line("1")), "movements", **fields)


def test_a_long_file_takes_several_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(movement_apply, "CHUNK", 7)
    world = IntakeWorld()
    item, turns = world.upload(LONG, "movements"), count(1)
    seen: list[Import] = []

    def hurried() -> bool:
        seen.append(world.item(item.id))
        return next(turns) % 2 == 0

    ended = world.execute(item, world.machine(hurried))
    assert (ended.state, ended.applied, ended.rows_changed) == ("Applied", 60, 60)
    assert [found.applied for found in seen][:3] == [7, 14, 21]
    assert {found.state for found in seen} == {"Applying"}
    assert world.registry.get(Passage, item.id) is None
    assert len(content(world)) == 60


@pytest.mark.parametrize("kind", [Kind.BEFORE, Kind.AFTER, Kind.DIES_BEFORE, Kind.DIES_AFTER])
def test_whoever_dies_nothing_is_lost_or_doubled(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movement_apply, "CHUNK", 25)
    tried = 0
    for injector in each_call(kind):
        world = IntakeWorld()
        calm = world.ledger
        world.ledger = injector.wrap(calm)
        with disturbed(world, injector), suppress(Died, TrueupError):
            world.take(LONG, "movements")
        world.ledger = calm
        take_up_again(world)
        for stored in imports.list_imports(world.registry).items:
            if stored.value.state == "Failed":
                continue  # it never got its file
            assert stored.value.state == "Applied", (injector.nth, stored.value)
            assert (stored.value.applied, len(content(world))) == (60, 60)
            tried += 1
    assert tried > 15


def test_an_import_that_is_given_up_says_how_far_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(movement_apply, "CHUNK", 7)
    world = IntakeWorld()
    item = world.upload(LONG, "movements")
    validate_import(world.work(), item.id)
    apply_import(world.work(), item.id, lambda: True)
    assert world.item(item.id).applied == 7
    assert imports.fail_import(world.registry, world.clock, item.id, "It took too long.")
    failed = world.item(item.id)
    assert (failed.state, failed.applied, failed.rows_changed) == ("Failed", 7, 7)
    assert world.registry.get(Passage, item.id) is None
    again = world.take(LONG, "movements")
    assert (again.state, again.rows_changed, again.duplicates) == ("Applied", 53, 7)


def test_a_baseline_may_say_whose_it_is() -> None:
    world = IntakeWorld()
    item = world.take("sku,on_hand\nA,1\n", source=SOURCE)
    head = world.head(f"baseline/{PLACE}")
    assert item.source == SOURCE
    assert head is not None
    assert head.source == SOURCE
    world.take("sku,on_hand\nA,1\n", source=None)
    again = world.head(f"baseline/{PLACE}")
    assert again is not None
    assert (again.version, again.source) == (1, SOURCE)  # the same positions at the same instant
    with pytest.raises(RejectedError, match="no such source"):
        world.take("sku,on_hand\nA,1\n", source="nobody")


@pytest.mark.parametrize(
    ("kind", "domain", "location"),
    [("baseline", Domain.POSITIONS, PLACE), ("listings", Domain.SKU_MASTER, "*")],
)
def test_positions_and_skus_may_have_an_owner(kind: str, domain: Domain, location: str) -> None:
    world = IntakeWorld()
    body = "sku,on_hand\nA,1\n" if kind == "baseline" else "sku\nA\n"
    rule = Ownership(domain=domain, location=location, source="erp", others="claim")
    world.registry.write(Create(rule))
    with pytest.raises(RejectedError, match="wms may not state this"):
        world.take(body, kind, source=SOURCE)
    assert world.take(body, kind).state == "Applied"  # by hand

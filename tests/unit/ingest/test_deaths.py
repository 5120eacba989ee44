"""Finds: imports that are applied twice, by half, or never end, whatever dies on the way."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Barrier, Thread

import pytest

from tests.asl import Machine, states_of
from tests.faults import Died, Injector, Kind, each_call
from tests.unit.ingest.intake_world import ACCOUNT, IntakeWorld
from trueup.domain.errors import DefectError, RejectedError, TrueupError
from trueup.domain.imports import Import
from trueup.domain.listings import Listing
from trueup.domain.runs import Version
from trueup.usecases import imports
from trueup.usecases.listings import put_listings
from trueup.usecases.sweeping import sweep_open

BEFORE = "sku,channel_sku\nA,\nB,B-1\n"
FILE = "sku,channel_sku,title\nB,B-1,New\nC,C-1,\n"
EXPECTED = {"B-1": "B\0B-1", "C-1": "C\0C-1"}


@contextmanager
def disturbed(world: IntakeWorld, injector: Injector) -> Iterator[None]:
    """The world's ports are disturbed in here."""
    calm = world.registry, world.pages, world.files, world.machines
    world.registry = injector.wrap(world.registry)
    world.pages = injector.wrap(world.pages)
    world.files = injector.wrap(world.files)
    world.machines = injector.wrap(world.machines)
    try:
        yield
    finally:
        world.registry, world.pages, world.files, world.machines = calm


def check_whole_or_nothing(world: IntakeWorld) -> None:
    """The books are those of before or those of after, and each version was made once."""
    versions = world.registry.list(Version, "listings/eu").items
    if len(versions) == 2:
        assert list(world.listings()) == ["A", "B\0B-1", "C\0C-1"]
        assert world.aliases() == EXPECTED
    else:
        assert len(versions) == 1
        assert list(world.listings()) == ["A", "B\0B-1"]
        assert world.aliases() == {"B-1": "B\0B-1"}


@pytest.mark.parametrize("kind", list(Kind))
def test_an_import_ends_whole_whatever_fails(kind: Kind) -> None:
    for injector in each_call(kind):
        world = IntakeWorld()
        world.take(BEFORE, "listings")
        with disturbed(world, injector), suppress(Died, TrueupError):
            world.take(FILE, "listings")
        take_up_again(world)
        items = [stored.value for stored in imports.list_imports(world.registry).items]
        assert all(item.state.final for item in items), (injector.nth, items)
        check_whole_or_nothing(world)
        applied = sum(item.state == "Applied" for item in items)
        assert applied == len(world.registry.list(Version, "listings/eu").items)


def take_up_again(world: IntakeWorld) -> None:
    """What Step Functions and the sweeper do after a death."""
    for stored in imports.list_imports(world.registry).items:
        with suppress(RejectedError):
            world.execute(imports.start_import(world.intake(), stored.value.id))
        world.now = max(world.now, stored.value.deadline)
    sweep_open(world.plant())


def test_every_state_and_catch_is_visited() -> None:
    world = IntakeWorld()
    machine = world.machine()
    world.execute(world.upload("sku,on_hand\nA,1\n"), machine)
    world.execute(world.upload("sku,on_hand\nA,x\n"), machine)
    complete = world.upload("sku,on_hand\nB,1\n", complete=True)
    world.execute(complete, machine)
    world.take("sku,on_hand\nC,1\n")
    imports.confirm_import(world.intake(), complete.id)
    assert world.execute(complete, machine).state == "Failed"

    def broken(_: object) -> object:
        raise DefectError("It broke.")

    whole = machine.tasks["${ApplyImportFunctionArn}"]
    uncompared = {"${ApplyImportFunctionArn}": lambda e: (broken if "step" in e else whole)(e)}
    failing = Machine("ingest", machine.tasks | uncompared)
    assert world.execute(world.upload("sku,on_hand\nF,1\n"), failing).state == "Applied"
    machine.visited |= failing.visited
    machine.caught |= failing.caught
    for task in ("Validate", "Apply"):
        failing = Machine("ingest", machine.tasks | {f"${{{task}ImportFunctionArn}}": broken})
        item = world.execute(world.upload(f"sku,on_hand\n{task},1\n"), failing)
        assert item.state == "Failed"
        machine.visited |= failing.visited
        machine.caught |= failing.caught
    dead = {"${ValidateImportFunctionArn}": broken, "${FinaliseFunctionArn}": broken}
    failing = Machine("ingest", machine.tasks | dead)
    world.execute(world.upload("sku,on_hand\nD,1\n"), failing)
    assert (machine.visited | failing.visited, machine.caught | failing.caught) == states_of(
        "ingest"
    )


def test_partial_imports_side_by_side_are_all_applied() -> None:
    world = IntakeWorld()
    items = [world.upload(f"sku,channel_sku\nS{n},C{n}\n", "listings") for n in range(8)]
    together(world, items)
    assert {world.item(item.id).state for item in items} == {"Applied"}
    assert list(world.listings()) == [f"S{n}\0C{n}" for n in range(8)]
    assert len(world.aliases()) == 8


def together(world: IntakeWorld, items: list[Import]) -> None:
    barrier = Barrier(len(items))

    def run(item: Import) -> None:
        barrier.wait()
        world.execute(item)

    threads = [Thread(target=run, args=(item,)) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_code_given_away_meanwhile_fails_the_import() -> None:
    world = IntakeWorld()
    world.take("sku\nA\n", "listings")
    item = world.upload("sku,channel_sku\nB,X\n", "listings")
    machine = world.machine()
    apply = machine.tasks["${ApplyImportFunctionArn}"]

    def later(event: dict[str, object]) -> object:
        put_listings(world.desk(), ACCOUNT, [Listing(sku="C", channel_key="X")], "ada")
        return apply(event)

    machine.tasks["${ApplyImportFunctionArn}"] = later
    ended = world.execute(item, machine)
    assert ended.state == "Failed"
    assert ended.cause == "Another import gave the channel's code X (row 2) to C meanwhile."


def test_starting_twice_starts_once() -> None:
    world = IntakeWorld()
    item = world.upload("sku,on_hand\nA,1\n")
    imports.start_import(world.intake(), item.id)
    assert len(world.machines.started) == 1  # type: ignore[attr-defined]
    assert world.execute(item).state == "Applied"
    assert imports.start_import(world.intake(), item.id).state == "Applied"
    assert len(world.machines.started) == 1  # type: ignore[attr-defined]


def test_an_import_without_its_file_does_not_start() -> None:
    world = IntakeWorld()
    new = imports.NewImport.model_validate({"kind": "baseline", "target": "main"})
    created = imports.create_import(world.intake(), new, "ada")
    assert created.form["fields"]["key"] == f"uploads/acme/{created.item.id}.csv"
    with pytest.raises(RejectedError):
        imports.start_import(world.intake(), created.item.id)
    assert imports.fail_import(world.registry, world.clock, created.item.id, "Given up.")
    assert not imports.fail_import(world.registry, world.clock, created.item.id, "Again.")
    assert world.item(created.item.id).cause == "Given up."

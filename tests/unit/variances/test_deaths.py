"""Comparisons that are lost, done twice or by half, whatever dies on the way."""

from contextlib import suppress
from datetime import timedelta

import pytest

from tests.faults import Died, Kind, each_call
from tests.unit.ingest.intake_world import PLACE, SELLER
from tests.unit.variances.variance_world import VarianceWorld
from trueup.domain.errors import DefectError, TrueupError
from trueup.domain.runs import Version
from trueup.domain.variances import VarianceDue, VarianceRun
from trueup.ports import Create
from trueup.usecases.ingest.work import IngestWork
from trueup.usecases.variances.telling import tell_due, variances_book

FIRST = {f"S{number}": 10 for number in range(8)}
EXPECTED = {"S1": ("shrinkage", 3), "S2": ("surplus", -2)}
KINDS = [kind for kind in Kind if kind is not Kind.SLOW]
PORTS = ("registries", "registry", "pages", "files", "ledger")


def prepared() -> VarianceWorld:
    """A statement is taken over, and yet to be compared."""
    world = VarianceWorld()
    world.state(FIRST)
    world.later()
    world.move("ship", "S1", 2, 30)
    machine = world.machine()
    whole = machine.tasks["${ApplyImportFunctionArn}"]

    def dies(event: dict[str, object]) -> object:
        if "step" in event:
            raise DefectError("It died here.")
        return whole(event)

    machine.tasks["${ApplyImportFunctionArn}"] = dies
    stock = FIRST | {"S1": 5, "S2": 12}
    rows = "".join(f"{sku},{units}\n" for sku, units in stock.items())
    how = {"source": "wms", "as_of": world.now}
    item = world.upload(f"sku,on_hand\n{rows}", "baseline", **how)
    assert world.execute(item, machine).state == "Applied"
    return world


def come_by(world: VarianceWorld) -> int:
    return tell_due(world.registries, world.clock, lambda _: world.work(), lambda: 600_000)


def check(world: VarianceWorld) -> None:
    assert world.causes() == EXPECTED
    assert world.registry.list(VarianceDue).items == ()
    runs = [stored.value for stored in world.registry.list(VarianceRun, PLACE).items]
    assert [run.version for run in runs] == [1, 2]
    assert [run.differing for run in runs] == [0, 2]
    versions = world.registry.list(Version, variances_book(PLACE)).items
    assert [stored.value.version for stored in versions] == [1, 2]


def test_what_an_execution_left_undone_is_done_later() -> None:
    world = prepared()
    assert come_by(world) == 0, "the execution may still be at it"
    assert world.causes() == {}
    world.now += timedelta(minutes=10)
    assert come_by(world) == 1
    check(world)
    assert come_by(world) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_comparison_ends_right_whatever_fails(kind: Kind) -> None:
    disturbed = 0
    for injector in each_call(kind):
        world = prepared()
        world.now += timedelta(minutes=10)
        calm = {name: getattr(world, name) for name in PORTS}
        for name, port in calm.items():
            setattr(world, name, injector.wrap(port))
        with suppress(Died, TrueupError):
            come_by(world)
        for name, port in calm.items():
            setattr(world, name, port)
        come_by(world)
        check(world)
        disturbed += injector.fired
    assert disturbed > {Kind.UNPROCESSED: 0, Kind.CONFLICT: 0}.get(kind, 8)


def test_one_sellers_broken_statement_keeps_nobody_waiting() -> None:
    world = prepared()
    world.now += timedelta(minutes=10)
    due = world.registry.list(VarianceDue).items[0].value
    world.registries.of("another").write(Create(due))

    def work_of(seller: str) -> IngestWork:
        if seller != SELLER:
            raise DefectError("This seller's records cannot be read.")
        return world.work()

    with pytest.raises(DefectError, match="1 statements"):
        tell_due(world.registries, world.clock, work_of, lambda: 600_000)
    check(world)


def test_no_comparison_is_begun_without_the_time_for_it() -> None:
    world = prepared()
    world.now += timedelta(minutes=10)
    assert tell_due(world.registries, world.clock, lambda _: world.work(), lambda: 100_000) == 0
    assert world.causes() == {}

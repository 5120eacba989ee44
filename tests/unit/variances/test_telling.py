"""Statements of a warehouse that are not what its movements lead to."""

import json

import pytest

from tests.unit.ingest.intake_world import PLACE
from tests.unit.variances.variance_world import VarianceWorld
from trueup.domain.sources import Provides, Source
from trueup.domain.variances import VarianceDue, VarianceRun, VarianceTending
from trueup.ports import Create

FIRST = {"A": 10, "B": 20, "C": 30, "D": 40}


@pytest.fixture
def world() -> VarianceWorld:
    world = VarianceWorld()
    world.state(FIRST)
    world.later()
    return world


def test_a_statement_that_the_movements_lead_to_differs_nowhere(world: VarianceWorld) -> None:
    world.move("ship", "A", 3)
    world.move("receipt", "B", 5)
    world.state(FIRST | {"A": 7, "B": 25})
    run = world.latest()
    assert (run.none, run.compared, run.differing, run.version) == (None, 4, 0, 2)
    assert world.variances() == {}


def test_what_nothing_explains_is_shrinkage_or_surplus(world: VarianceWorld) -> None:
    world.move("ship", "A", 3)
    world.state(FIRST | {"A": 5, "B": 23})
    assert world.causes() == {"A": ("shrinkage", 2), "B": ("surplus", -3)}
    run = world.latest()
    assert (run.units_short, run.units_over, run.unvalued, run.differing) == (2, 3, 2, 2)
    assert {group.cause: group.samples for group in run.groups} == {
        "shrinkage": ("A",),
        "surplus": ("B",),
    }


def test_a_first_baseline_and_snapshots_alone_have_no_expectation(world: VarianceWorld) -> None:
    run = world.registry.get(VarianceRun, PLACE, f"{1:012d}")
    assert run is not None
    assert run.value.none == "first_baseline"
    world.registry.write(Create(Source(code="till", name="T", provides=Provides.SNAPSHOTS)))
    world.state({"A": 1}, source="till")
    assert (world.latest().none, world.variances()) == ("snapshots_only", {})
    world.later()
    world.state({"A": 2}, source=None)
    assert world.latest().none == "no_movements"
    world.move("ship", "B", 3)
    world.later()
    world.state({"A": 3}, source=None)
    assert world.causes() == {"A": ("surplus", -1)}


def test_a_complete_statement_says_what_it_leaves_out(world: VarianceWorld) -> None:
    world.move("receipt", "E", 2, bucket="")
    item = world.state({"A": 10, "B": 20}, complete=True)
    assert item.state == "Applied"
    assert world.causes() == {"C": ("shrinkage", 30), "D": ("shrinkage", 40)}
    assert world.latest().unknown == 1  # nothing ever said how much of E there was


def test_one_that_names_some_is_compared_for_those(world: VarianceWorld) -> None:
    world.move("ship", "A", 3)
    world.move("ship", "B", 3)
    world.state({"B": 16})
    assert world.causes() == {"B": ("shrinkage", 1)}
    assert world.latest().compared == 1


def test_the_same_stock_stated_again_is_compared_again(world: VarianceWorld) -> None:
    world.move("ship", "A", 3, 30)
    world.move("ship", "B", 1, 30)
    assert world.state(FIRST).state == "Unchanged"
    assert world.causes() == {"A": ("missed_movement", -3), "B": ("missed_movement", -1)}
    world.later()
    assert world.state(FIRST).state == "Unchanged"
    assert world.variances() == {}
    assert world.latest().version == 3


def test_each_cause(world: VarianceWorld) -> None:
    world.move("ship", "A", 3, 30)  # the warehouse does not have it
    world.move("inbound", "B", 5, 30, reference="T1", counterpart="hub")  # counted already
    world.move("hold", "C", 2, 35)
    world.move("hold", "C", 2, 30)
    world.move("receipt", "D", 6, -2)  # dated after the statement, which has it
    world.move("ship", "E", 1, 30)
    world.state(FIRST | {"A": 10, "B": 25, "D": 46})
    assert world.causes() == {
        "A": ("missed_movement", -3),
        "B": ("in_transit_counted", -5),
        "C": ("reclassified", -4),
        "D": ("cutoff", -6),
    }
    for row in world.variances().values():
        assert row["unexplained"] == 0


def test_of_several_movements_that_would_do_none_is_named(world: VarianceWorld) -> None:
    world.move("ship", "A", 1, 50)
    world.move("ship", "A", 1, 40)
    world.state(FIRST | {"A": 7})
    assert world.causes() == {"A": ("shrinkage", 1)}


def test_a_comparison_leaves_work_for_cases_and_no_due(world: VarianceWorld) -> None:
    assert world.registry.get(VarianceTending, PLACE) is None
    world.state(FIRST)
    assert world.registry.get(VarianceTending, PLACE) is not None
    assert world.registry.list(VarianceDue).items == ()


def test_movements_around_the_instant_may_be_on_its_other_side(world: VarianceWorld) -> None:
    world.move("ship", "A", 2, 20)
    world.move("ship", "A", 1, 9)  # the warehouse does not have these two yet
    world.move("ship", "A", 1, 8)
    world.move("ship", "B", 1, -3)  # it has this one already, and not the next
    world.move("ship", "B", 1, -4)
    world.move("ship", "C", 5, 16)  # too long ago to be a matter of the instant
    world.state(FIRST | {"A": 8, "B": 19, "C": 30})
    assert world.causes() == {
        "A": ("cutoff", -2),
        "B": ("cutoff", 1),
        "C": ("missed_movement", -5),
    }


def test_a_movement_that_the_source_has_twice(world: VarianceWorld) -> None:
    twice = world.move("receipt", "A", 6, 40)
    world.move("ship", "A", 1, 30)
    world.state(FIRST | {"A": 21})
    assert world.causes() == {"A": ("duplicate_movement", -6)}
    ((cause, units, evidence),) = json.loads(world.variances()["A"]["causes"])
    assert (cause, units, evidence["movements"]) == ("duplicate_movement", -6, [twice])

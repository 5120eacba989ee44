"""Tolerances that a run forgets or a recheck does not know, and what matching rows say of why."""

from datetime import timedelta

from tests.shelf import changed
from tests.unit.reconcile.test_reconciling import stocked
from tests.world import ACCOUNT, World
from trueup.domain.outcomes import Reason, Status
from trueup.domain.tolerances import Limit, Tolerance
from trueup.ports import Create
from trueup.usecases.recheck import recheck
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.reading import read_rows
from trueup.usecases.rows.view import RowView
from trueup.usecases.tolerances import put_tolerance


def tolerant() -> World:
    """Three tenths over for all, nothing for one SKU, two under at the location."""
    world = stocked(40)
    rules = [
        Tolerance(account=ACCOUNT, over=Limit(percent=30)),
        Tolerance(account=ACCOUNT, channel_location="1", under=Limit(absolute=2)),
        Tolerance(account=ACCOUNT, sku="SKU-0030"),
    ]
    for rule in rules:
        put_tolerance(world.registry, rule)
    return world


def test_a_run_takes_the_most_specific_rule() -> None:
    world = tolerant()
    for key, shown in (("SKU-0010", 8), ("SKU-0011", 8), ("SKU-0012", 13), ("SKU-0030", 29)):
        world.shelf.stock["1", key] = shown
    world.shelf.stock["1", "SKU-0000"] = 1
    run = world.reconcile()
    assert world.differing() == dict.fromkeys(
        ["SKU-0000", "SKU-0011", "SKU-0012", "SKU-0030"], Reason.DIFFERS
    )
    assert world.rows()["SKU-0010"]["reason"] == Reason.WITHIN_TOLERANCE
    assert [rule.sku for rule in run.inputs.tolerances].count("SKU-0030") == 1


def test_a_rule_counts_for_the_run_that_was_opened_with_it() -> None:
    world = tolerant()
    world.shelf.stock["1", "SKU-0010"] = 8
    run = world.start().run
    machine = world.machine()
    plan = machine.tasks["${PlanCompareFunctionArn}"]

    def strict(event: dict[str, object]) -> object:
        rule = Tolerance(account=ACCOUNT, channel_location="1", sku="SKU-0010")
        world.registry.write(Create(rule))
        return plan(event)

    machine.tasks["${PlanCompareFunctionArn}"] = strict
    machine.run(world.payload(run))
    assert world.differing() == {}
    world.reconcile()
    assert world.differing() == {"SKU-0010": Reason.DIFFERS}


def test_a_recheck_knows_the_rules_too() -> None:
    world = tolerant()
    world.reconcile()
    world.shelf.stock["1", "SKU-0010"] = 8
    world.now += timedelta(minutes=5)
    world.shelf.spoil = lambda answer: changed(answer, captured_at=world.now.isoformat())
    done = recheck(
        world.work(), account=ACCOUNT, location="1", skus=["SKU-0010"], requested_by="ada"
    )
    assert done.rows["SKU-0010"].values["reason"] == Reason.WITHIN_TOLERANCE


def view(world: World, key: str) -> RowView:
    filters = Filters(account=ACCOUNT, sku_prefix=key)
    return read_rows(world.registry, world.pages, filters, cursor=None, limit=9).rows[0]


def test_a_row_that_matches_says_what_the_terms_take_off() -> None:
    world = stocked(20)
    world.listings([f"SKU-{n:04d}" for n in range(20)], buffer={"SKU-0010": 3})
    world.shelf.stock["1", "SKU-0010"] = 7
    world.reconcile()
    row = view(world, "SKU-0010")
    assert (row.status, row.delta, row.cause) == (Status.SUCCESS, 3, None)
    assert [(cause.cause, cause.units) for cause in row.causes] == [("buffer", 3)]
    assert row.unexplained == 0


def test_a_tolerated_gap_is_not_explained_and_matches() -> None:
    world = tolerant()
    world.shelf.stock["1", "SKU-0010"] = 8
    world.reconcile()
    row = view(world, "SKU-0010")
    assert (row.status, row.delta, row.unexplained, row.causes) == (Status.SUCCESS, 2, 2, [])
    assert row.first_diverged_at is None

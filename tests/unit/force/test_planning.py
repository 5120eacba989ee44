"""What a plan would set, and what it leaves alone and why."""

from datetime import timedelta
from typing import Any

import pytest

from tests.moves import captured, move, record
from tests.shelf import CAPTURED
from tests.unit.force.planning_world import PlanningWorld, compared
from tests.unit.reconcile.test_explaining import explained_by, lagging
from tests.world import ACCOUNT
from trueup.domain.acceptances import Acceptance
from trueup.domain.accounts import Link
from trueup.domain.force import PlanState, Skip
from trueup.domain.movements import MovementKind
from trueup.domain.pushes import UNREAD
from trueup.domain.runs import Head
from trueup.domain.sources import Domain, Ownership, Provides, Source
from trueup.ports import Create, Remove
from trueup.usecases.books import rows_book
from trueup.usecases.recheck import recheck
from trueup.usecases.rows.filters import Direction, Filters


def test_a_target_is_what_may_be_published() -> None:
    world = compared({"A": 5, "B": 5, "C": 0, "D": 4}, {"A": 3, "B": 9, "C": 2, "D": 4})
    plan = world.planned()
    assert plan.state is PlanState.PROPOSED
    assert world.targets(plan) == {"A": 5, "B": 5, "C": 0}
    assert plan.summary.rows == 3


def test_unknown_rows_get_no_target() -> None:
    world = compared({"A": 5}, {"A": None, "N": 3, "K": 2}, listed=["A", "K", "N"])
    recipes = {"K": [("A", 1), ("X", 1)]}
    world.listings(["A", "K", "N"], components=recipes)
    world.reconcile()
    plan = world.planned()
    skips = world.skips(plan)
    assert set(skips.values()) == {Skip.UNKNOWN}
    rows = world.planned_rows(plan)
    assert {key: row["target"] for key, row in rows.items()} == dict.fromkeys("AKN", UNREAD)
    assert plan.summary.rows == 0
    assert plan.summary.skipped == {"unknown": 3}


def test_what_is_not_listed_or_not_shown_is_left_alone() -> None:
    world = compared({"A": 5, "B": 5}, {"B": 5, "U": 7}, listed=["A", "B"])
    plan = world.planned()
    assert world.skips(plan) == {"A": Skip.UNMAPPED, "U\x00\x00": Skip.UNMAPPED}


def test_a_listing_that_is_gone_since_is_left_alone() -> None:
    world = compared({"A": 5, "B": 5}, {"A": 3, "B": 3})
    world.listings(["B"])
    assert world.skips(world.planned()) == {"A": Skip.UNMAPPED, "B": Skip.NOT_SKIPPED}


def test_a_location_that_is_not_linked_any_more_is_left_alone() -> None:
    world = compared({"A": 5}, {"A": 3})
    asked = world.ask()
    link = world.registry.get(Link, ACCOUNT, "1")
    assert link is not None
    world.registry.write(Remove(link.value, link.version))
    assert world.skips(world.make(asked)) == {"A": Skip.UNMAPPED}


def test_what_the_channel_has_read_only_is_left_alone() -> None:
    world = PlanningWorld({"A": 5, "B": 5}, {"A": 3, "B": 3})
    world.shelf.read_only["1", "A"] = "owned by the marketplace"
    world.reconcile()
    world.live()
    world.covered(world.now)
    assert world.skips(world.planned()) == {"A": Skip.READ_ONLY, "B": Skip.NOT_SKIPPED}


def test_an_old_report_is_stale() -> None:
    world = compared({"A": 5}, {"A": 9}, max_report_age_minutes=30)
    assert world.skips(world.planned()) == {"A": Skip.NOT_SKIPPED}
    world.now += timedelta(minutes=40)
    assert world.skips(world.planned()) == {"A": Skip.STALE}


def test_positions_past_their_age_are_stale() -> None:
    terms: dict[str, Any] = {"provides": Provides.SNAPSHOTS, "max_age_minutes": 60}
    world = PlanningWorld({"A": 5}, {"A": 9})
    world.registry.write(
        Create(Source(code="wms", name="Warehouse", **terms)),
        Create(Ownership(domain=Domain.POSITIONS, location="main", source="wms")),
    )
    world.reconcile()
    world.live()
    assert world.skips(world.planned()) == {"A": Skip.NOT_SKIPPED}
    world.now += timedelta(hours=2)
    assert world.skips(world.planned()) == {"A": Skip.STALE}


def test_what_settles_by_itself_is_left_out_unless_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    explained_by(monkeypatch, lagging)
    world = compared({"A": 5}, {"A": 9})
    assert world.skips(world.planned()) == {"A": Skip.SETTLING}
    assert world.targets(world.planned(include_settling=True)) == {"A": 5}


def test_increases_need_all_orders_up_to_the_capture() -> None:
    world = compared({"A": 5, "B": 5}, {"A": 3, "B": 9}, covered=False)
    expected = {"A": Skip.ORDERS_NOT_IMPORTED, "B": Skip.NOT_SKIPPED}
    assert world.skips(world.planned()) == expected
    world.covered(CAPTURED - timedelta(milliseconds=1))
    assert world.skips(world.planned()) == expected
    world.covered(CAPTURED)
    assert world.targets(world.planned()) == {"A": 5, "B": 5}


def test_a_seller_may_do_without_knowing_that() -> None:
    world = compared({"A": 5}, {"A": 3}, covered=False)
    world.settings(orders_covered=False)
    assert world.targets(world.planned()) == {"A": 5}


def test_one_capture_may_not_be_enough() -> None:
    world = compared({"A": 5, "B": 5}, {"A": 9, "B": 5})
    world.settings(agreeing_captures=2)
    assert world.skips(world.planned()) == {"A": Skip.ONE_CAPTURE}
    world.shelf.stock["1", "B"] = 8
    world.reconcile()
    world.covered(world.now)
    assert world.skips(world.planned()) == {"A": Skip.NOT_SKIPPED, "B": Skip.ONE_CAPTURE}


def test_a_recheck_is_a_capture_of_its_own() -> None:
    world = compared({"A": 5, "B": 5}, {"A": 9, "B": 5})
    captured(world)
    world.settings(agreeing_captures=2)
    world.shelf.stock["1", "B"] = 8
    recheck(world.work(), account=ACCOUNT, location="1", skus=["A", "B"], requested_by="ada")
    assert world.skips(world.planned()) == {"A": Skip.NOT_SKIPPED, "B": Skip.ONE_CAPTURE}


def test_accepted_differences_stay_unless_their_sku_is_named() -> None:
    world = compared({"A": 5, "B": 5}, {"A": 9, "B": 8})
    head = world.registry.get(Head, rows_book(ACCOUNT, "1"))
    assert head is not None
    world.put(accepted(world, head.value))
    world.shelf.stock["1", "B"] = 7
    world.reconcile()
    assert world.skips(world.planned()) == {"A": Skip.ACCEPTED, "B": Skip.NOT_SKIPPED}
    assert world.targets(world.planned(skus=["A"])) == {"A": 5}


def accepted(world: PlanningWorld, head: Head) -> Acceptance:
    return Acceptance(
        account=ACCOUNT,
        location="1",
        cause="unexplained",
        book=head.book,
        version=head.version,
        manifest=head.manifest,
        rows=2,
        note="agreed",
        expires_at=world.now + timedelta(days=9),
        by="ada",
        at=world.now,
        case="01CASE",
    )


def test_what_matches_is_considered_only_where_it_is_named() -> None:
    world = compared({"A": 5, "B": 5}, {"A": 5, "B": 4})
    assert world.skips(world.planned()) == {"B": Skip.NOT_SKIPPED}
    assert world.skips(world.planned(skus=["A"])) == {"A": Skip.MATCHES}


def test_what_came_right_since_by_the_ledger_is_left_alone() -> None:
    world = compared({"A": 5, "B": 5}, {"A": 4, "B": 4})
    record(world, move(MovementKind.SHIP, "A", 1, world.now - timedelta(seconds=30)))
    plan = world.planned()
    assert world.skips(plan) == {"A": Skip.MATCHES, "B": Skip.NOT_SKIPPED}


def test_targets_are_of_now_not_of_the_capture() -> None:
    world = compared({"A": 9, "K": 0}, {"A": 2, "K": 9}, listed=["A", "K"])
    world.listings(["A", "K"], components={"K": [("A", 2)]})
    world.reconcile()
    record(world, move(MovementKind.SHIP, "A", 4, world.now - timedelta(seconds=1)))
    assert world.targets(world.planned()) == {"A": 5, "K": 2}


def test_orders_that_our_ledger_lacks_come_off_the_target() -> None:
    world = compared({"A": 9, "B": 9, "C": 9}, {"A": 5, "B": 7, "C": 9})
    world.put(Source(code="feed", name="Shop", kind="channel", account=ACCOUNT))
    at = world.now - timedelta(seconds=30)
    for sku, order in (("A", "o1"), ("B", "o2"), ("C", "o3")):
        told: dict[str, Any] = {"source": "feed", "reference": order, "claim": True}
        record(world, move(MovementKind.SHIP, sku, 2, at, **told))
    plan = world.planned(skus=["A", "B", "C"])
    assert world.skips(plan)["B"] is Skip.ORDERS_NOT_IMPORTED
    assert world.targets(plan) == {"A": 7}
    row = world.planned_rows(plan)["A"]
    assert (row["publishable"], row["units"]) == (9, 2)
    assert "2 base units" in row["note"]
    record(world, move(MovementKind.SHIP, "A", 2, at, source="erp", reference="o1"))
    assert world.targets(world.planned(skus=["A"])) == {"A": 7}


def test_overlays_go_before_their_rows() -> None:
    world = compared({"A": 5, "B": 5, "C": 5}, {"A": 9, "B": 5, "C": 9})
    captured(world)
    world.shelf.stock.update({("1", "A"): 5, ("1", "B"): 7})
    recheck(world.work(), account=ACCOUNT, location="1", skus=["A", "B"], requested_by="ada")
    plan = world.planned()
    assert world.targets(plan) == {"B": 5, "C": 5}
    assert world.planned_rows(plan)["B"]["showed"] == 7


def test_filters_choose_as_in_the_view() -> None:
    world = compared({"A": 5, "B": 5}, {"A": 9, "B": 2})
    over = Filters(direction=Direction.OVER)
    assert set(world.planned_rows(world.planned(filters=over))) == {"A"}
    titled = Filters(title="title of b")
    assert set(world.planned_rows(world.planned(filters=titled))) == {"B"}
    lost = Filters(cause="not_on_channel")
    assert world.planned(filters=lost).summary.considered == 0


def test_several_locations_make_one_plan() -> None:
    links = {"1": ["main"], "2": ["main"], "3": ["main"]}
    world = compared({"A": 5}, {"A": 9}, links=links)
    world.shelf.stock["2", "A"] = 5
    world.reconcile()
    plan = world.planned(["3", "1", "2"])
    assert [place.channel_location for place in plan.places] == ["3", "1", "2"]
    assert [place.rows for place in plan.places] == [1, 1, 0]
    assert plan.summary.rows == 2

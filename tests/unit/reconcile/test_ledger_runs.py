"""Runs with a ledger: positions as of the capture, and why the channel differs from them."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.moves import captured, move, record
from tests.shelf import Shelf
from tests.world import ACCOUNT, NOW, World
from trueup.books.schema import ROWS
from trueup.domain.movements import MovementKind
from trueup.domain.outcomes import Reason
from trueup.domain.pushes import PushEntry
from trueup.domain.runs import Head
from trueup.domain.sources import Domain, Ownership, Provides, Source
from trueup.domain.time import milliseconds
from trueup.ports import Create, Replace
from trueup.usecases import books
from trueup.usecases.intake.pushing import append_pushes
from trueup.usecases.intake.taking import Gate
from trueup.usecases.recheck import recheck
from trueup.usecases.reconcile.comparing import Compared, compare_range
from trueup.usecases.reconcile.job import Job
from trueup.usecases.reconcile.parts import PlanItem, load_part
from trueup.usecases.work import Work

MINUTE = timedelta(minutes=1)


def stocked(on_hand: dict[str, int], shown: dict[str, int], **columns: Any) -> World:
    """A world an hour after its baseline, whose channel is captured as of now."""
    world = World(Shelf(stock={("1", key): quantity for key, quantity in shown.items()}))
    world.link()
    world.baseline("main", on_hand)
    world.listings(shown, **columns)
    world.now = NOW + 60 * MINUTE
    captured(world)
    return world


def owned(world: World, **terms: Any) -> None:
    """The location belongs to a source."""
    source = Source(code="wms", name="Warehouse", **terms)
    rule = Ownership(domain=Domain.MOVEMENTS, location="main", source="wms")
    world.registry.write(Create(source), Create(rule))


def sheet(world: World, place: str = "1") -> dict[str, dict[str, Any]]:
    pinned = books.pin(world.registry, books.rows_book(ACCOUNT, place))
    assert pinned is not None
    reader = books.open_book(world.pages, pinned, ROWS)
    return {row["key"]: row for page in reader.differing() for row in page.rows()}


def told(world: World, key: str) -> list[tuple[str, int]]:
    causes = sheet(world)[key]["causes"]
    return [(cause, units) for cause, units, _ in msgspec.json.decode(causes)] if causes else []


def test_what_moved_since_the_baseline_changes_what_can_be_published() -> None:
    world = stocked({"A": 10, "B": 5, "C": 1}, {"A": 7, "B": 5, "C": 1})
    record(
        world,
        move(MovementKind.SHIP, "A", 3, NOW + MINUTE),
        move(MovementKind.RECEIPT, "B", 4, NOW + 90 * MINUTE),
    )
    world.reconcile()
    assert world.rows()["A"]["total"] == 7
    assert world.rows()["B"]["total"] == 5
    assert world.differing() == {}


def test_each_row_is_as_of_its_own_capture() -> None:
    world = stocked({"A": 10, "B": 10}, {"A": 10, "B": 8})
    world.shelf.page = 1
    answers = iter([NOW + 10 * MINUTE, NOW + 30 * MINUTE] * 2)
    inner = world.shelf.spoil
    world.shelf.spoil = lambda answer: msgspec.structs.replace(
        inner(answer), captured_at=next(answers).isoformat()
    )
    for sku in ("A", "B"):
        record(world, move(MovementKind.SHIP, sku, 2, NOW + 20 * MINUTE))
    world.reconcile()
    assert {key: row["total"] for key, row in world.rows().items()} == {"A": 10, "B": 8}
    assert world.differing() == {}


def test_a_capture_of_before_the_newest_baseline_is_compared_with_what_was_known_then() -> None:
    world = stocked({"A": 10}, {"A": 8})
    record(world, move(MovementKind.SHIP, "A", 2, NOW + 10 * MINUTE))
    world.baseline("main", {"A": 3})
    world.now += 10 * MINUTE
    captured(world, 30 * MINUTE)
    world.reconcile()
    assert world.rows()["A"]["total"] == 8
    captured(world)
    world.reconcile()
    assert world.rows()["A"]["total"] == 3


def test_a_capture_of_before_the_first_baseline_is_compared_with_it_all_the_same() -> None:
    """One movement does not make a whole account unknown."""
    world = stocked({"A": 10, "B": 5}, {"A": 10, "B": 4})
    record(world, move(MovementKind.SHIP, "A", 3, NOW + MINUTE))
    captured(world, 61 * MINUTE)
    world.reconcile()
    assert world.rows()["A"]["sellable"] == 10
    assert world.differing() == {"B": Reason.DIFFERS}


def test_a_late_channel_settles_and_then_is_stale() -> None:
    world = stocked({"A": 10}, {"A": 10})
    owned(world, settle_seconds=900)
    record(world, move(MovementKind.SHIP, "A", 3, world.now - 5 * MINUTE))
    run = world.reconcile()
    assert world.differing() == {"A": Reason.EXPLAINED}
    assert told(world, "A") == [("lag", -3)]
    assert sheet(world)["A"]["settling_until"] > 0
    assert (run.locations[0].tally.explained, run.locations[0].tally.differing) == (1, 0)
    world.now += 20 * MINUTE
    world.reconcile()
    assert world.differing() == {"A": Reason.DIFFERS}
    assert told(world, "A") == [("lag", -3)]
    assert sheet(world)["A"]["stale_since"] > 0


def test_orders_that_were_not_imported_are_told_by_the_feed() -> None:
    world = stocked({"A": 10}, {"A": 8})
    owned(world, settle_seconds=900)
    world.registry.write(
        Create(Source(code="feed", name="Orders", kind="channel", account=ACCOUNT))
    )
    order = move(
        MovementKind.RESERVE, "A", 2, world.now - MINUTE, source="feed", reference="o1", claim=True
    )
    record(world, order)
    world.reconcile()
    assert told(world, "A") == [("orders_not_imported", 2)]
    assert world.rows()["A"]["total"] == 10


def test_two_locations_that_are_exchanged() -> None:
    shown = {("1", "A"): 4, ("2", "A"): 9, ("1", "B"): 1, ("2", "B"): 1}
    world = World(Shelf(stock=dict(shown), locations=("1", "2")))
    world.link({"1": ["main"], "2": ["second"]})
    world.baseline("main", {"A": 9, "B": 1})
    world.baseline("second", {"A": 4, "B": 1})
    world.listings(["A", "B"])
    world.reconcile()
    assert told(world, "A") == [("swapped_locations", 5)]
    evidence = msgspec.json.decode(sheet(world, "2")["A"]["causes"])[0][2]
    assert evidence == {"location": "1", "publishable_there": 9, "reported_there": 4}


def test_a_push_that_does_not_show_yet() -> None:
    world = stocked({"A": 10, "B": 10}, {"A": 4, "B": 10})
    gate = Gate(world.registry, world.ledger, world.clock)
    push = PushEntry("A", "1", 10, milliseconds(world.now - MINUTE), "tool", "p1", before=4)
    append_pushes(gate, ACCOUNT, [push])
    world.reconcile()
    assert told(world, "A") == [("push_not_visible", 6)]
    assert world.differing() == {"A": Reason.DIFFERS}
    again = recheck(world.work(), account=ACCOUNT, location="1", skus=["A"], requested_by="ada")
    (overlay,) = again.rows.values()
    assert overlay.texts["cause"] == "push_not_visible"


def test_a_recheck_reads_the_ledger_as_it_is() -> None:
    world = stocked({"A": 10}, {"A": 10})
    world.reconcile()
    record(world, move(MovementKind.SHIP, "A", 3, world.now - 5 * MINUTE))
    done = recheck(world.work(), account=ACCOUNT, location="1", skus=["A"], requested_by="ada")
    (overlay,) = done.rows.values()
    assert overlay.values["sellable"] == 7
    assert overlay.texts["cause"] == "lag"


def test_a_sku_that_the_baseline_does_not_know_becomes_known_by_a_count() -> None:
    world = stocked({"B": 1}, {"A": 4, "B": 1, "C": 2})
    record(
        world,
        move(MovementKind.COUNT, "A", 5, NOW + MINUTE),
        move(MovementKind.SHIP, "A", 1, NOW + 2 * MINUTE),
        move(MovementKind.RECEIPT, "C", 2, NOW + MINUTE),
    )
    world.reconcile()
    assert world.rows()["A"]["total"] == 4
    assert world.differing() == {"C": Reason.POSITION_UNKNOWN}


def test_kits_are_as_of_the_capture_too() -> None:
    kit = {"KIT": [("A", 1), ("B", 2)]}
    world = stocked({"A": 10, "B": 10}, {"KIT": 3}, components=kit)
    record(
        world,
        move(MovementKind.SHIP, "B", 4, NOW + MINUTE),
        move(MovementKind.SHIP, "A", 9, NOW + 90 * MINUTE),
    )
    world.reconcile()
    assert world.rows()["KIT"]["sellable"] == 3
    assert world.differing() == {}


def test_old_snapshots_make_their_rows_stale() -> None:
    world = stocked({"A": 10}, {"A": 9})
    owned(world, provides=Provides.SNAPSHOTS, max_age_minutes=59)
    world.reconcile()
    assert world.differing() == {"A": Reason.STALE}


def test_a_baseline_that_names_its_source_ages_as_that_says() -> None:
    world = stocked({"A": 10}, {"A": 10})
    terms: dict[str, Any] = {"provides": Provides.SNAPSHOTS, "max_age_minutes": 59}
    world.registry.write(Create(Source(code="wms", name="Warehouse", **terms)))
    world.reconcile()
    assert world.differing() == {}
    head = world.registry.get(Head, books.baseline_book("main"))
    assert head is not None
    world.registry.write(Replace(head.value.model_copy(update={"source": "wms"}), head.version))
    world.reconcile()
    assert world.differing() == {"A": Reason.STALE}


def test_stock_moved_between_two_snapshots() -> None:
    world = stocked({"A": 10}, {"A": 9})
    owned(world, provides=Provides.SNAPSHOTS, max_age_minutes=120)
    world.baseline("main", {"A": 7})
    world.now += MINUTE
    captured(world, 30 * MINUTE)
    world.reconcile()
    assert [cause for cause, _ in told(world, "A")] == ["moved_between_snapshots"]
    assert world.differing() == {"A": Reason.EXPLAINED}


@pytest.mark.parametrize("rows", [3, 5000])
def test_a_repeated_child_stores_the_same_bytes(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the ledger has moved on meanwhile."""
    skus = {f"S{number:05d}": 10 for number in range(rows)}
    world = stocked(skus, dict.fromkeys(skus, 9))
    moved = list(skus)[::3]
    record(world, *(move(MovementKind.SHIP, sku, 1, NOW + MINUTE) for sku in moved))
    seen: list[tuple[Any, Any]] = []

    def twice(work: Work, item: PlanItem) -> Compared:
        job = Job.model_validate({"seller": item.seller, "account": item.account, "run": item.run})
        compare_range(work, item)
        first = load_part(work, job, item.part)
        record(world, move(MovementKind.SHIP, "S00001", 5, NOW + MINUTE))
        done = compare_range(world.work(), item)
        seen.append((first, load_part(work, job, item.part)))
        return done

    monkeypatch.setattr("tests.world.compare_range", twice)
    world.reconcile()
    for one, two in seen:
        assert (one.frames, one.tally, one.groups) == (two.frames, two.tally, two.groups)
    assert seen
    assert len(world.differing()) == rows - len(moved)


@pytest.mark.parametrize(("seen_before", "cause"), [(True, "lag"), (False, "unexplained")])
def test_a_lag_from_before_a_baseline_is_known_where_it_was_seen_before(
    seen_before: bool,  # noqa: FBT001 - a parameter of the test
    cause: str,
) -> None:
    world = stocked({"A": 10}, {"A": 10})
    world.reconcile()
    record(world, move(MovementKind.SHIP, "A", 3, NOW + 61 * MINUTE))
    world.now = NOW + 65 * MINUTE
    if seen_before:
        world.reconcile()
        assert told(world, "A") == [("lag", -3)]
    world.now = NOW + 70 * MINUTE
    world.baseline("main", {"A": 7})
    world.now = NOW + 80 * MINUTE
    run = world.reconcile()
    row = sheet(world)["A"]
    assert (row["publishable"], row["reported"], row["reason"]) == (7, 10, Reason.DIFFERS)
    assert [group.cause for group in run.locations[0].causes] == [cause]

"""Finds: positions that come out of a file other than they went in, or without being asked for."""

from datetime import timedelta

import pytest

from tests.unit.ingest.intake_world import NOW, IntakeWorld
from trueup.books.schema import Unknown
from trueup.domain.errors import ConflictError
from trueup.domain.imports import Import
from trueup.domain.time import milliseconds


@pytest.fixture
def world() -> IntakeWorld:
    return IntakeWorld()


def head_version(world: IntakeWorld) -> int:
    head = world.head("baseline/main")
    return head.version if head else 0


def test_a_file_becomes_the_book(world: IntakeWorld) -> None:
    item = world.take("sku,on_hand,committed\n00123,5,1\nB,-2,\n")
    assert (item.state, item.rows, item.version, item.rows_changed) == ("Applied", 2, 1, 2)
    rows = world.positions()
    assert list(rows) == ["00123", "B"]
    assert rows["00123"]["on_hand"] == 5
    assert rows["00123"]["committed"] == 1
    assert rows["00123"]["unknown"] == Unknown.STATED
    assert rows["B"]["on_hand"] == -2
    assert rows["B"]["unknown"] == Unknown.STATED | Unknown.COMMITTED


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbfsku,on_hand\r\n007,1\r\n",
        b"SKU;On Hand\n007;1",
        b"Seller-SKU\tQTY\r007\t1.0\r",
        b'"sku","on_hand"\n"007","01"\n\n\n',
        b"sku,x_note,on_hand,\n007,=1+1,1,\n",
    ],
)
def test_what_people_save_is_read(world: IntakeWorld, body: bytes) -> None:
    assert world.take(body).state == "Applied"
    assert {sku: row["on_hand"] for sku, row in world.positions().items()} == {"007": 1}


def test_the_same_file_twice_changes_nothing(world: IntakeWorld) -> None:
    first = world.take("sku,on_hand\nA,1\n")
    world.now += timedelta(hours=1)
    again = world.take("on_hand,sku\n1,A\n")
    assert (again.state, again.version, again.rows_changed) == ("Unchanged", None, 0)
    assert again.cause == f"Same content as version 1, made by {first.id}."
    assert head_version(world) == 1


def test_the_same_positions_seen_again_are_newer(world: IntakeWorld) -> None:
    world.take("sku,on_hand\nA,1\nB,1\n")
    world.now += timedelta(hours=1)
    world.take("sku,on_hand\nA,1\n")
    head = world.head("baseline/main")
    assert head is not None
    assert head.as_of == NOW, "B was not seen again"
    world.take("sku,on_hand\nA,1\nB,1\n")
    head = world.head("baseline/main")
    assert head is not None
    assert (head.as_of, head.stated_to) == (world.now, None)
    assert {row["stated_at"] for row in world.positions().values()} == {0}


def test_rows_of_a_file_of_some_skus_know_when_they_were_stated(world: IntakeWorld) -> None:
    world.take("sku,on_hand\nA,1\nB,1\n")
    world.now += timedelta(hours=1)
    item = world.take("sku,on_hand\nA,1\n")
    assert (item.state, item.rows_changed) == ("Applied", 0), "it says so of a later instant"
    instants = {sku: row["stated_at"] for sku, row in world.positions().items()}
    assert instants == {"A": milliseconds(world.now), "B": 0}
    head = world.head("baseline/main")
    assert head is not None
    assert (head.as_of, head.stated_to) == (NOW, world.now)
    again = world.take("sku,on_hand\nA,1\n", as_of=world.now)
    assert (again.state, again.rows_changed) == ("Unchanged", 0)


def test_as_many_other_skus_are_not_the_whole_location(world: IntakeWorld) -> None:
    world.take("sku,on_hand\nA,1\nB,1\n")
    world.now += timedelta(hours=1)
    world.take("sku,on_hand\nA,1\nC,1\n")
    instants = {sku: row["stated_at"] for sku, row in world.positions().items()}
    assert instants == {"A": milliseconds(world.now), "B": 0, "C": milliseconds(world.now)}


def test_absent_rows_stay_unless_the_file_is_complete(world: IntakeWorld) -> None:
    world.take("sku,on_hand\nA,1\nB,1\n")
    world.take("sku,on_hand\nC,1\n")
    assert list(world.positions()) == ["A", "B", "C"]
    item = world.take("sku,on_hand\nA,1\nB,1\n", complete=True, max_drop_percent=50)
    assert item.state == "Applied"
    assert list(world.positions()) == ["A", "B"]
    head = world.head("baseline/main")
    assert head is not None
    assert head.complete


def test_declaring_the_same_content_complete_is_a_new_version(world: IntakeWorld) -> None:
    world.take("sku,on_hand\nA,1\n")
    item = world.take("sku,on_hand\nA,1\n", complete=True)
    assert (item.state, item.version) == ("Applied", 2)


def test_an_older_baseline_is_refused(world: IntakeWorld) -> None:
    world.take("sku,on_hand\nA,1\n")
    item = world.take("sku,on_hand\nA,2\n", as_of=NOW - timedelta(hours=1))
    assert item.state == "Rejected"
    assert "as_of" in world.report(item)
    assert world.positions()["A"]["on_hand"] == 1


def dropping(world: IntakeWorld) -> Import:
    world.take("sku,on_hand\n" + "".join(f"S{n},10\n" for n in range(10)))
    return world.take("sku,on_hand\nS1,10\nS2,10\n", complete=True)


def test_a_file_that_drops_much_waits(world: IntakeWorld) -> None:
    item = dropping(world)
    assert item.state == "AwaitingConfirmation"
    assert item.drop is not None
    assert item.drop.model_dump() == {
        "skus_before": 10,
        "skus_after": 2,
        "units_before": 100,
        "units_after": 20,
    }
    assert len(world.positions()) == 10
    assert world.confirm(item).state == "Applied"
    assert world.confirm(item).version == 2
    assert list(world.positions()) == ["S1", "S2"]


def test_units_dropped_by_a_partial_file_count_in_the_whole_book(world: IntakeWorld) -> None:
    world.take("sku,on_hand\n" + "".join(f"S{n},10\n" for n in range(10)))
    assert world.take("sku,on_hand\nS1,0\nS2,0\n").state == "Applied"
    assert world.take("sku,on_hand\nS3,0\nS4,\n").state == "AwaitingConfirmation"


def test_other_skus_altogether_are_a_drop(world: IntakeWorld) -> None:
    world.take("sku,on_hand\nA,1\nB,1\n")
    item = world.take("sku,on_hand\nC,1\nD,1\n", complete=True)
    assert item.state == "AwaitingConfirmation"


def test_a_confirmed_file_does_not_undo_what_came_between(world: IntakeWorld) -> None:
    item = dropping(world)
    assert world.take("sku,on_hand\nNEW,5\n").state == "Applied"
    assert world.confirm(item).state == "Failed"
    assert "NEW" in world.positions()


def test_nothing_else_can_be_confirmed(world: IntakeWorld) -> None:
    item = world.take("sku,on_hand\nA,1\n")
    with pytest.raises(ConflictError):
        world.confirm(item)

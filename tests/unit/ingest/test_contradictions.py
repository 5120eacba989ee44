"""Finds: positions that say two things of one SKU and nobody is told, or refused for it."""

import csv
import io
from datetime import timedelta

import pytest

from tests.unit.ingest.intake_world import NOW, IntakeWorld, workbook
from trueup.domain.imports import Import

HEADER = ["sku", "on_hand", "committed", "damaged", "on_hold", "sellable"]
ODD = "sku,on_hand,committed,sellable\nA,9,2,7\nB,9,2,9\nC,-1,0,0\n"


@pytest.fixture
def world() -> IntakeWorld:
    return IntakeWorld()


def listed(world: IntakeWorld, item: Import) -> list[list[str]]:
    return list(csv.reader(io.StringIO(world.report(item))))[1:]


def test_they_are_counted_and_listed_and_the_file_is_taken(world: IntakeWorld) -> None:
    item = world.take(ODD)
    assert (item.state, item.faults, item.contradictions) == ("Applied", 0, 2)
    assert listed(world, item) == [
        ["3", "sellable", "9", "the other columns leave 7, and that is used"],
        ["4", "sellable", "0", "the other columns leave -1, and that is used"],
    ]
    assert item.cause == (
        "Rows that contradict themselves: 2; the first: row 3, sellable: "
        "the other columns leave 7, and that is used."
    )
    assert (world.positions()["B"]["on_hand"], world.positions()["B"]["stated"]) == (9, 9)


def test_a_workbook_and_rows_in_a_request_are_checked_too(world: IntakeWorld) -> None:
    book = workbook([HEADER, ["A", 9, 1, 1, 1, 6], ["B", 9, 1, 1, 1, 9]])
    item = world.take(book, format="xlsx")
    assert (item.state, listed(world, item)[0][:3]) == ("Applied", ["3", "sellable", "9"])
    rows = [{"sku": "C", "on_hand": 1, "sellable": 1}, {"sku": "D", "on_hand": 1, "sellable": 2}]
    assert world.take_rows(rows).contradictions == 1


@pytest.mark.parametrize(
    "body",
    [
        "sku,on_hand,committed,sellable\nA,9,2,7\n",
        "sku,on_hand,sellable\nA,9,9\n",
        "sku,on_hand,committed,sellable\nA,9,,3\nB,,2,3\nC,9,2,\n",
        "sku,sellable,committed\nA,9,2\n",
        "sku,on_hand,committed\nA,9,2\n",
    ],
)
def test_what_is_not_said_contradicts_nothing(world: IntakeWorld, body: str) -> None:
    item = world.take(body)
    assert (item.state, item.contradictions) == ("Applied", 0)
    assert (item.report_key, item.cause) == (None, None)


def test_a_rejected_files_report_has_both(world: IntakeWorld) -> None:
    item = world.take("sku,on_hand,sellable\nA,1.5,1\nB,2,3\n")
    assert (item.state, item.faults, item.contradictions) == ("Rejected", 1, 1)
    assert [row[:2] for row in listed(world, item)] == [["2", "on_hand"], ["3", "sellable"]]


def test_a_file_refused_for_its_age_has_both(world: IntakeWorld) -> None:
    world.take("sku,on_hand\nA,1\n")
    item = world.take(ODD, as_of=NOW - timedelta(hours=1))
    assert (item.state, item.faults, item.contradictions) == ("Rejected", 1, 2)
    assert [row[1] for row in listed(world, item)] == ["as_of", "sellable", "sellable"]


def test_the_same_file_again_says_so_again(world: IntakeWorld) -> None:
    world.take(ODD)
    again = world.take(ODD)
    assert (again.state, again.contradictions) == ("Unchanged", 2)
    assert len(listed(world, again)) == 2

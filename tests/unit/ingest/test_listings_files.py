"""Finds: listings that lose their codes, and codes that come to mean two listings."""

from typing import Any

import msgspec
import pytest

from tests.unit.ingest.intake_world import IntakeWorld
from trueup.books.schema import Unset

FILE = """sku,channel_sku,gtin,title,pack_size,buffer,cap,price,currency,components
A,,,"Tea, loose",1,,,12.5,eur,
A,A-6,,Tea x6,6,2,100,70,EUR,
B,,04012345678901,Biscuit,1,0,,1250,JPY,
KIT,K-1,,Set,1,,,,,A:2|B:1
"""


@pytest.fixture
def world() -> IntakeWorld:
    return IntakeWorld()


def test_a_file_becomes_listings_and_aliases(world: IntakeWorld) -> None:
    assert world.take(FILE, "listings").state == "Applied"
    rows = world.listings()
    assert list(rows) == ["A", "A\0A-6", "B\x0004012345678901", "KIT\0K-1"]
    assert rows["A"]["title"] == "Tea, loose"
    assert (rows["A"]["price"], rows["A"]["currency"]) == (1250, "EUR")
    assert rows["A"]["unset"] == Unset.BUFFER | Unset.CAP | Unset.COST
    assert (rows["A\0A-6"]["buffer"], rows["A\0A-6"]["cap"]) == (2, 100)
    assert rows["B\x0004012345678901"]["gtin"] == "04012345678901"
    assert rows["B\x0004012345678901"]["price"] == 1250
    assert rows["B\x0004012345678901"]["unset"] == Unset.CAP | Unset.COST
    assert msgspec.json.decode(rows["KIT\0K-1"]["components"]) == [["A", 2], ["B", 1]]
    assert world.aliases() == {
        "04012345678901": "B\x0004012345678901",
        "A-6": "A\0A-6",
        "K-1": "KIT\0K-1",
    }


def test_both_books_move_together(world: IntakeWorld) -> None:
    world.take("sku\nA\n", "listings")
    world.take("sku,title\nA,New\n", "listings")
    heads = [world.head(book) for book in ("listings/eu", "aliases/eu")]
    assert [head.version for head in heads if head] == [2, 2]


def test_a_complete_file_takes_out_what_it_leaves_out(world: IntakeWorld) -> None:
    world.take(FILE, "listings")
    item = world.take("sku,channel_sku\nA,\nKIT,K-1\n", "listings", complete=True)
    assert item.state == "AwaitingConfirmation"
    assert item.cause == "This would remove 2 of 4 listings. Confirm it if that is right."
    assert world.confirm(item).state == "Applied"
    assert list(world.listings()) == ["A", "KIT\0K-1"]
    assert world.aliases() == {"K-1": "KIT\0K-1"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("C,A-6", "is the channel's code of A already"),
        ("C,A", "is the channel's code of A already"),
        ("A-6,", "is the channel's code of A already"),
    ],
)
def test_a_channel_code_belongs_to_one_listing(world: IntakeWorld, row: str, reason: str) -> None:
    world.take(FILE, "listings")
    item = world.take(f"sku,channel_sku\nNEW,\n{row}\n", "listings")
    assert item.state == "Rejected"
    assert item.faults == 1
    assert f"3,channel_sku,{row.split(',')[1] or row[:-1]},{reason}" in world.report(item)
    assert "NEW" not in world.listings()


def test_a_listing_may_be_given_again(world: IntakeWorld) -> None:
    world.take(FILE, "listings")
    item = world.take("sku,channel_sku,title\nA,A-6,Other\n", "listings")
    assert (item.state, item.rows_changed) == ("Applied", 1)
    assert world.listings()["A\0A-6"]["title"] == "Other"
    assert len(world.aliases()) == 3


def test_a_body_is_read_like_a_file(world: IntakeWorld) -> None:
    rows: list[dict[str, Any]] = [
        {"sku": "001", "price": 12.5, "currency": "EUR", "pack_size": 6},
        {"sku": "K|T", "components": [{"sku": "A|B:C", "quantity": 2}], "cap": None},
    ]
    item = world.take_rows(rows, "listings")
    assert (item.state, item.format) == ("Applied", "api")
    assert world.listings()["001"]["price"] == 1250
    assert world.listings()["K|T"]["components"] == '[["A|B:C",2]]'


def test_faults_of_a_body_name_its_rows_from_one(world: IntakeWorld) -> None:
    item = world.take_rows([{"sku": "A"}, {"sku": "B", "pack_size": 0}], "listings")
    assert item.cause == "The file has a fault: row 2, pack_size: must be from 1 to 1000000."

"""Finds: faults that go unreported, reports that harm, and faulty files that are applied anyway."""

import csv
import io

import pytest

from tests.unit.ingest.intake_world import IntakeWorld
from trueup.usecases.ingest.faults import REPORT_LINES, Faults, report_of, safe_cell


@pytest.fixture
def world() -> IntakeWorld:
    return IntakeWorld()


def lines(world: IntakeWorld, body: bytes | str, kind: str = "baseline") -> list[list[str]]:
    """The report of a rejected file: [row, column, reason] each; nothing was applied."""
    item = world.take(body, kind)
    assert (item.state, item.segments, item.version) == ("Rejected", (), None)
    assert world.head("baseline/main") is None
    assert world.head("listings/eu") is None
    rows = list(csv.reader(io.StringIO(world.report(item))))
    assert len(rows) - 1 == item.faults
    return [[row[0], row[1], row[3]] for row in rows[1:]]


def test_all_faults_are_listed_at_once(world: IntakeWorld) -> None:
    body = 'sku,on_hand,committed\nA,1.5,-1\n,2,0\n"A",3,0\nB\n'
    assert lines(world, body) == [
        ["5", "", "has 1 cells, but the header 3"],
        ["2", "on_hand", "not a whole number (digits only, no separators of thousands)"],
        ["2", "committed", "must be from 0 to 9007199254740991"],
        ["3", "sku", "is blank"],
        ["4", "sku", "the same code as in row 2: A"],
    ]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", ["", "", "is empty: the first row must name the columns"]),
        (b"sku,on_hand\n", ["", "", "has no rows below its header"]),
        ("sku,on_hand\nA,1\n".encode("utf-16"), ["", "", "is UTF-16: save it as CSV UTF-8"]),
        (
            b"sku,on_hand\nA,1\n\xe4,1\n",
            ["3", "", "cannot be read from here on: is not UTF-8: save it as CSV UTF-8"],
        ),
        (
            b'sku,on_hand\nA,1\n"B,1\n',
            ["3", "", "cannot be read from here on: unexpected end of data"],
        ),
        (b"sku\nA\n", ["1", "on_hand", "a column on_hand or sellable is missing"]),
        (b"sku,qty,total\nA,1,1\n", ["1", "total", "a second column on_hand"]),
        (b"sku,on_hand\nA,1,7\n", ["2", "", "is in a column without a name"]),
        (b"sku,on_hand\nA,9007199254740992\n", ["2", "on_hand", "must be from"]),
        (b"sku,on_hand\nA,1e3\n", ["2", "on_hand", "not a whole number"]),
        (b"sku,on_hand\nA,\xd9\xa3\n", ["2", "on_hand", "not a whole number"]),
        (b"sku,on_hand\nA ,1\n", ["2", "sku", "must be 1-256 printable"]),
        (b'sku,on_hand\n"A\nB",1\n', ["2", "sku", "must be 1-256 printable"]),
        (b"sku,on_hand,buffr\nA,1,1\n", ["1", "buffr", "unknown column"]),
    ],
)
def test_what_cannot_be_right(world: IntakeWorld, body: bytes, fault: list[str]) -> None:
    (found,) = lines(world, body)
    assert found[:2] == fault[:2]
    assert found[2].startswith(fault[2])


@pytest.mark.parametrize(
    ("header", "row", "column"),
    [
        ("sku,components", "K,K:1", "components"),
        ("sku,components", "K,A:0", "components"),
        ("sku,components", "K,A:1|A:2", "components"),
        ("sku,components", "K,A", "components"),
        ("sku,price", "A,12", "price"),
        ("sku,price,currency", 'A,"1,5",EUR', "price"),
        ("sku,price,currency", "A,1.234,EUR", "price"),
        ("sku,price,currency", "A,1.5,JPY", "price"),
        ("sku,currency", "A,XXQ", "currency"),
        ("sku,gtin", "A,123", "gtin"),
        ("sku,pack_size", "A,0", "pack_size"),
        ("sku,buffer", "A,-1", "buffer"),
    ],
)
def test_what_no_listing_can_have(world: IntakeWorld, header: str, row: str, column: str) -> None:
    (found,) = lines(world, f"{header}\n{row}\n", "listings")
    assert found[:2] == ["2", column]


def test_two_listings_cannot_share_a_code(world: IntakeWorld) -> None:
    body = "sku,channel_sku\nA,X\nB,X\nX,\n"
    found = lines(world, body, "listings")
    assert [row for row, _, _ in found] == ["3", "4"]


def test_an_unclosed_quote_does_not_take_the_file_into_memory(world: IntakeWorld) -> None:
    body = 'sku,on_hand\n"A,1\n' + "B,1\n" * 600_000
    (found,) = lines(world, body)
    assert "field larger than field limit" in found[2] or "longer than" in found[2]


def test_reports_hold_no_formula(world: IntakeWorld) -> None:
    item = world.take("sku,on_hand\nA,=HYPERLINK(1)\n")
    assert "'=HYPERLINK(1)" in world.report(item)
    assert safe_cell("+1\n") == "'+1 "


def test_a_long_report_counts_what_it_leaves_out() -> None:
    faults, contradictions = Faults(), Faults()
    for row in range(REPORT_LINES + 5):
        faults.add(row + 1, "sku", "", "is blank")
        contradictions.add(row + 1, "sellable", "1", "odd")
    report = report_of(faults, contradictions).decode()
    assert (faults.count, contradictions.count) == (REPORT_LINES + 5, REPORT_LINES + 5)
    assert report.count("\r\n") == 2 * REPORT_LINES + 3
    assert ",,,5 more faults are not listed\r\n1,sellable,1,odd\r\n" in report
    assert report.endswith(",,,5 more contradictions are not listed\r\n")

"""An event that is taken for something else than its source meant, or a fault that is not told."""

from collections import Counter
from itertools import product
from typing import Any

import pytest

from tests.unit.intake.reading import WMS, event, flaws_of, movement, read, setting, told
from trueup.domain.movements import Bucket, Movement, MovementKind, direct_effect, net_of
from trueup.domain.sources import StockStatus
from trueup.usecases.intake.events import KINDS, Flaw
from trueup.usecases.intake.normalising import normalise

NAMES = {"sellable": "GOOD", "on_hold": "QC", "damaged": "BAD", "committed": "PICKING"} | {
    "in_transit": "MOVING"
}


def effect(movements: tuple[Movement, ...]) -> dict[Bucket, int]:
    """What they change together where their reference has enough: no clamp at nothing."""
    total = Counter[Bucket]()
    for one in movements:
        total.update(direct_effect(one))
        net = net_of(one)
        total.update({net[0]: net[1]} if net else {})
    return {bucket: units for bucket, units in total.items() if units}


def test_an_event_becomes_a_movement_with_all_it_says() -> None:
    found = movement(
        kind="ship",
        quantity=2,
        unit="pair",
        reference="order 1",
        actor="ada",
        reason="sold",
        releases=1,
        bin="A-1",
        occurred_at="2026-03-01T13:00:00.250+01:00",
    )
    assert found == Movement(
        kind=MovementKind.SHIP,
        sku="S1",
        location="berlin",
        quantity=4,
        occurred_at=1_772_366_400_250,
        source="wms",
        id="e1",
        reference="order 1",
        actor="ada",
        reason="sold",
        releases=2,
        bin="A-1",
    )


@pytest.mark.parametrize("word", [k for k in KINDS if k != "status_change"])
def test_every_kind_has_a_word_and_words_may_be_written_otherwise(word: str) -> None:
    expected = MovementKind[word.upper()]
    assert movement(kind=word).kind == expected
    assert movement(kind=f" {word.replace('_', ' ').title()} ").kind == expected
    assert movement(kind=word.replace("_", "-").upper()).kind == expected


def test_inbound_is_written_by_the_ledger_alone() -> None:
    assert "none of" in told(kind="inbound")["kind"]


@pytest.mark.parametrize(
    ("quantity", "unit", "sku", "units"),
    [
        (5, None, "S1", 5),
        (5.0, None, "S1", 5),
        ("5.000", None, "S1", 5),
        ("2.5", "case", "S1", 30),
        (2.5, "case", "S1", 30),
        ("0.333333333", None, "S1", None),
        ("2.5", "case", "BIG", 15),
        ("0.1", "case", "S1", None),
        (0.1, "case", "BIG", None),
        ("0.5", "pair", "BIG", 1),
        (2**53 - 1, None, "S1", 2**53 - 1),
        (2**53, None, "S1", None),
        (2**52, "case", "S1", None),
    ],
)
def test_units_come_out_exactly_or_not_at_all(
    quantity: Any, unit: str | None, sku: str, units: int | None
) -> None:
    given = {"quantity": quantity, "unit": unit, "sku": sku}
    if units is None:
        assert list(told(**given)) == ["quantity"]
    else:
        assert movement(**given).quantity == units


def test_a_remainder_is_told() -> None:
    reason = told(quantity="2.45", unit="case")["quantity"]
    assert reason == "2.45 case of 12 is 29 base units and 2/5 of one left over"
    assert told(quantity="1.5")["quantity"] == "1.5 is 1 base units and 1/2 of one left over"
    assert "-1/2" in told(quantity="-1.5", kind="adjustment")["quantity"]


@pytest.mark.parametrize(
    "quantity", [True, "", "1,000", "1e3", "+1", "٣", "0x10", [], {}, 1e300, float("nan"), "1" * 17]
)
def test_what_is_no_number_is_no_quantity(quantity: Any) -> None:
    assert list(told(quantity=quantity)) == ["quantity"]


def test_only_an_adjustment_takes_away() -> None:
    assert movement(kind="adjustment", quantity=-3).quantity == -3
    assert list(told(kind="receipt", quantity=-3)) == ["quantity"]
    assert list(told(kind="ship", releases=-1)) == ["releases"]
    assert list(told(kind="count", quantity=-1)) == ["quantity"]


def test_an_unmapped_status_names_itself_and_its_source() -> None:
    assert told(status="RUINED")["status"] == "wms has no status RUINED in its status map"
    assert told(status="good")  # names are as the source writes them
    flaws = told(kind="status_change", from_status="X", to_status="Y")
    assert flaws == {
        "from_status": "wms has no status X in its status map",
        "to_status": "wms has no status Y in its status map",
    }


@pytest.mark.parametrize(("before", "after"), list(product(StockStatus, repeat=2)))
def test_a_status_change_moves_the_goods_from_group_to_group(
    before: StockStatus, after: StockStatus
) -> None:
    found = read(
        kind="status_change",
        from_status=NAMES[before],
        to_status="FINE" if after is before is StockStatus.SELLABLE else NAMES[after],
        reference="r",
    ).movements
    expected = Counter[Bucket]()
    for status, sign in ((before, -1), (after, 1)):
        if status in (StockStatus.DAMAGED, StockStatus.ON_HOLD, StockStatus.COMMITTED):
            expected[status.bucket] += sign * 5
        if status is StockStatus.IN_TRANSIT:  # outside of what is on hand
            expected.update({Bucket.IN_TRANSIT: sign * 5, Bucket.ON_HAND: -sign * 5})
    assert effect(found) == {bucket: units for bucket, units in expected.items() if units}
    assert [one.id for one in found] == ["e1", "e1~2", "e1~3", "e1~4"][: len(found)]
    assert all(one.quantity >= 0 or one.kind == MovementKind.ADJUSTMENT for one in found)


def test_ids_of_parts_are_not_taken_from_outside() -> None:
    for ending in ("~2", "~in", "~seen"):
        assert list(told(id=f"e1{ending}")) == ["id"]
    assert movement(id="e1~x").id == "e1~x"


def test_a_status_says_what_is_received_returned_or_counted() -> None:
    assert movement(status="GOOD").bucket == ""
    assert movement(status="BAD").bucket == "damaged"
    assert movement(bucket="on_hold").bucket == "on_hold"
    assert movement(kind="count", status="QC").bucket == "on_hold"
    assert movement(kind="adjustment", status="BAD", quantity=-1).bucket == "damaged"
    assert movement(kind="return", status="GOOD").disposition == "restock"
    assert movement(kind="return", status="QC").disposition == "quarantine"
    assert movement(kind="return", disposition="Refurbish").disposition == "refurbish"
    assert movement(kind="return").disposition == ""
    assert movement(kind="ship", status="GOOD").bucket == ""


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"kind": "count", "status": "GOOD"}, "status"),
        ({"kind": "ship", "status": "BAD"}, "status"),
        ({"kind": "ship", "bucket": "damaged"}, "bucket"),
        ({"kind": "receipt", "status": "PICKING"}, "status"),
        ({"kind": "receipt", "bucket": "in_transit"}, "bucket"),
        ({"kind": "return", "status": "MOVING"}, "status"),
        ({"kind": "return", "bucket": "damaged"}, "bucket"),
        ({"kind": "return", "status": "GOOD", "disposition": "restock"}, "disposition"),
        ({"kind": "receipt", "disposition": "restock"}, "disposition"),
        ({"kind": "receipt", "status": "BAD", "bucket": "damaged"}, "bucket"),
        ({"kind": "receipt", "releases": 1}, "releases"),
        ({"kind": "receipt", "from_status": "GOOD"}, "from_status"),
        ({"kind": "receipt", "counterpart": "paris"}, "counterpart"),
        ({"kind": "transfer_out", "counterpart": "berlin"}, "counterpart"),
        ({"kind": "transfer_out", "counterpart": "rome"}, "counterpart"),
        ({"kind": "status_change", "from_status": "GOOD"}, "to_status"),
        ({"unit": "pallet"}, "unit"),
        ({"location": "rome"}, "location"),
        ({"location": None}, "location"),
        ({"location": None, "bin": "Z-1"}, "bin"),
        ({"location": None, "bin": "GONE"}, "bin"),
        ({"location": "paris", "bin": "A-1"}, "bin"),
    ],
)
def test_what_makes_no_sense_is_told_where_it_is(fields: dict[str, Any], at_fault: str) -> None:
    assert list(told(**fields)) == [at_fault]


def test_bins_lead_to_their_location_the_longest_beginning_first() -> None:
    for bin_, place in {"A-1": "berlin", "A-9-2": "paris", "A-9-1": "berlin"}.items():
        assert movement(location=None, bin=bin_).location == place
    kept = movement(location="paris", bin="Z-1")
    assert (kept.location, kept.bin) == ("paris", "Z-1")


@pytest.mark.parametrize(
    "instant",
    [
        *("2026-03-01", "2026-03-01T12:00:00", "1772366400", "now", ""),
        *("1969-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00Z"),
        *(1_772_366_400, None, True),
    ],
)
def test_an_instant_needs_a_zone_and_no_guessing(instant: Any) -> None:
    raw = event() | {"occurred_at": instant}
    assert {flaw.field for flaw in flaws_of(raw)} == {"occurred_at"}


HOSTILE = ["a\x00b", "a\nb", "\x1b[31m", "\ud800", "x" * 1000, "\u202e" * 2]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["id", "sku", "reference", "actor", "reason", "bin", "status"])
def test_hostile_text_is_a_flaw(field: str, text: str) -> None:
    assert field in told(**{field: text})


def test_texts_that_only_look_dangerous_are_kept_as_they_are() -> None:
    for text in ("=1+1", "'; DROP TABLE x", "../../etc", "{{7*7}}", "<b>", "日本語", "#1001"):
        found = movement(id=text, sku=text, reference=text)
        assert (found.id, found.sku, found.reference) == (text, text, text)


@pytest.mark.parametrize("raw", [None, 1, "x", [], ["id"]])
def test_what_is_no_object_is_told(raw: Any) -> None:
    flaws: list[Flaw] = []
    assert normalise(setting(), [raw], flaws) == [None]
    assert flaws == [Flaw(0, "", "is not an object")]


def test_a_number_with_too_many_digits_is_told_how_many_it_may_have() -> None:
    (flaw,) = flaws_of(event(quantity="9" * 17))
    assert "at most 16 digits" in flaw.reason


def test_all_flaws_of_all_events_are_told_at_once() -> None:
    found = flaws_of(
        event(id="1", quantity="x", unit="pallet", color="red"),
        event(id="2"),
        event(id="3", unit="pallet", location="rome", status="RUINED"),
        {"id": "4"},
    )
    assert {(flaw.at, flaw.field) for flaw in found} == {
        (0, "quantity"),
        (0, "color"),
        (2, "unit"),
        (2, "location"),
        (2, "status"),
        (3, "kind"),
        (3, "sku"),
        (3, "quantity"),
        (3, "occurred_at"),
    }


def test_an_id_stands_for_one_event_of_a_batch() -> None:
    assert flaws_of(event(), event()) == []
    (flaw,) = flaws_of(event(), event(sku="S2"))
    assert (flaw.at, flaw.field) == (1, "id")


def test_nulls_are_absent() -> None:
    assert movement(reference=None) == movement()
    raw = event() | {"reference": None, "releases": None, "bucket": None, "counterpart": None}
    flaws: list[Flaw] = []
    assert normalise(setting(WMS), [raw], flaws)[0] == read()
    assert flaws == []

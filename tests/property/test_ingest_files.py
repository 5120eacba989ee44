"""Finds: rows that come out of a file other than they went in, and faults that go unnoticed."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.ingest.intake_world import IntakeWorld, workbook
from trueup.books.schema import Unknown, Unset
from trueup.domain.keys import is_code, listing_key
from trueup.domain.listings import Component, Listing
from trueup.domain.money import EXPONENTS, decimal_text, minor_units
from trueup.domain.stock import MAX_QUANTITY, Position
from trueup.usecases.ingest import cells
from trueup.usecases.ingest.listing_rows import listing_of, page_of

_CODES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)
CODES = st.one_of(st.from_regex(r"[A-C0-2]{1,3}", fullmatch=True), _CODES).filter(is_code)
TITLES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
SHOWN = st.text(st.characters(exclude_categories=("C", "Z")), max_size=30)
COUNTS = st.integers(0, MAX_QUANTITY)
SIGNED = st.integers(-MAX_QUANTITY, MAX_QUANTITY)
MAYBE = st.none() | COUNTS

Figures = tuple[int | None, ...]
POSITIONS = st.dictionaries(
    CODES,
    st.tuples(st.none() | SIGNED, MAYBE, MAYBE, MAYBE, st.none() | SIGNED),
    min_size=1,
    max_size=20,
)
HEADER = ["sku", "on_hand", "committed", "damaged", "on_hold", "sellable"]


@st.composite
def listings(draw: st.DrawFn) -> Listing:
    sku = draw(CODES)
    names = draw(st.lists(CODES.filter(lambda name: name != sku), unique=True, max_size=3))
    currency = draw(st.sampled_from(["", *EXPONENTS]))
    money = MAYBE if currency else st.none()
    return Listing(
        sku=sku,
        channel_key=draw(st.just(sku) | CODES),
        channel_product_id=draw(TITLES),
        title=draw(TITLES),
        gtin=draw(st.sampled_from(["", "01234565", "00012345678905"])),
        pack_size=draw(st.integers(1, 1_000_000)),
        buffer=draw(MAYBE),
        cap=draw(MAYBE),
        backorder=draw(COUNTS),
        components=tuple(Component(sku=n, quantity=draw(st.integers(1, 99))) for n in names),
        cost=draw(money),
        price=draw(money),
        currency=currency,
    )


LISTINGS = st.lists(listings(), min_size=1, max_size=12, unique_by=lambda item: item.channel_key)


def written(rows: list[list[Any]], separator: str = ",") -> str:
    text = io.StringIO()
    lines = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL)
    lines.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return text.getvalue()


def stored(row: dict[str, Any]) -> Figures:
    """A position as it was meant: None for what is unknown."""
    names = ("on_hand", "committed", "damaged", "on_hold", "stated")
    bits = (Unknown.ON_HAND, Unknown.COMMITTED, Unknown.DAMAGED, Unknown.ON_HOLD, Unknown.STATED)
    return tuple(
        None if row["unknown"] & bit else row[name] for name, bit in zip(names, bits, strict=True)
    )


def columns(item: Listing) -> dict[str, Any]:
    """A listing as a file gives it."""
    money = {
        name: "" if amount is None else decimal_text(amount, item.currency)
        for name, amount in (("cost", item.cost), ("price", item.price))
    }
    parts = [[part.sku, part.quantity] for part in item.components]
    plain = item.model_dump(exclude={"components", "channel_key", "cost", "price"})
    return plain | money | {"channel_sku": item.channel_key, "components": parts or None}


@settings(deadline=None)
@given(POSITIONS, st.sampled_from(",;\t"))
def test_positions_survive_a_file(positions: dict[str, Figures], separator: str) -> None:
    world = IntakeWorld()
    body = written([HEADER, *([sku, *row] for sku, row in positions.items())], separator)
    assert world.take(body).state == "Applied"
    assert {sku: stored(row) for sku, row in world.positions().items()} == positions
    assert list(world.positions()) == sorted(positions)
    again = world.take(body)
    assert (again.state, again.version) == ("Unchanged", None)


FEW = st.integers(0, 2)
NEARLY = st.dictionaries(
    CODES,
    st.tuples(*[st.none() | FEW] * 4, st.none() | st.integers(-3, 3)),
    min_size=1,
    max_size=20,
)


@settings(deadline=None)
@given(st.one_of(NEARLY, NEARLY, POSITIONS))
def test_contradictions_are_those_of_the_domain(positions: dict[str, Figures]) -> None:
    """A quantity that is taken off and not known leaves sellable unknown, so nothing to differ."""
    odd = []
    for row, (on_hand, *off, stated) in enumerate(positions.values(), start=2):
        counted = None if None in off else on_hand
        committed, damaged, on_hold = (n or 0 for n in off)
        if Position(counted, committed, damaged, on_hold, stated).contradicts:
            odd.append(row)
    world = IntakeWorld()
    item = world.take(written([HEADER, *([sku, *row] for sku, row in positions.items())]))
    assert (item.state, item.contradictions) == ("Applied", len(odd))
    report = list(csv.reader(io.StringIO(world.report(item)))) if odd else []
    assert [int(line[0]) for line in report[1:]] == odd


@settings(deadline=None, max_examples=25)
@given(st.dictionaries(_CODES.filter(is_code), st.none() | SIGNED, min_size=1, max_size=8), SHOWN)
def test_positions_survive_a_workbook(positions: dict[str, int | None], note: str) -> None:
    plain = {f"S{sku}": n for sku, n in positions.items()}
    exact = {sku: None if n is None else n % 10**15 for sku, n in plain.items()}
    world = IntakeWorld()
    rows = [[sku, n, f"n{note}"] for sku, n in exact.items()]
    item = world.take(workbook([["SKU", "On hand", "x note"], *rows]), format="xlsx")
    assert item.state == "Applied", item.cause
    assert {sku: stored(row)[0] for sku, row in world.positions().items()} == exact


@settings(deadline=None, max_examples=40)
@given(LISTINGS)
def test_listings_survive_a_body(items: list[Listing]) -> None:
    world = IntakeWorld()
    rows = [columns(item) for item in items]
    item = world.take_rows(rows, "listings")
    assert item.state == "Applied", (item.cause, item.report_key and world.report(item))
    found = [listing_of(row) for row in world.listings().values()]
    assert found == sorted(items, key=lambda item: item.key)
    known = {item.channel_key: item.key for item in items if item.key != item.channel_key}
    assert world.aliases() == known
    assert world.take_rows(rows, "listings").state == "Unchanged"


@settings(max_examples=25)
@given(LISTINGS)
def test_listings_survive_their_rows(items: list[Listing]) -> None:
    assert [listing_of(row) for row in page_of(items).rows()] == sorted(items, key=lambda i: i.key)


@settings(deadline=None)
@given(POSITIONS, st.data())
def test_every_fault_is_reported_and_nothing_applied(
    positions: dict[str, Figures], data: st.DataObject
) -> None:
    rows = [[sku, *row] for sku, row in positions.items()]
    spots = st.tuples(st.integers(0, len(rows) - 1), st.integers(1, 5))
    spoilt = data.draw(st.sets(spots, min_size=1, max_size=6))
    for row, column in spoilt:
        rows[row][column] = data.draw(st.sampled_from(["x", "1.5", "1,000", "=1", "9" * 17]))
    world = IntakeWorld()
    item = world.take(written([HEADER, *rows]))
    assert (item.state, item.faults) == ("Rejected", len(spoilt))
    lines = list(csv.reader(io.StringIO(world.report(item))))[1:]
    assert len(lines) == item.faults + item.contradictions
    assert {(int(line[0]), line[1]) for line in lines[: item.faults]} == {
        (row + 2, HEADER[column]) for row, column in spoilt
    }
    assert world.head("baseline/main") is None


NUMBERS = st.sampled_from(["", "0", "-0", "5.0", "5.", "1e3", "007", "+1", " 7 ", "1_0", "٣", "x"])
NUMBER_CELLS = st.lists(NUMBERS | st.integers(-10, 10).map(str) | SIGNED.map(str), max_size=8)


@pytest.mark.parametrize("cell", [cells.integer(), cells.integer(-MAX_QUANTITY), cells.CODE])
@given(texts=NUMBER_CELLS | st.lists(TITLES, max_size=5))
def test_columns_at_once_read_as_cells_one_by_one(cell: cells.Cell, texts: list[str]) -> None:
    at_once = cell.bulk(texts)
    if at_once is not None:
        assert (at_once, []) == cell._one_by_one(texts)


@given(COUNTS, st.sampled_from(sorted(EXPONENTS)))
def test_amounts_survive_their_text(amount: int, currency: str) -> None:
    assert minor_units(decimal_text(amount, currency), currency) == amount


@settings(deadline=None, max_examples=30)
@given(LISTINGS, LISTINGS)
def test_a_partial_file_is_an_upsert(first: list[Listing], second: list[Listing]) -> None:
    world = IntakeWorld()
    world.take_rows([columns(item) for item in first], "listings")
    owners = {item.channel_key: item.key for item in first}
    clash = any(owners.get(item.channel_key, item.key) != item.key for item in second)
    state = world.take_rows([columns(item) for item in second], "listings").state
    assert (state == "Rejected") == clash
    merged = {item.key: item for item in [*first, *([] if clash else second)]}
    assert {key: listing_of(row) for key, row in world.listings().items()} == merged
    assert all(listing_key(item.sku, item.channel_key) in merged for item in first)
    assert all(row["unset"] < 2 * Unset.PRICE for row in world.listings().values())

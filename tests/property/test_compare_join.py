"""Finds rows that the streamed, vectorised compare gets wrong, whatever the rows and chunks.

The oracle is a plain full outer join over dicts, in the scalar arithmetic of the domain.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueup.books.pages import Page, encode
from trueup.books.schema import (
    BASELINE,
    LISTINGS,
    OBSERVATIONS,
    ROWS,
    BookSchema,
    RowUnknown,
    Unknown,
    Unset,
)
from trueup.compare.join import LinkTerms, PoolMember, compare_pages
from trueup.compare.kits import KitMember, KitStock
from trueup.compare.ranges import plan_ranges
from trueup.compare.sheets import sheet_of
from trueup.domain.keys import is_unlisted, listing_key, sku_of, unlisted_key
from trueup.domain.outcomes import Outcome, Reason, outcome_of, reason_of
from trueup.domain.runs import Tally
from trueup.domain.stock import (
    MAX_QUANTITY,
    Position,
    Terms,
    delta,
    gap,
    kit_units,
    pooled,
    publishable,
    shared,
)

Row = dict[str, Any]
Rows = dict[str, Row]

SKUS = st.sampled_from(["A", "AA", "A ", "B", "B1", "C", "É", "Z", "😀", "0", "00", "10"])
LARGE = st.sampled_from([2**31, 2**53 - 1, 2**53, 2**63 - 1])
QUANTITIES = st.one_of(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), LARGE)
SIGNED = st.one_of(st.integers(-9, 12), st.integers(-9, 12), LARGE, LARGE.map(lambda n: -n))


@pytest.fixture(autouse=True, scope="module", params=[3, 8192])
def rows_at_a_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """A few rows worked on at a time, so that a dozen make many chunks; and all at once."""
    with (
        patch("trueup.compare.join._ROWS", request.param),
        patch("trueup.compare.locate._STRIDE", 4),
        patch("trueup.compare.locate._FEW", 3),
    ):
        yield


@dataclass(frozen=True)
class Pool:
    share: int
    rows: Rows
    complete: bool

    def get(self, keys: Sequence[str]) -> Mapping[str, Row]:
        return {key: self.rows[key] for key in keys if key in self.rows}


@dataclass(frozen=True)
class Case:
    listings: Rows
    pools: list[Pool]
    observations: Rows
    terms: LinkTerms


@st.composite
def listing_rows(draw: st.DrawFn) -> Rows:
    rows: Rows = {}
    for sku, code in draw(st.lists(st.tuples(SKUS, SKUS), max_size=12)):
        parts = draw(st.lists(st.tuples(SKUS, st.integers(1, 3)), max_size=2))
        rows[listing_key(sku, code)] = {
            "pack_size": draw(st.sampled_from([1, 1, 2, 6, 1_000_000])),
            "buffer": draw(QUANTITIES),
            "cap": draw(QUANTITIES),
            "backorder": draw(QUANTITIES),
            "cost": 0,
            "price": draw(QUANTITIES),
            "unset": draw(st.integers(0, 15)),
            "components": msgspec.json.encode(parts).decode() if parts else "",
            "currency": draw(st.sampled_from(["", "EUR", "EUR", "USD"])),
            "title": "Café",
        }
    return dict(sorted(rows.items()))


@st.composite
def baseline_rows(draw: st.DrawFn) -> Rows:
    names = ("on_hand", "committed", "damaged", "on_hold")
    rows: Rows = {}
    for sku in sorted(draw(st.sets(SKUS))):
        figures = {name: draw(QUANTITIES) for name in names} | {"stated": draw(SIGNED)}
        unknown = draw(st.sampled_from([0, 2, 2, 2, 1, 3, 4, 8, 16, 31]))
        bits = (Unknown.ON_HAND, Unknown.COMMITTED, Unknown.DAMAGED, Unknown.ON_HOLD)
        for name, bit in zip((*names, "stated"), (*bits, Unknown.STATED), strict=True):
            figures[name] = 0 if unknown & bit else figures[name]
        rows[sku] = figures | {"unknown": unknown}
    return rows


@st.composite
def observed_rows(draw: st.DrawFn, listings: Rows) -> Rows:
    known = sorted(listings)
    keys = draw(st.sets(st.one_of(SKUS, st.sampled_from(known) if known else SKUS)))
    rows: Rows = {}
    for key in sorted(keys):
        unknown = draw(st.sampled_from([0, 0, 0, 1]))
        rows[key] = {
            "reported": 0 if unknown else draw(SIGNED),
            "allocated": draw(QUANTITIES),
            "unknown": unknown,
        }
    return rows


@st.composite
def cases(draw: st.DrawFn) -> Case:
    listings = draw(listing_rows())
    pool = st.builds(Pool, st.sampled_from([100, 100, 50, 33, 1]), baseline_rows(), st.booleans())
    terms = st.builds(
        LinkTerms,
        buffer=st.sampled_from([0, 0, 3]),
        allocation=st.sampled_from([100, 100, 50]),
        tolerance=st.sampled_from([0, 0, 2]),
        on_hand_channel=st.booleans(),
        complete=st.booleans(),
    )
    pools = draw(st.lists(pool, max_size=3))
    return Case(listings, pools, draw(observed_rows(listings)), draw(terms))


def paged(schema: BookSchema, rows: Rows, sizes: Sequence[int]) -> Iterator[Page]:
    """The rows as pages of the given sizes, over and over; 0 makes an empty page."""
    keys = list(rows)
    start, turn = 0, 0
    while start < len(keys):
        size = sizes[turn % len(sizes)] if turn < 2 * len(keys) else 1
        part = keys[start : start + size]
        ints = {name: [rows[key].get(name, 0) for key in part] for name in schema.ints}
        texts = {name: [rows[key].get(name, "") for key in part] for name in schema.texts}
        yield Page(part, ints, texts)
        start, turn = start + size, turn + 1


def run(
    case: Case, sizes: Sequence[int] = (1000,), lo: str = "", hi: str | None = None
) -> "Compared":
    def within(rows: Rows) -> Rows:
        return {k: row for k, row in rows.items() if k >= lo and (hi is None or k < hi)}

    results = list(
        compare_pages(
            paged(LISTINGS, within(case.listings), sizes),
            [
                PoolMember(
                    pool.share, paged(BASELINE, within(pool.rows), sizes[::-1]), pool.complete
                )
                for pool in case.pools
            ],
            paged(OBSERVATIONS, within(case.observations), [*sizes[1:], sizes[0]]),
            KitStock([KitMember(pool.share, pool, pool.complete) for pool in case.pools]),
            case.terms,
        )
    )
    rows = {row.pop("key"): row for result in results for row in result.page.rows()}
    assert len(rows) == sum(len(result.page) for result in results)
    return Compared(rows, sum((result.tally for result in results), Tally()), results)


@dataclass(frozen=True)
class Compared:
    rows: Rows
    tally: Tally
    pages: list[Any]


# The oracle, one row at a time.


def out_of_range(*quantities: int | None) -> bool:
    return any(abs(quantity) > MAX_QUANTITY for quantity in quantities if quantity is not None)


def position_of(pool: Pool, sku: str) -> Position:
    row = pool.rows.get(sku)
    if row is None:
        return Position(on_hand=0 if pool.complete else None)
    uncounted = row["unknown"] & ~Unknown.STATED
    return Position(
        None if uncounted else row["on_hand"],
        row["committed"],
        row["damaged"],
        row["on_hold"],
        None if row["unknown"] & Unknown.STATED else row["stated"],
    )


def sellable_of(case: Case, sku: str) -> tuple[int | None, bool]:
    """Pooled sellable, and whether a quantity is out of range."""
    figures = [
        f for pool in case.pools for n, f in pool.rows.get(sku, {}).items() if n != "unknown"
    ]
    parts = [shared(position_of(pool, sku).sellable, pool.share) for pool in case.pools]
    total = pooled(parts)
    beyond = out_of_range(*figures)
    for name in ("on_hand", "committed", "damaged", "on_hold"):
        known = [pool.rows.get(sku, {}).get(name, 0) * pool.share // 100 for pool in case.pools]
        beyond = beyond or out_of_range(sum(known))
    beyond = beyond or out_of_range(total) or out_of_range(sum(part or 0 for part in parts))
    return (None if beyond else total), beyond


def kit_of(case: Case, components: str) -> tuple[int | None, bool]:
    recipe = [(sellable_of(case, sku), count) for sku, count in msgspec.json.decode(components)]
    if any(beyond for (_, beyond), _ in recipe):
        return None, True
    return kit_units([(sellable, count) for (sellable, _), count in recipe]), False


def shown_of(case: Case, row: Row | None) -> tuple[int | None, bool]:
    if row is None or row["unknown"]:
        return None, False
    allocated = row["allocated"] if case.terms.on_hand_channel else 0
    reported = row["reported"] - allocated
    beyond = out_of_range(row["reported"], allocated, reported)
    return (None if beyond else reported), beyond


def expected_row(case: Case, key: str, row: Row) -> Row:
    sku, seen = sku_of(key), case.observations.get(key)
    kit = bool(row["components"])
    sellable, beyond = kit_of(case, row["components"]) if kit else sellable_of(case, sku)
    terms = Terms(
        pack_size=row["pack_size"],
        buffer=case.terms.buffer if row["unset"] & Unset.BUFFER else row["buffer"],
        backorder=row["backorder"],
        cap=None if row["unset"] & Unset.CAP else row["cap"],
        allocation=case.terms.allocation,
    )
    bad_terms = out_of_range(row["buffer"], row["cap"], row["backorder"])
    units = None if bad_terms else publishable(sellable, terms)
    beyond = beyond or bad_terms or out_of_range(units)
    if units is None or out_of_range(units):
        sellable = units = None
    reported, bad_report = shown_of(case, seen)
    reason = reason_of(
        gap(units, reported), publishable=units, reported=reported, tolerance=case.terms.tolerance
    )
    if reason is Reason.POSITION_UNKNOWN and kit:
        reason = Reason.COMPONENT_UNKNOWN
    if beyond or bad_report:
        reason = Reason.OUT_OF_RANGE
    if seen is None and case.terms.complete:
        reason = Reason.NOT_ON_CHANNEL
    return {
        **totals_of(case, sku, kit=kit),
        "sellable": sellable or 0,
        "publishable": units or 0,
        "reported": reported or 0,
        "pack_size": terms.pack_size,
        "buffer": terms.buffer,
        "backorder": terms.backorder,
        "cap": terms.cap or 0,
        "reason": reason.value,
        "unknown": total_bit(case, sku, kit=kit)
        | (RowUnknown.SELLABLE if units is None else 0)
        | (RowUnknown.REPORTED if reported is None else 0)
        | (RowUnknown.CAP if terms.cap is None else 0),
    }


def total_bit(case: Case, sku: str, *, kit: bool) -> int:
    def known(pool: Pool) -> bool:
        row = pool.rows.get(sku)
        return pool.complete if row is None else not row["unknown"] & Unknown.ON_HAND

    everywhere = bool(case.pools) and all(known(pool) for pool in case.pools)
    counted = not kit and everywhere and not sellable_of(case, sku)[1]
    return 0 if counted else RowUnknown.TOTAL


def totals_of(case: Case, sku: str, *, kit: bool) -> Row:
    """What the members' parts of each quantity add up to."""
    names = {
        "total": "on_hand",
        "committed": "committed",
        "damaged": "damaged",
        "on_hold": "on_hold",
    }
    if kit or sellable_of(case, sku)[1]:
        return dict.fromkeys(names, 0)
    sums = {
        name: sum(p.rows.get(sku, {}).get(column, 0) * p.share // 100 for p in case.pools)
        for name, column in names.items()
    }
    return sums | ({"total": 0} if total_bit(case, sku, kit=kit) else {})


def expected(case: Case) -> Rows:
    rows = {key: expected_row(case, key, row) for key, row in case.listings.items()}
    for key, seen in case.observations.items():
        if key not in case.listings:
            reported, _ = shown_of(case, seen)
            bits = RowUnknown.TOTAL | RowUnknown.SELLABLE | RowUnknown.CAP
            rows[unlisted_key(key)] = dict.fromkeys(ROWS.ints, 0) | {
                "reported": reported or 0,
                "pack_size": 1,
                "reason": Reason.NOT_LISTED.value,
                "unknown": bits | (RowUnknown.REPORTED if reported is None else 0),
            }
    return dict(sorted(rows.items()))


def expected_tally(case: Case, rows: Rows) -> Tally:
    tally = Tally(rows=len(rows))
    for key, row in rows.items():
        tally += counted(row)
        if row["reason"] == Reason.DIFFERS:
            tally += valued(row, case.listings[key])
    mine = {sku for pool in case.pools for sku in pool.rows}
    return tally + Tally(unlisted_skus=len(mine - {sku_of(key) for key in case.listings}))


def counted(row: Row) -> Tally:
    reason = Reason(row["reason"])
    if outcome_of(reason) is Outcome.MATCH:
        return Tally(matching=1)
    names = {
        Reason.DIFFERS: "differing",
        Reason.NOT_LISTED: "not_listed",
        Reason.NOT_ON_CHANNEL: "not_on_channel",
    }
    return Tally.model_validate({names.get(reason, "unknown"): 1})


def valued(row: Row, listing: Row) -> Tally:
    units = row["publishable"] - row["reported"]
    over = units < 0
    oversold = int(over and row["publishable"] == 0)
    side = "units_over" if over else "units_under"
    tally = Tally.model_validate({side: abs(units), "oversold_rows": oversold})
    if listing["unset"] & Unset.PRICE or not listing["currency"]:
        return tally + Tally(unvalued=1)
    value = {listing["currency"]: abs(units) * listing["price"]}
    return tally + (Tally(value_over=value) if over else Tally(value_under=value))


SIZES = st.lists(st.integers(0, 7), min_size=1, max_size=4).filter(any)


@settings(max_examples=150, deadline=None)
@given(cases(), SIZES)
def test_the_streamed_join_equals_a_naive_one(case: Case, sizes: list[int]) -> None:
    found = run(case, sizes)
    assert found.rows == expected(case)
    assert list(found.rows) == sorted(found.rows)
    assert found.tally == expected_tally(case, found.rows)


@settings(max_examples=40, deadline=None)
@given(cases(), SIZES, SIZES)
def test_chunks_do_not_matter(case: Case, one: list[int], two: list[int]) -> None:
    first, second = run(case, one), run(case, two)
    assert first.rows == second.rows
    assert first.tally == second.tally


@settings(max_examples=40, deadline=None)
@given(cases(), SIZES)
def test_the_same_input_gives_the_same_bytes(case: Case, sizes: list[int]) -> None:
    first, second = ([encode(ROWS, r.page) for r in run(case, sizes).pages] for _ in range(2))
    assert first == second


@dataclass(frozen=True)
class Stretch:
    first_key: str
    rows: int


def stretches(rows: Rows, size: int) -> list[Stretch]:
    keys = list(rows)
    return [Stretch(keys[i], len(keys[i : i + size])) for i in range(0, len(keys), size)]


@settings(max_examples=40, deadline=None)
@given(cases(), st.integers(1, 5), st.integers(1, 5), st.sampled_from(["first", "next"]))
def test_ranges_together_give_the_whole(case: Case, size: int, rows: int, known: str) -> None:
    whole = run(case)
    previous = {} if known == "first" else whole.rows
    plan = plan_ranges(
        stretches(previous, size),
        stretches(case.listings, size),
        stretches(case.observations, size),
        rows,
    )
    parts = [run(case, lo=part.lo or "", hi=part.hi) for part in plan]
    together: Rows = {}
    for part in parts:
        assert not together.keys() & part.rows.keys()
        together |= part.rows
    assert list(together.items()) == list(whole.rows.items())
    assert sum((part.tally for part in parts), Tally()) == whole.tally


@settings(max_examples=40, deadline=None)
@given(cases())
def test_the_sheet_has_all_rows_but_matches(case: Case) -> None:
    found = run(case)
    sheets = [sheet_of(result.page) for result in found.pages]
    keys = [key for sheet in sheets if sheet for key in sheet.keys]
    matching = (Reason.MATCHES, Reason.WITHIN_TOLERANCE)
    assert keys == [key for key, row in found.rows.items() if row["reason"] not in matching]
    assert len(keys) == found.tally.rows - found.tally.matching
    for sheet in filter(None, sheets):
        for row in sheet.rows():
            assert found.rows[row.pop("key")] == row


@settings(max_examples=40, deadline=None)
@given(cases())
def test_publishable_is_never_negative_and_unknown_is_never_published(case: Case) -> None:
    for row in run(case).rows.values():
        assert row["publishable"] >= 0
        if row["unknown"] & RowUnknown.SELLABLE:
            assert row["publishable"] == 0
            assert outcome_of(Reason(row["reason"])) is Outcome.EXCEPTION


@settings(max_examples=40, deadline=None)
@given(cases(), st.integers(1, 5))
def test_publishable_is_monotone_in_sellable(case: Case, more: int) -> None:
    """More on hand everywhere never publishes less, while nothing is out of range."""
    richer = replace(case, pools=[replace(p, rows=enriched(p.rows, more)) for p in case.pools])
    for (key, poor), rich in zip(run(case).rows.items(), run(richer).rows.values(), strict=True):
        if Reason.OUT_OF_RANGE not in (poor["reason"], rich["reason"]):
            known = not rich["unknown"] & RowUnknown.SELLABLE
            assert not known or rich["publishable"] >= poor["publishable"], key


def enriched(rows: Rows, more: int) -> Rows:
    return {
        sku: row
        if row["unknown"] & 1 or out_of_range(row["on_hand"])
        else row | {"on_hand": row["on_hand"] + more}
        for sku, row in rows.items()
    }


def plainly(row: Row) -> Row:
    return row | {"pack_size": 1, "backorder": 0, "unset": Unset.BUFFER | Unset.CAP}


@settings(max_examples=40, deadline=None)
@given(cases())
def test_delta_and_gap_agree_in_sign_without_terms(case: Case) -> None:
    """Where nothing stands between sellable and publishable, and sellable is not negative."""
    plain = {key: plainly(row) for key, row in case.listings.items()}
    for key, row in run(replace(case, listings=plain, terms=LinkTerms())).rows.items():
        known = not row["unknown"] & (RowUnknown.SELLABLE | RowUnknown.REPORTED)
        if known and not is_unlisted(key) and row["sellable"] >= 0:
            units = row["publishable"] - row["reported"]
            assert units == delta(row["sellable"], row["reported"])


@settings(max_examples=40, deadline=None)
@given(cases())
def test_rows_come_in_ascending_order(case: Case) -> None:
    keys = [key for result in run(case, [2, 3]).pages for key in result.page.keys]
    assert all(one < two for one, two in pairwise(keys))

"""Finds rows that the streamed, vectorised compare gets wrong, whatever the rows and chunks.

The oracle is a plain full outer join over dicts, in the scalar arithmetic of the domain.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.compare_cases import Case, Row, Rows, cases
from tests.property.compare_oracle import expected, expected_tally, out_of_range
from trueup.books.pages import Page, encode
from trueup.books.schema import (
    BASELINE,
    LISTINGS,
    OBSERVATIONS,
    ROWS,
    BookSchema,
    RowUnknown,
    Unset,
)
from trueup.compare import join
from trueup.compare.join import LinkTerms, PoolMember, compare_pages
from trueup.compare.kits import KitMember, KitStock
from trueup.compare.ranges import plan_ranges
from trueup.compare.sheets import sheet_of
from trueup.domain.keys import is_unlisted, listing_key, sku_of
from trueup.domain.outcomes import Outcome, Reason, outcome_of
from trueup.domain.runs import Tally
from trueup.domain.stock import delta
from trueup.domain.tolerances import Tolerances


@pytest.fixture(autouse=True, scope="module", params=[3, 8192])
def rows_at_a_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """A few rows worked on at a time, so that a dozen make many chunks; and all at once."""
    with (
        patch("trueup.compare.join._ROWS", request.param),
        patch("trueup.compare.locate._STRIDE", 4),
        patch("trueup.compare.locate._FEW", 3),
    ):
        yield


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


SIZES = st.lists(st.integers(0, 7), min_size=1, max_size=4).filter(any)


def test_many_generated_rows_can_be_compared_and_differ() -> None:
    """Otherwise the laws below would hold of nothing."""
    found: list[Row] = []

    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(cases())
    def look(case: Case) -> None:
        found.extend(expected(case).values())

    look()
    reasons = [Reason(row["reason"]) for row in found]
    compared = (Reason.MATCHES, Reason.WITHIN_TOLERANCE, Reason.DIFFERS)
    assert sum(reason in compared for reason in reasons) > len(reasons) / 3
    assert reasons.count(Reason.DIFFERS) > len(reasons) / 5
    assert set(reasons) == set(Reason) - {Reason.EXPLAINED}  # found out behind the join


@settings(max_examples=150, deadline=None)
@given(cases(), SIZES)
def test_the_streamed_join_equals_a_naive_one(case: Case, sizes: list[int]) -> None:
    found = run(case, sizes)
    assert found.rows == expected(case)
    assert list(found.rows) == sorted(found.rows)
    assert found.tally == expected_tally(case, found.rows)


def copied(rows: Rows, times: int) -> Rows:
    """The rows over and over, under keys that keep each copy's rows together and in order."""

    def renamed(row: Row, copy: int) -> Row:
        if not row.get("components"):
            return row
        parts = [(f"{copy:05}{sku}", n) for sku, n in msgspec.json.decode(row["components"])]
        return row | {"components": msgspec.json.encode(parts).decode()}

    return {
        f"{copy:05}{key}": renamed(row, copy) for copy in range(times) for key, row in rows.items()
    }


def twice(listings: Rows) -> Rows:
    """A second listing for every SKU, so that many pages end between two of one SKU."""
    twins = {listing_key(sku_of(key), "twin"): row for key, row in listings.items()}
    return dict(sorted((listings | twins).items()))


@settings(max_examples=8, deadline=None)
@given(cases().filter(lambda case: len(case.listings) > 1), st.integers(1, 5))
def test_rows_at_the_borders_of_chunks_are_as_any(case: Case, pages: int) -> None:
    """With more rows than are worked on at a time, whatever their number is in production."""
    # Rules for single SKUs know no copies of them.
    terms = replace(case.terms, tolerance=Tolerances(case.terms.tolerance.base))
    case = replace(case, listings=twice(case.listings), terms=terms)
    times = 3 * join._ROWS // len(case.listings) + 1
    many = Case(
        copied(case.listings, times),
        [replace(pool, rows=copied(pool.rows, times)) for pool in case.pools],
        copied(case.observations, times),
        case.terms,
    )
    found = run(many, [join._ROWS // (pages + 1) + 1, join._ROWS // pages])
    assert found.rows == copied(expected(case), times)
    assert len(found.pages) > 1


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

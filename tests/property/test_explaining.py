"""Finds rows that are lost, doubled or counted twice between pages, sheets, tallies and groups."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.compare_cases import Case, cases
from tests.property.test_compare_join import paged, rows_at_a_time  # noqa: F401 - a fixture
from trueup.books.pages import Page
from trueup.books.schema import BASELINE, LISTINGS, OBSERVATIONS
from trueup.compare.join import PoolMember, RowsWithOrigin, compare_with_origin
from trueup.compare.kits import KitMember, KitStock
from trueup.domain.groups import merged
from trueup.domain.outcomes import GAPS, Outcome, Reason, outcome_of
from trueup.domain.runs import Tally
from trueup.explain.facts import Cause, Explanation, Facts, Finding
from trueup.usecases.reconcile.episodes import Episodes, PreviousRows
from trueup.usecases.reconcile.explaining import Explained, Explaining, RowEvidence
from trueup.usecases.reconcile.sheeting import Sheets


def by_thirds(facts: Facts) -> Explanation:
    """None, all or half of the gap, by what the channel shows."""
    gap = (facts.publishable - facts.reported) * facts.terms.pack_size
    share = share_of(gap, facts.reported)
    outcome = Outcome.EXPLAINED if share == gap else Outcome.EXCEPTION
    found = (Finding(Cause.LAG, share),) if share else ()
    return Explanation(found, gap - share, outcome)


def share_of(gap: int, reported: int) -> int:
    return (0, gap, gap // 2)[reported % 3]


def explained(case: Case) -> tuple[list[RowsWithOrigin], list[Explained], Explaining]:
    previous = PreviousRows(None)
    evidence = RowEvidence(now=9, allocation=case.terms.allocation)
    explaining = Explaining(evidence, by_thirds, previous, Episodes(previous, 1, 5))
    compared = list(
        compare_with_origin(
            paged(LISTINGS, case.listings, [3]),
            [PoolMember(p.share, paged(BASELINE, p.rows, [2]), p.complete) for p in case.pools],
            paged(OBSERVATIONS, case.observations, [4]),
            KitStock([KitMember(pool.share, pool, pool.complete) for pool in case.pools]),
            case.terms,
        )
    )
    return compared, list(map(explaining.page, compared)), explaining


def rows_in(pages: list[Page]) -> Iterator[dict[str, Any]]:
    return (row for page in pages for row in page.rows())


@settings(max_examples=150, deadline=None)
@given(cases())
def test_every_row_that_does_not_match_is_in_a_sheet_a_group_and_the_tally(case: Case) -> None:
    compared, told, explaining = explained(case)
    rows = list(rows_in([one.page for one in told]))
    sheet = {row["key"]: row for row in rows_in([one.sheet for one in told if one.sheet])}
    tally = sum((one.tally for one in told), Tally())
    groups = merged(explaining.groups.all)
    failed = [r for r in rows if outcome_of(Reason(r["reason"])) is not Outcome.MATCH]
    assert list(sheet) == [row["key"] for row in failed]
    for row in failed:
        assert row.items() <= sheet[row["key"]].items()
    assert sum(group.rows for group in groups) == len(failed) == tally.rows - tally.matching
    parts = (tally.differing, tally.explained, tally.stale, tally.unknown)
    alone = (tally.matching, tally.not_listed, tally.not_on_channel)
    assert sum(parts) + sum(alone) == tally.rows == len(rows)
    before = sum((one.tally for one in compared), Tally())
    assert before.differing == tally.differing + tally.explained
    assert sum(group.explained for group in groups) == tally.explained
    for name in ("units_over", "units_under", "oversold_rows"):
        assert sum(getattr(group, name) for group in groups) == getattr(tally, name)
    worth = sum(sum(group.value.values()) for group in groups)
    assert worth == sum(tally.value_over.values()) + sum(tally.value_under.values())


@settings(max_examples=150, deadline=None)
@given(cases())
def test_causes_and_what_none_explains_add_up_to_the_gap(case: Case) -> None:
    _, told, _ = explained(case)
    for row in rows_in([one.sheet for one in told if one.sheet]):
        if Reason(row["reason"]) not in GAPS:
            assert (row["causes"], row["unexplained"]) == ("", 0)
            continue
        gap = (row["publishable"] - row["reported"]) * row["pack_size"]
        share = share_of(gap, row["reported"])
        assert row["unexplained"] == gap - share
        assert row["causes"] == (f'[["lag",{share},{{}}]]' if share else "")
        assert (row["reason"] == Reason.EXPLAINED) == (share == gap)


@settings(max_examples=200, deadline=None)
@given(
    st.sets(st.integers(0, 60), min_size=1),
    st.sets(st.integers(0, 60)),
    st.sets(st.integers(1, 60)),
    st.sets(st.integers(1, 60)),
    st.sampled_from([1, 2]),
)
def test_sheets_follow_their_rows_into_other_pages(
    rows: set[int], differing: set[int], cuts: set[int], frames: set[int], parts: int
) -> None:
    keys = [f"k{number:02d}" for number in sorted(rows)]
    wanted = [key for key in keys if int(key[1:]) in differing]
    sheets = Sheets()
    for page in cut(wanted, cuts):
        sheets.add(page)
    found: list[str] = []
    for page in cut(keys, frames):
        whole, middle = sheets.of(page), len(page) // parts
        cuts_of_it = [page.slice(0, middle), page.slice(middle, len(page))]
        again = [sheets.of(part) for part in cuts_of_it if len(part)]
        told = [key for part in again if part for key in part.keys]
        assert told == (whole.keys if whole else [])
        found += told
    assert found == wanted


def cut(keys: list[str], at: set[int]) -> list[Page]:
    """Pages of some keys, none empty."""
    bounds = [0, *sorted(n for n in at if n < len(keys)), len(keys)]
    parts = [keys[start:stop] for start, stop in pairwise(bounds)]
    return [Page(part, {"reason": [1] * len(part)}) for part in parts if part]

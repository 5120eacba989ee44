"""Finds what examples from the trade would show wrong, and reading ahead without bounds."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from trueup.books.pages import Page
from trueup.books.schema import BASELINE, LISTINGS, OBSERVATIONS, BookSchema, Unknown, Unset
from trueup.compare.join import LinkTerms, PoolMember, compare_pages
from trueup.compare.kits import KitMember, KitStock
from trueup.domain.errors import DefectError
from trueup.domain.outcomes import Reason
from trueup.domain.runs import Tally
from trueup.domain.tolerances import Tolerances

Row = dict[str, Any]
PLAIN = {"pack_size": 1, "unset": Unset.BUFFER | Unset.CAP | Unset.COST, "price": 250}


def page(schema: BookSchema, rows: Mapping[str, Row]) -> Page:
    ints = {name: [row.get(name, 0) for row in rows.values()] for name in schema.ints}
    texts = {name: [row.get(name, "") for row in rows.values()] for name in schema.texts}
    return Page(list(rows), ints, texts)


def stock(**on_hand: int) -> Page:
    rows = {sku: {"on_hand": count, "unknown": Unknown.STATED} for sku, count in on_hand.items()}
    return page(BASELINE, rows)


def shown(**reported: int) -> Page:
    return page(OBSERVATIONS, {key: {"reported": count} for key, count in reported.items()})


def listed(*skus: str, **more: Any) -> Page:
    return page(LISTINGS, {sku: PLAIN | {"currency": "EUR"} | more for sku in skus})


def compare(
    listings: Page,
    positions: Page,
    observations: Page,
    kits: KitStock | None = None,
    terms: LinkTerms | None = None,
) -> tuple[dict[str, Row], Tally]:
    pool = [PoolMember(100, [positions])]
    results = list(
        compare_pages([listings], pool, [observations], kits or KitStock(), terms or LinkTerms())
    )
    rows = {row["key"]: row for result in results for row in result.page.rows()}
    return rows, sum((result.tally for result in results), Tally())


def test_over_and_under_are_counted_and_valued() -> None:
    rows, tally = compare(listed("A", "B", "C"), stock(A=5, B=0, C=7), shown(A=2, B=4, C=7))
    assert [row["reason"] for row in rows.values()] == [1, 1, 0]
    assert tally == Tally(
        rows=3,
        matching=1,
        differing=2,
        units_over=4,
        units_under=3,
        oversold_rows=1,
        value_over={"EUR": 1000},
        value_under={"EUR": 750},
    )


def test_tolerance_does_not_hide_an_oversell() -> None:
    terms = LinkTerms(tolerance=Tolerances.within(2))
    rows, _ = compare(listed("A", "B"), stock(A=5, B=0), shown(A=6, B=1), terms=terms)
    assert rows["A"]["reason"] == Reason.WITHIN_TOLERANCE
    assert rows["B"]["reason"] == Reason.DIFFERS


def test_a_channels_own_reservation_makes_no_difference() -> None:
    seen = page(OBSERVATIONS, {"A": {"reported": 10, "allocated": 3}})
    rows, _ = compare(listed("A"), stock(A=7), seen, terms=LinkTerms(on_hand_channel=True))
    assert (rows["A"]["reported"], rows["A"]["reason"]) == (7, Reason.MATCHES)


def test_each_side_may_lack_what_the_other_has() -> None:
    rows, tally = compare(listed("A", "B"), stock(A=1, C=1), shown(B=1, D=1))
    assert {key: row["reason"] for key, row in rows.items()} == {
        "A": Reason.NOT_ON_CHANNEL,
        "B": Reason.POSITION_UNKNOWN,
        "D\0\0": Reason.NOT_LISTED,
    }
    assert (tally.not_on_channel, tally.unknown, tally.not_listed) == (1, 1, 1)
    assert tally.unlisted_skus == 1


def test_a_listing_not_seen_in_an_incomplete_fetch_is_not_called_missing() -> None:
    rows, _ = compare(listed("A"), stock(A=1), shown(), terms=LinkTerms(complete=False))
    assert rows["A"]["reason"] == Reason.QUANTITY_UNKNOWN


class Lookups:
    """Answers positions, and counts how often it is asked."""

    def __init__(self, rows: Mapping[str, Row]) -> None:
        self.rows = rows
        self.asked: list[list[str]] = []

    def get(self, keys: Sequence[str]) -> Mapping[str, Row]:
        self.asked.append(list(keys))
        return {key: self.rows[key] for key in keys if key in self.rows}


def test_kits_ask_for_their_components_once_a_chunk() -> None:
    positions = stock(nut=9, screw=20)
    lookups = Lookups({row["key"]: row for row in positions.rows()})
    kits = listed("K1", "K2", "K3", components='[["nut",2],["screw",4]]')
    rows, _ = compare(kits, positions, shown(K1=4), KitStock([KitMember(100, lookups)]))
    assert [row["publishable"] for row in rows.values()] == [4, 4, 4]
    assert rows["K1"]["reason"] == Reason.MATCHES
    assert lookups.asked == [["nut", "screw"]]


def test_pages_out_of_order_are_refused() -> None:
    with pytest.raises(DefectError, match="'A'"):
        list(compare_pages([listed("B"), listed("A")], [], [], KitStock(), LinkTerms()))


def test_inputs_are_read_side_by_side_and_not_far_ahead() -> None:
    read = {"listings": 0, "positions": 0, "observations": 0}

    def counted(name: str, schema: BookSchema, pages: int, row: Row) -> Iterator[Page]:
        for number in range(pages):
            read[name] += 1
            yield page(schema, {f"{number:04d}-{n:04d}": row for n in range(2_000)})

    results = compare_pages(
        counted("listings", LISTINGS, 40, PLAIN),
        [PoolMember(100, counted("positions", BASELINE, 40, {"unknown": Unknown.STATED}))],
        counted("observations", OBSERVATIONS, 40, {"reported": 1}),
        KitStock(),
        LinkTerms(),
    )
    first = next(results)
    assert 2_000 <= len(first.page) <= 10_000
    assert max(read.values()) <= 6
    assert sum(len(result.page) for result in results) == 80_000 - len(first.page)


def test_sums_beyond_64_bits_are_exact() -> None:
    terms = LinkTerms()
    large = listed("A", "B", price=2**53 - 1)
    _, tally = compare(large, stock(A=2**53 - 1, B=2**53 - 1), shown(A=0, B=0), terms=terms)
    assert tally.value_under == {"EUR": 2 * (2**53 - 1) ** 2}

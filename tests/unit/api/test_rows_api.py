"""Rows that are wrong, missing, shown twice, or read at the price of a whole book."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.unit.api.api_world import ApiWorld, Row, listing, row
from trueup.books.schema import RowUnknown
from trueup.domain.outcomes import Reason

PARIS = "gid://shop/2 b"


def sku(number: int) -> str:
    return f"SKU-{number:06d}"


def rows_of(api: ApiWorld, **query: Any) -> list[dict[str, Any]]:
    """All rows of a query, over as many pages as it takes."""
    found: list[dict[str, Any]] = []
    query = {"account": "eu"} | query
    while True:
        reply = api.call("GET", "/v1/rows?" + urlencode(query, doseq=True))
        assert reply.status == 200, reply.text
        assert len(reply.body["rows"]) <= query.get("limit", 50)
        found += reply.body["rows"]
        if reply.body["cursor"] is None:
            return found
        query["cursor"] = reply.body["cursor"]


def skus(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["seller_identifier"] for row in rows]


def test_a_row_has_all_columns_of_the_panel(api: ApiWorld) -> None:
    api.connect()
    listed = listing("A\x00CH-A", "Red shirt", channel_product_id="P1", gtin="4006381333931")
    given = row("A\x00CH-A", 10, 3, publishable=4, buffer=1, pack_size=2, committed=4, damaged=1)
    given |= {"total": 15, "reported": 3}
    run = api.compared({"1": [given]}, [listed])
    found = rows_of(api)
    said = [cause["sentence"] for cause in found[0]["causes"]]
    assert all(text.startswith("1 unit") for text in said)
    assert found == [
        {
            "account": "eu",
            "channel": "sandbox",
            "client": None,
            "product_name": "Red shirt",
            "seller_identifier": "A",
            "channel_identifier": "CH-A",
            "channel_product_id": "P1",
            "gtin": "4006381333931",
            "seller_inventory": {
                "total": 15,
                "sellable": 10,
                "committed": 4,
                "damaged": 1,
                "on_hold": 0,
            },
            "channel_inventory": {
                "location_code": "BER",
                "location_id": "1",
                "location_name": "Berlin",
                "inventory": 3,
            },
            "publishable": 4,
            "formula": {
                "sellable": 10,
                "allocation": 100,
                "backorder": 0,
                "buffer": 1,
                "pack_size": 2,
                "cap": None,
            },
            "delta": 4,
            "gap": 1,
            "direction": "under",
            "read_only": False,
            "status": "Failed",
            "outcome": "exception",
            "checked": True,
            "reason": "DIFFERS",
            "explanation": "The channel shows another quantity than can be published.",
            "cause": "unexplained",
            "causes": [
                {
                    "cause": "buffer",
                    "units": 1,
                    "sentence": said[0],
                    "evidence": {"buffer": 1},
                },
                {
                    "cause": "pack_remainder",
                    "units": 1,
                    "sentence": said[1],
                    "evidence": {"pack_size": 2},
                },
            ],
            "unexplained": 2,
            "first_diverged_at": None,
            "last_agreed_at": None,
            "settling_until": None,
            "stale_since": None,
            "captured_at": found[0]["captured_at"],
            "recon_date": found[0]["recon_date"],
            "run": run.id,
        }
    ]


def test_unknown_is_never_shown_as_zero(api: ApiWorld) -> None:
    api.connect()
    unknown = RowUnknown.TOTAL | RowUnknown.SELLABLE | RowUnknown.REPORTED | RowUnknown.CAP
    api.compared({"1": [row("A", 0, 0, Reason.POSITION_UNKNOWN, unknown=unknown)]})
    found = rows_of(api)[0]
    assert set(found["seller_inventory"].values()) == {None}
    assert found["channel_inventory"]["inventory"] is None
    assert [found[name] for name in ("publishable", "delta", "gap", "direction")] == [None] * 4
    assert found["status"] == "Failed"


def test_what_only_the_channel_has_is_a_row_without_a_sku(api: ApiWorld) -> None:
    api.connect()
    api.compared({"1": [row("X\x00\x00", 0, 5, Reason.NOT_LISTED, unknown=RowUnknown.SELLABLE)]})
    found = rows_of(api)[0]
    assert (found["seller_identifier"], found["channel_identifier"]) == (None, "X")


@pytest.fixture
def full(api: ApiWorld) -> ApiWorld:
    """5,000 rows at each of two places; every tenth differs at the first."""
    api.connect()
    listings = [listing(sku(i), f"Shirt number {i}") for i in range(5000)]
    berlin = [row(sku(i), 5, 5 + (i % 10 == 0) - (i % 20 == 0) * 2) for i in range(5000)]
    paris = [row(sku(i), 5, 5) for i in range(5000)]
    api.compared({"1": berlin, PARIS: paris}, listings)
    return api


def test_all_rows_come_once_and_in_order(full: ApiWorld) -> None:
    found = rows_of(full, location="1", limit=500)
    assert skus(found) == [sku(i) for i in range(5000)]


def test_rows_of_several_locations_stand_together_by_sku(full: ApiWorld) -> None:
    found = rows_of(full, sku_prefix="SKU-00012", limit=7)
    places = [row["channel_inventory"]["location_id"] for row in found]
    assert skus(found) == [sku(i) for i in range(120, 130) for _ in range(2)]
    assert places == ["1", PARIS] * 10


def test_only_the_chosen_locations_are_shown(full: ApiWorld) -> None:
    found = rows_of(full, location=PARIS, sku_prefix="SKU-00012")
    assert {row["channel_inventory"]["location_id"] for row in found} == {PARIS}


def test_status_and_direction_filter(full: ApiWorld) -> None:
    assert skus(rows_of(full, status="Failed")) == [sku(i) for i in range(0, 5000, 10)]
    assert skus(rows_of(full, direction="under")) == [sku(i) for i in range(0, 5000, 20)]
    assert skus(rows_of(full, direction="over")) == [sku(i) for i in range(10, 5000, 20)]
    prefix = rows_of(full, status="Success", location="1", sku_prefix="SKU-0000")
    assert skus(prefix) == [sku(i) for i in range(100) if i % 10]
    assert rows_of(full, direction="over", status="Success") == []
    assert skus(rows_of(full, reason="DIFFERS", sku_prefix="SKU-00001")) == [sku(10)]
    assert rows_of(full, reason="NOT_LISTED") == []


def test_titles_are_searched_whatever_the_case(full: ApiWorld) -> None:
    assert skus(rows_of(full, title="NUMBER 4999")) == [sku(4999)] * 2
    assert skus(rows_of(full, title="number 4990", status="Failed")) == [sku(4990)]
    assert rows_of(full, title="trousers") == []


def test_only_differences_reads_no_matching_row(full: ApiWorld) -> None:
    reply = full.call("GET", "/v1/rows?account=eu&status=Failed&location=1&limit=3")
    assert len(reply.body["rows"]) == 3
    pages = full.pages_of("acme")
    pages.asked.clear()
    full.call("GET", "/v1/rows?account=eu&status=Success&direction=under")
    assert [book for book, _ in pages.asked if book.startswith("listings")] == []


@pytest.mark.parametrize("start", [0, 1990, 1999, 2499, 2500, 4960])
def test_fifty_rows_from_anywhere_read_at_most_three_pages(full: ApiWorld, start: int) -> None:
    """Of rows and listings together, besides the two manifests (a root and its part each).

    And besides the small sheet of each page of rows, which says why its rows differ.
    """
    first = f"/v1/rows?account=eu&location=1&limit={start}" if start else None
    cursor, left = "", start
    while left and first:
        reply = full.call("GET", f"/v1/rows?account=eu&location=1&limit={min(left, 500)}{cursor}")
        left -= len(reply.body["rows"])
        cursor = f"&cursor={reply.body['cursor']}"
    pages = full.pages_of("acme")
    pages.asked.clear()
    reply = full.call("GET", f"/v1/rows?account=eu&location=1&limit=50{cursor}")
    shown = skus(reply.body["rows"])
    assert shown == [sku(i) for i in range(start, start + len(shown))]
    assert shown
    manifests, sheets = 4, 2
    assert len(set(pages.asked)) <= 3 + manifests + sheets


@pytest.mark.parametrize("shift", [0, 20, 40, 1000])
def test_three_pages_are_enough_where_rows_and_listings_break_elsewhere(
    api: ApiWorld, shift: int
) -> None:
    """The channel shows things nobody listed: pages of rows end before those of listings."""
    api.connect()
    unlisted = [row(f"A{i:06d}\x00\x00", 0, 1, Reason.NOT_LISTED) for i in range(shift)]
    listings = [listing(sku(i), f"Shirt {i}") for i in range(6000)]
    api.compared({"1": unlisted + [row(sku(i), 5, 5) for i in range(6000)]}, listings)
    pages, cursor, shown = api.pages_of("acme"), "", 0
    while True:
        pages.asked.clear()
        body = api.call("GET", f"/v1/rows?account=eu&limit=50{cursor}").body
        shown += len(body["rows"])
        manifests = 4
        assert len(set(pages.asked)) <= 3 + manifests
        if body["cursor"] is None:
            break
        assert body["rows"]
        cursor = f"&cursor={body['cursor']}"
    assert shown == 6000 + shift


def test_a_cursor_stays_with_the_versions_it_began_with(full: ApiWorld) -> None:
    first = full.call("GET", "/v1/rows?account=eu&location=1&limit=2").body
    full.compared({"1": [row(sku(i), 9, 0) for i in range(10)]})
    second = full.call(
        "GET", f"/v1/rows?account=eu&location=1&limit=2&cursor={first['cursor']}"
    ).body
    assert second["locations"] == first["locations"]
    assert [row["seller_inventory"]["total"] for row in second["rows"]] == [5, 5]


def test_a_cursor_of_other_filters_or_another_seller_is_refused(full: ApiWorld) -> None:
    cursor = full.call("GET", "/v1/rows?account=eu&limit=2").body["cursor"]
    full.connect(seller="bolt")
    other = full.call("GET", f"/v1/rows?account=eu&limit=2&sku_prefix=S&cursor={cursor}")
    assert other.status == 422
    pages = full.pages_of("acme")
    pages.asked.clear()
    bolt = full.call(
        "GET", f"/v1/rows?account=eu&limit=2&cursor={cursor}", claims=full.claims("bolt")
    )
    assert bolt.status == 422
    assert pages.asked == []


def test_a_failed_attempt_makes_a_locations_rows_failed_with_its_cause(full: ApiWorld) -> None:
    full.compared({}, causes={"1": "the channel was down"})
    found = rows_of(full, status="Failed", location="1", sku_prefix="SKU-0000")
    assert skus(found) == [sku(i) for i in range(100)]
    assert found[1]["explanation"] == "Could not be checked: the channel was down"
    assert (found[1]["outcome"], found[1]["checked"]) == ("match", False)
    assert found[1]["recon_date"] > found[1]["captured_at"]
    assert rows_of(full, status="Success", location="1") == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("account=eu&stauts=Failed", {"stauts"}),
        ("account=eu&limit=501&status=failed", {"limit", "status"}),
        ("account=eu&account=us", {"account"}),
        ("", {""}),
        ("account=eu&limit=x&direction=up", {"limit", "direction"}),
    ],
)
def test_a_wrong_filter_never_widens_the_view(full: ApiWorld, query: str, names: set[str]) -> None:
    reply = full.call("GET", f"/v1/rows?{query}")
    assert reply.status == 400
    assert {fault["where"] for fault in reply.body["faults"]} == names


def test_locations_are_those_of_the_account(full: ApiWorld) -> None:
    assert full.call("GET", "/v1/rows?account=eu&location=9").status == 422
    assert full.call("GET", "/v1/rows?account=us").status == 404
    assert rows_of(full, channel="vendure") == []


def test_history_shows_what_earlier_runs_found(full: ApiWorld) -> None:
    lost: list[Row] = [row(sku(3), 5, 1)]
    full.compared({"1": lost}, [listing(sku(3), "Shirt")])
    query = {"account": "eu", "location": "1", "sku": sku(3)}
    found = full.call("GET", "/v1/rows/history?" + urlencode(query)).body["rows"]
    assert [r["channel_inventory"]["inventory"] for r in found] == [1, 5]
    assert [r["product_name"] for r in found] == ["Shirt", "Shirt number 3"]
    assert found[0]["recon_date"] > found[1]["recon_date"]

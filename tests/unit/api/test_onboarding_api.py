"""Proposals that tie the wrong things together, and unmapped items that nobody is told of."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.unit.api.api_world import ApiWorld, Row, listing, row
from trueup.books.pages import Page
from trueup.books.schema import ALIASES, LISTINGS, OBSERVATIONS, RowUnknown, Unknown
from trueup.books.segments import Captured, SegmentWriter
from trueup.domain.outcomes import Reason
from trueup.domain.runs import Fetch, Run
from trueup.ports import Create
from trueup.usecases.books import aliases_book, listings_book
from trueup.usecases.onboarding.confirming import as_csv
from trueup.usecases.onboarding.proposals import proposals
from trueup.usecases.onboarding.unlisted import Onboarding

PARIS = "gid://shop/2 b"
UNMAPPED = "/v1/accounts/eu/unmapped"
PROPOSALS = "/v1/accounts/eu/proposals"
RED, BLUE, GREEN = "4006381333931", "4006381333948", "4006381333955"


def shown(code: str, quantity: int) -> Row:
    unknown = RowUnknown.TOTAL | RowUnknown.SELLABLE | RowUnknown.CAP
    return row(f"{code}\x00\x00", 0, quantity, Reason.NOT_LISTED, unknown=unknown)


def stock(sku: str, units: int) -> Row:
    return {"key": sku, "on_hand": units, "unknown": Unknown.STATED}


def saw(api: ApiWorld, run: Run, location: str, items: Sequence[tuple[str, str, str]]) -> None:
    """The evidence of a run: (code, gtin, title) at a location."""
    page = Page(
        [code for code, _, _ in items],
        {name: [0] * len(items) for name in OBSERVATIONS.ints},
        {
            "product_id": [f"P-{code}" for code, _, _ in items],
            "gtin": [gtin for _, gtin, _ in items],
            "title": [title for _, _, title in items],
        },
    )
    writer = SegmentWriter(api.evidence, f"runs/acme/eu/{run.id}/")
    segment = writer.write(OBSERVATIONS, [Captured(location, "2026-03-01T12:00:00Z", page)])
    fetch = Fetch(run=run.id, account="eu", done=True, segments=(segment,))
    api.registries.of("acme").write(Create(fetch))


@pytest.fixture
def shop(api: ApiWorld) -> ApiWorld:
    """A new account whose channel shows five items; one of them is listed."""
    api.connect()
    api.connect("us")
    api.write_baseline("acme", "berlin", [stock(sku, 3) for sku in ("A", "B", "C", "LISTED")])
    items = [
        ("A", "", "Item A"),
        ("LISTED", "", ""),
        ("R-1", RED, "Red one"),
        ("X", GREEN, "Green one"),
        ("Y", "0" + GREEN, "Green too"),
        (BLUE, "", "Blue one"),
    ]
    items.sort()
    rows = [shown(code, 2) for code, _, _ in items if code != "LISTED"] + [row("LISTED", 3, 3)]
    run = api.compared(
        {"1": sorted(rows, key=lambda r: r["key"]), PARIS: [shown("X", 7)]}, [listing("LISTED")]
    )
    saw(api, run, "1", items)
    others = [
        listing("B", "Blue", gtin="0" + BLUE),
        listing("C", "Red", gtin=RED),
        listing("C2", "Red six", gtin=RED, pack_size=6),
        listing("G", "Green", gtin=GREEN),
    ]
    api.write_book("acme", listings_book("us"), LISTINGS, others, "import")
    return api


def test_items_that_nobody_listed_are_listed_and_counted(shop: ApiWorld) -> None:
    reply = shop.call("GET", f"{UNMAPPED}?side=channel")
    assert [item["channel_identifier"] for item in reply.body["items"]] == [
        BLUE,
        "A",
        "R-1",
        "X",
        "Y",
    ]
    assert reply.body["items"][3] == {
        "channel_identifier": "X",
        "gtin": GREEN,
        "product_name": "Green one",
        "channel_product_id": "P-X",
        "channel_inventory": [
            {"location_id": "1", "inventory": 2},
            {"location_id": PARIS, "inventory": 7},
        ],
    }
    assert {count["location_id"] for count in reply.body["counts"]} == {"1", PARIS}


@pytest.mark.parametrize(
    ("side", "kind", "name"),
    [
        ("channel", "items", "channel_identifier"),
        ("seller", "skus", "seller_identifier"),
    ],
)
def test_pages_go_on_where_the_last_ended(shop: ApiWorld, side: str, kind: str, name: str) -> None:
    whole = shop.call("GET", f"{UNMAPPED}?side={side}").body[kind]
    found: list[Any] = []
    cursor = ""
    while True:
        page = shop.call("GET", f"{UNMAPPED}?side={side}&limit=1{cursor}").body
        found += page[kind]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert [one[name] for one in found] == [one[name] for one in whole]
    assert len(whole) >= 3
    other = "seller" if side == "channel" else "channel"
    assert shop.call("GET", f"{UNMAPPED}?side={other}{cursor}").status == 422


def test_skus_that_are_not_listed_come_with_their_stock(shop: ApiWorld) -> None:
    body = shop.call("GET", f"{UNMAPPED}?side=seller").body
    assert [sku["seller_identifier"] for sku in body["skus"]] == ["A", "B", "C"]
    assert body["skus"][0]["seller_inventory"] == [{"location": "berlin", "sellable": 3}]


def test_items_without_evidence_are_shown_without_texts(shop: ApiWorld) -> None:
    shop.evidence.delete(list(shop.evidence.list("runs/")))
    items = shop.call("GET", f"{UNMAPPED}?side=channel").body["items"]
    assert len(items) == 5
    assert {item["product_name"] for item in items} == {""}


def pairs(body: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (p["item"]["channel_identifier"], p["seller_identifier"], p["by"])
        for p in body["proposals"]
    ]


def test_only_unique_exact_matches_are_proposed(shop: ApiWorld) -> None:
    """X and Y share a GTIN; C2 is a six-pack and so no single unit of that GTIN."""
    whole = shop.call("GET", PROPOSALS).body
    assert pairs(whole) == [(BLUE, "B", "gtin"), ("A", "A", "sku"), ("R-1", "C", "gtin")]
    first = shop.call("GET", f"{PROPOSALS}?limit=1").body
    rest = shop.call("GET", f"{PROPOSALS}?cursor={first['cursor']}").body
    assert pairs(first) + pairs(rest) == pairs(whole)


def test_two_skus_of_one_gtin_propose_neither(shop: ApiWorld) -> None:
    shop.write_book(
        "acme",
        listings_book("us"),
        LISTINGS,
        [listing("C", gtin=RED), listing("D", gtin=RED)],
        "import",
    )
    assert pairs(shop.call("GET", PROPOSALS).body) == [("A", "A", "sku")]


def test_what_was_listed_meanwhile_is_not_proposed(shop: ApiWorld) -> None:
    shop.write_book("acme", listings_book("eu"), LISTINGS, [listing("A")], "import")
    alias = {"key": "R-1", "listing_key": "Z\x00R-1"}
    shop.write_book("acme", aliases_book("eu"), ALIASES, [alias], "import")
    assert pairs(shop.call("GET", PROPOSALS).body) == [(BLUE, "B", "gtin")]


def test_chunks_propose_what_the_whole_does(shop: ApiWorld) -> None:
    ports = Onboarding(shop.registries.of("acme"), shop.pages_of("acme"), shop.evidence)
    whole = list(proposals(ports, "eu"))
    assert list(proposals(ports, "eu", chunk=1)) == whole


def test_all_proposals_are_confirmed_by_one_import(shop: ApiWorld) -> None:
    reply = shop.call("POST", f"{PROPOSALS}/confirm", {"all": True})
    assert reply.status == 202
    assert (reply.body["confirmed"], reply.body["more"]) == (3, False)
    made = reply.body["import"]
    assert (made["kind"], made["target"], made["state"]) == ("listings", "eu", "Validating")
    [key] = shop.imports.list("uploads/acme/")
    ports = Onboarding(shop.registries.of("acme"), shop.pages_of("acme"), shop.evidence)
    assert shop.imports.get(key) == as_csv(proposals(ports, "eu"))
    assert b'"C","R-1","4006381333931","P-R-1","Red one"' in shop.imports.get(key)


def test_some_proposals_are_confirmed_by_name(shop: ApiWorld) -> None:
    body = {"channel_identifiers": ["R-1", "A"]}
    assert shop.call("POST", f"{PROPOSALS}/confirm", body).body["confirmed"] == 2
    wrong = shop.call("POST", f"{PROPOSALS}/confirm", {"channel_identifiers": ["A", "X"]})
    assert wrong.status == 422
    assert [fault["where"] for fault in wrong.body["faults"]] == ["/channel_identifiers/1"]


@pytest.mark.parametrize("body", [{}, {"all": True, "channel_identifiers": ["A"]}, {"all": False}])
def test_a_confirmation_says_which(shop: ApiWorld, body: dict[str, Any]) -> None:
    assert shop.call("POST", f"{PROPOSALS}/confirm", body).status == 422


def test_nothing_to_confirm_is_told(shop: ApiWorld) -> None:
    assert shop.call("POST", "/v1/accounts/us/proposals/confirm", {"all": True}).status == 422

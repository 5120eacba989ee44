"""A real Vendure shop from its connection to exact differences, all through the API.

For the bug that only a channel has that nobody here wrote: reservations counted twice, units of
the wrong location, a sign turned round, an item that came or went.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from local.embedded import Embedded
from local.vendure import (
    Level,
    NewVariant,
    Seeded,
    StockChange,
    VendureAdmin,
    VendureServer,
    random_plan,
    seed,
)
from tests.stack_world import StackWorld, rules_off
from tests.vendure_shop import positions

pytestmark = [pytest.mark.stack, pytest.mark.vendure, pytest.mark.slow]

ACCOUNT = "vendure-eu"
SECRET = f"trueup/shopkeeper/vendure/{ACCOUNT}"
PLAN = random_plan(["Leeds", "Bristol"], variants=200, orders=12)
PLACES = {"Leeds": "leeds", "Bristol": "bristol"}
Key = tuple[str, str]


@dataclass(frozen=True)
class Shop:
    world: StackWorld
    admin: VendureAdmin
    seeded: Seeded
    unmapped: dict[str, Any]
    """The first run, before any listing was there."""
    confirmed: dict[str, Any]
    """What confirming all proposals answered."""

    def levels(self) -> dict[Key, Level]:
        """By location and SKU."""
        return {(level.location_id, level.sku): level for level in self.admin.levels()}

    def place(self, name: str) -> str:
        return next(place.id for place in self.seeded.locations if place.name == name)

    def change(self, by: Mapping[Key, int]) -> None:
        """Add to what is on hand, behind our back."""
        levels = self.levels()
        self.admin.set_stock(
            [
                StockChange(levels[key].variant_id, key[0], levels[key].on_hand + units)
                for key, units in by.items()
            ]
        )


@pytest.fixture(scope="module")
def shop(
    stack: Embedded, vendure_server: VendureServer, vendure_admin: VendureAdmin
) -> Iterator[Shop]:
    """The shop, connected; our baselines are its stock, with its reservations as committed."""
    seeded = seed(vendure_admin, PLAN)
    login = {"username": vendure_server.username, "password": vendure_server.password}
    stack.client("secretsmanager").create_secret(Name=SECRET, SecretString=json.dumps(login))
    with (
        rules_off(stack, "DispatchSchedule", "SweepSchedule"),
        StackWorld(stack, "shopkeeper") as world,
    ):
        for place in seeded.locations:
            world.add_place(PLACES[place.name], positions(vendure_admin, place.id))
        config = {"url": vendure_server.url}
        account = world.connect(ACCOUNT, "vendure", config=config, secret=SECRET)
        assert {place["name"] for place in account["locations"]} == set(PLACES)
        assert account["capabilities"]["reports"] == "on_hand"
        world.link(ACCOUNT, {place.id: [PLACES[place.name]] for place in seeded.locations})
        unmapped = world.reconcile(ACCOUNT)
        confirmed = world.post(f"/v1/accounts/{ACCOUNT}/proposals/confirm", {"all": True})
        assert world.applied(confirmed["import"]["id"])["rows"] == 200
        yield Shop(world, vendure_admin, seeded, unmapped, confirmed)


def differing(shop: Shop) -> dict[Key, tuple[Any, ...]]:
    return {
        key: (row["reason"], row["delta"], row["gap"], row["direction"])
        for key, row in shop.world.rows(ACCOUNT, status="Failed").items()
    }


def test_a_shop_is_mapped_by_its_own_skus(shop: Shop) -> None:
    found, confirmed = shop.unmapped, shop.confirmed
    assert (found["state"], found["totals"]["not_listed"]) == ("Succeeded", 400)
    assert (confirmed["confirmed"], confirmed["more"]) == (200, False)


def test_reserved_units_make_no_difference(shop: Shop) -> None:
    assert sum(level.allocated for level in shop.levels().values()) > 0
    run = shop.world.reconcile(ACCOUNT)
    totals = run["totals"]
    assert (run["state"], totals["rows"], totals["matching"]) == ("Succeeded", 400, 400)
    assert differing(shop) == {}
    rows = shop.world.rows(ACCOUNT)
    assert {key: row["channel_inventory"]["inventory"] for key, row in rows.items()} == {
        key: level.on_hand - level.allocated for key, level in shop.levels().items()
    }


def test_what_changed_behind_our_back_is_what_differs(shop: Shop) -> None:
    leeds, bristol = shop.place("Leeds"), shop.place("Bristol")
    stocked = [key for key, level in shop.levels().items() if level.on_hand - level.allocated > 20]
    some = [key for key in stocked if key[0] == leeds][:9:2]
    others = [key for key in stocked if key[0] == bristol][1:8:2]
    held = [key for key, level in shop.levels().items() if level.allocated][:2]
    changes = {key: 3 + n for n, key in enumerate(some)}
    changes |= {key: -(2 + n) for n, key in enumerate(others)}
    changes |= dict.fromkeys(held, 5)
    shop.change(changes)
    run = shop.world.reconcile(ACCOUNT)
    assert differing(shop) == {
        key: ("DIFFERS", -units, -units, "over" if units > 0 else "under")
        for key, units in changes.items()
    }
    over = sum(units for units in changes.values() if units > 0)
    under = -sum(units for units in changes.values() if units < 0)
    assert (run["totals"]["units_over"], run["totals"]["units_under"]) == (over, under)
    shop.change({key: -units for key, units in changes.items()})
    shop.world.reconcile(ACCOUNT)
    assert differing(shop) == {}, "what was put back matches again"


def test_an_item_that_went_and_one_that_came_are_told_apart(shop: Shop) -> None:
    leeds, bristol = shop.place("Leeds"), shop.place("Bristol")
    ordered = {sku for (_, sku), level in shop.levels().items() if level.allocated}
    gone = next(sku for _, sku in sorted(shop.levels()) if sku not in ordered)
    shop.admin.delete_variants([shop.seeded.variant_ids[gone]])
    shop.admin.create_variants([NewVariant("NEW-1", "New here", 500, {leeds: 4, bristol: 0})])
    run = shop.world.reconcile(ACCOUNT)
    assert run["state"] == "Succeeded"
    assert differing(shop) == {
        (leeds, gone): ("NOT_ON_CHANNEL", None, None, None),
        (bristol, gone): ("NOT_ON_CHANNEL", None, None, None),
        (leeds, "NEW-1"): ("NOT_LISTED", None, None, None),
        (bristol, "NEW-1"): ("NOT_LISTED", None, None, None),
    }
    rows = shop.world.rows(ACCOUNT)
    assert rows[leeds, "NEW-1"]["channel_inventory"]["inventory"] == 4

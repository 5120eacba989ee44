"""A real Vendure shop is made right and taken back, all through the API.

For the bug that only a channel has that nobody here wrote: a quantity that is set beside its
reservations, one bad item that costs others, an undo that overwrites what was sold.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from local.embedded import Embedded
from local.vendure import (
    Level,
    OrderLine,
    SeedPlan,
    SeedVariant,
    StockChange,
    VendureAdmin,
    VendureServer,
    seed,
)
from tests.executions import executed
from tests.stack_force import Desk, Key, outcomes
from tests.stack_world import Json, StackWorld, rules_off
from tests.vendure_shop import connected

pytestmark = [pytest.mark.stack, pytest.mark.vendure, pytest.mark.slow]

ACCOUNT = "vendure-eu"
SELLER = "forcing-shopkeeper"
PLACES = {"Leeds": "leeds", "Bristol": "bristol"}
SKUS = [f"TRU-{number:05d}" for number in range(210)]
DELETED, UNTRACKED, EDITED, BOUGHT = SKUS[20], SKUS[31], SKUS[42], SKUS[53]
"""What happens to these between the plan and its push."""


def shows(number: int, place: int) -> int:
    """Units on hand that the shop begins with."""
    return 8 + (7 * number + 11 * place) % 90


def off(sku: str) -> int:
    """Units that are there and not shown, or shown and not there: one direction a SKU."""
    number = SKUS.index(sku)
    return (1 + number % 3) * (1 if number % 2 else -1)


PLAN = SeedPlan(
    tuple(PLACES),
    tuple(
        SeedVariant(sku, f"Test article {n}", 990, (shows(n, 0), shows(n, 1)))
        for n, sku in enumerate(SKUS)
    ),
    tuple(((sku, 2), (SKUS[n + 100], 1)) for n, sku in enumerate(SKUS[:8])),
)


@dataclass
class Shop:
    """The shop, with the one who proposes and the one who approves."""

    desk: Desk
    approver: Desk
    admin: VendureAdmin
    before: dict[Key, Level]
    forced: dict[Key, Level] = field(default_factory=dict)
    """As the shop was after the plan of the whole."""
    plan: Json = field(default_factory=dict)
    """That plan."""

    @property
    def locations(self) -> list[str]:
        return sorted({location for location, _ in self.before})

    def levels(self) -> dict[Key, Level]:
        return {(level.location_id, level.sku): level for level in self.admin.levels()}

    def set(self, on_hand: dict[Key, int]) -> None:
        """Edit the shop behind our back."""
        now = self.levels()
        changes = [StockChange(now[key].variant_id, key[0], n) for key, n in on_hand.items()]
        self.admin.set_stock(changes)

    def buy(self, sku: str) -> None:
        variant = next(level.variant_id for (_, s), level in self.before.items() if s == sku)
        self.admin.place_order([OrderLine(variant, 1)])


@pytest.fixture(scope="module")
def shop(
    stack: Embedded, vendure_server: VendureServer, vendure_admin: VendureAdmin
) -> Iterator[Shop]:
    """420 stock levels, none of them right; nothing was ever forced here."""
    seed(vendure_admin, PLAN)
    with (
        rules_off(stack, "DispatchSchedule", "SweepSchedule"),
        StackWorld(stack, SELLER) as world,
        StackWorld(stack, SELLER, "second-person", ["approver"]) as second,
    ):
        made = Shop(Desk(world, ACCOUNT), Desk(second, ACCOUNT), vendure_admin, {})
        made.before = made.levels()
        connected(world, vendure_server, vendure_admin, ACCOUNT, PLACES, off)
        assert world.reconcile(ACCOUNT)["totals"]["differing"] == len(made.before) == 420
        made.desk.go_live(first_rows=3)
        yield made


def unsold(level: Level) -> int:
    return level.on_hand - level.allocated


def on_hand(levels: dict[Key, Level]) -> dict[Key, tuple[int, int]]:
    return {key: (level.on_hand, level.allocated) for key, level in levels.items()}


def test_the_first_force_is_a_small_one_and_starts_the_cooldown(shop: Shop) -> None:
    first = shop.desk.propose(shop.locations)
    assert (first["first"], first["approvals"]) == (True, [])
    skipped = first["summary"]["skipped"]
    assert (first["summary"]["rows"], skipped["orders_not_imported"]) == (6, 210)
    assert (skipped["first_limit"], first["summary"]["considered"]) == (204, 420)
    assert shop.desk.forced(first)["parts"][0]["counts"]["success"] == 6
    assert outcomes(shop.desk.pushes(first)) == {"APPLIED": 6}
    again = shop.desk.propose(shop.locations)
    answer = shop.approver.decide(again, "approve")
    assert answer.status_code == httpx.codes.CONFLICT, answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert {fault["where"] for fault in answer.json()["faults"]} == set(shop.locations)


def test_all_levels_are_set_but_those_that_cannot_be(shop: Shop) -> None:
    before = shop.levels()
    shop.desk.cover_orders(datetime.now(UTC).isoformat())
    plan = shop.plan = shop.desk.propose(shop.locations)
    assert plan["approvals"] == ["share", "unexplained"]
    rows = shop.desk.planned(plan)
    assert len(rows) == plan["summary"]["rows"] == 414
    assert [shop.desk.decide(plan, how).status_code for how in ("confirm", "approve")] == [403, 403]
    bad = meanwhile(shop)
    shop.desk.cool()
    ended = shop.approver.forced(plan, "approve")
    (part,) = ended["parts"]
    assert (ended["state"], part["cause"]) == ("finished", None)
    assert (part["counts"]["success"], part["counts"]["error"]) == (414 - len(bad), len(bad))
    shop.forced = shop.levels()
    fine = rows.keys() - bad.keys()
    assert {key: unsold(shop.forced[key]) for key in fine} == {
        key: rows[key]["target"] for key in fine
    }
    assert {key: shop.forced[key].allocated for key in fine} == {
        key: before[key].allocated for key in fine
    }
    visible = shop.desk.world.rows(ACCOUNT)
    assert {key for key, row in visible.items() if row["status"] != "Success"} == bad.keys()
    told(shop, plan, bad)


def meanwhile(shop: Shop) -> dict[Key, str]:
    """What happens between the plan and its push, and what then becomes of these rows."""
    bad = {
        (location, sku): "SKIPPED" for sku in (DELETED, UNTRACKED) for location in shop.locations
    }
    levels = shop.levels()
    shop.admin.delete_variants([levels[shop.locations[0], DELETED].variant_id])
    shop.admin.stop_tracking([levels[shop.locations[0], UNTRACKED].variant_id])
    shop.set({(shop.locations[0], EDITED): 3})
    shop.buy(BOUGHT)
    now = shop.levels()
    bought = [key for key, level in now.items() if level.allocated != levels[key].allocated]
    return bad | dict.fromkeys([(shop.locations[0], EDITED), *bought], "STALE_CHANNEL")


def told(shop: Shop, plan: Json, bad: dict[Key, str]) -> None:
    """The push log says what became of each row, and the machines carried little."""
    log = shop.desk.pushes(plan)
    assert {key: push["outcome"] for key, push in log.items() if push["status"] == "Error"} == bad
    assert all(push["message"] and push["advice"] for key, push in log.items() if key in bad)
    good = [push for push in log.values() if push["status"] == "Success"]
    assert len(good) == 414 - len(bad)
    assert [push for push in good if push["after"] != push["quantity"]] == []
    windows = [int(part) for push in good for part in push["message"].split() if part.isdigit()]
    assert len(windows) == len(good), "each row says how long a sale might have been overwritten"
    bundle = shop.desk.world.get(f"/v1/pushes/{good[0]['id']}/support")
    assert bundle["plan"]["part"]["window_ms"] == max(windows) > 0
    stack = shop.desk.world.stack
    assert executed(stack, plan["id"], "plan_force").visited[-1] == "EndProposed"
    done = executed(stack, f"{plan['id']}-all", "force")
    assert (done.status, done.visited[-1]) == ("SUCCEEDED", "EndForced")


def test_an_undo_restores_what_nobody_touched(shop: Shop) -> None:
    ours = sorted(key for key, push in shop.desk.pushes(shop.plan, status="Success").items())
    touched = sold_and_edited(shop, ours)
    shop.desk.world.reconcile(ACCOUNT)
    undo = shop.desk.undo(shop.plan, above_publishable=True)
    rows = shop.desk.planned(undo)
    changed = shop.desk.planned(undo, skip="changed")
    assert (set(rows), set(changed)) == (set(ours) - touched, touched)
    assert all("sold, edited" in row["note"] for row in changed.values())
    late = sorted(rows)[:3]
    shop.set({key: shop.forced[key].on_hand + 1 for key in late})
    left = on_hand(shop.levels())
    ended = shop.approver.forced(undo, "approve")
    assert ended["parts"][0]["counts"] == counts(success=len(rows) - 3, error=3)
    log = shop.desk.pushes(undo)
    assert {key for key, push in log.items() if push["outcome"] == "STALE_CHANNEL"} == set(late)
    back = rows.keys() - set(late)
    expected = {key: on_hand(shop.before)[key] if key in back else n for key, n in left.items()}
    assert on_hand(shop.levels()) == expected


def sold_and_edited(shop: Shop, ours: list[Key]) -> set[Key]:
    """Half of what was set, by customers and by hand."""
    for sku in SKUS[60:68]:
        shop.buy(sku)
    now = shop.levels()
    sold = [key for key in ours if now[key].allocated != shop.forced[key].allocated]
    others = [key for key in ours if key not in sold][: len(ours) // 2 - len(sold)]
    shop.set({key: now[key].on_hand + 1 + n % 4 for n, key in enumerate(others)})
    assert len(sold) == 8
    return {*sold, *others}


def counts(**known: int) -> dict[str, Any]:
    return dict.fromkeys(("queued", "submitted", "success", "error"), 0) | known

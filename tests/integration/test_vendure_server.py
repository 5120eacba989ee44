"""The test channel itself: finds a Vendure server that is not what later tests take it for."""

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.vendure import (
    Level,
    OrderLine,
    Seeded,
    SeedPlan,
    StockChange,
    VendureAdmin,
    VendureError,
    VendureServer,
    random_plan,
    seed,
)
from local.vendure.packages import PROJECT, SOURCE

pytestmark = pytest.mark.vendure

PLAN = random_plan(["Leeds", "Bristol"], variants=200, orders=12)


@pytest.fixture(scope="module")
def seeded(vendure_admin: VendureAdmin) -> Seeded:
    started = time.perf_counter()
    done = seed(vendure_admin, PLAN)
    tell("seeded 200 variants at 2 locations", started)
    return done


def tell(what: str, started: float) -> None:
    print(f"{what} in {time.perf_counter() - started:.1f} s")  # noqa: T201 - shown by pytest -rP


def stock(levels: list[Level]) -> dict[tuple[str, str], tuple[int, int]]:
    return {(row.variant_id, row.location_id): (row.on_hand, row.allocated) for row in levels}


def planned(plan: SeedPlan, done: Seeded) -> dict[tuple[str, str], tuple[int, int]]:
    """Orders hold units where their SKU is first in stock; nothing leaves before it is shipped."""
    held = plan.allocated()
    rows: dict[tuple[str, str], tuple[int, int]] = {}
    for variant in plan.variants:
        for location, units in zip(done.locations, variant.on_hand, strict=True):
            if units is not None:
                taken = held.pop(variant.sku, 0) if units else 0
                rows[done.variant_ids[variant.sku], location.id] = (units, taken)
    return rows


def test_seeded_stock_and_open_orders_read_back(
    vendure_admin: VendureAdmin, seeded: Seeded
) -> None:
    started = time.perf_counter()
    levels = vendure_admin.levels()
    tell(f"read {len(levels)} levels", started)
    assert stock(levels) == planned(PLAN, seeded)
    assert sum(row.allocated for row in levels) == sum(PLAN.allocated().values()) > 0
    assert {row.sku for row in levels} == {variant.sku for variant in PLAN.variants}
    assert vendure_admin.locations() == list(seeded.locations)
    assert vendure_admin.placed_orders() == len(PLAN.orders)


def test_the_same_plan_twice_changes_nothing(vendure_admin: VendureAdmin, seeded: Seeded) -> None:
    before = vendure_admin.levels()
    assert seed(vendure_admin, PLAN) == seeded
    assert vendure_admin.levels() == before


def test_only_the_stock_that_is_set_changes(vendure_admin: VendureAdmin, seeded: Seeded) -> None:
    before = stock(vendure_admin.levels())
    changes = [StockChange(*key, before[key][0] + 7) for key in list(before)[::9]]
    vendure_admin.set_stock(changes)
    wanted = {(row.variant_id, row.location_id): row.on_hand for row in changes}
    after = stock(vendure_admin.levels())
    assert after == {key: (wanted.get(key, old[0]), old[1]) for key, old in before.items()}


def test_one_bad_id_undoes_its_whole_batch(vendure_admin: VendureAdmin, seeded: Seeded) -> None:
    before = vendure_admin.levels()
    first = before[0]
    good = StockChange(first.variant_id, first.location_id, first.on_hand + 1)
    with pytest.raises(VendureError, match="could be found"):
        vendure_admin.set_stock([good, StockChange("999999", first.location_id, 1)])
    assert vendure_admin.levels() == before


def test_an_order_over_the_stock_is_refused(vendure_admin: VendureAdmin, seeded: Seeded) -> None:
    before = vendure_admin.levels()
    variant = before[0].variant_id
    units = sum(row.on_hand - row.allocated for row in before if row.variant_id == variant)
    with pytest.raises(VendureError, match="INSUFFICIENT_STOCK_ERROR"):
        vendure_admin.place_order([OrderLine(variant, units + 1)])
    assert vendure_admin.levels() == before


def test_readers_never_see_a_write_that_fails(
    vendure_server: VendureServer, vendure_admin: VendureAdmin, seeded: Seeded
) -> None:
    before = vendure_admin.levels()
    last = before[-1].variant_id
    changes = [StockChange(row.variant_id, row.location_id, 5000) for row in before[-180:]]

    def fail(writer: VendureAdmin) -> None:
        with pytest.raises(VendureError, match="FOREIGN KEY"):
            writer.set_stock([*changes, StockChange(last, "999999", 1)])

    with ThreadPoolExecutor(1) as pool, VendureAdmin.of(vendure_server) as writer:
        running = pool.submit(fail, writer)
        while not running.done():
            assert vendure_admin.levels() == before
        running.result()
    assert vendure_admin.levels() == before


def test_deleted_variants_are_gone(vendure_admin: VendureAdmin, seeded: Seeded) -> None:
    sku = PLAN.variants[-1].sku
    vendure_admin.delete_variants([seeded.variant_ids[sku]])
    assert sku not in vendure_admin.variant_ids()


def test_a_kept_shop_is_the_same_after_a_restart(tmp_path: Path) -> None:
    plan, database = random_plan(["North", "South"], variants=20, orders=3), tmp_path / "shop.db"
    with VendureServer.start(tmp_path, database=database) as server, VendureAdmin.of(server) as one:
        seed(one, plan)
        before, login = one.levels(), (server.username, server.password)
    with VendureServer.start(tmp_path, database=database) as server, VendureAdmin.of(server) as two:
        assert (server.username, server.password) == login
        seed(two, plan)
        assert two.levels() == before


STARTER = """
import sys, time
from pathlib import Path
from local.vendure import VendureServer
print(VendureServer.start(Path(sys.argv[1])).port, flush=True)
time.sleep(600)
"""


def test_the_server_ends_with_a_killed_starter(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as starter:
        assert starter.stdout is not None
        port = int(starter.stdout.readline())
        assert answers(port)
        starter.kill()
    deadline = time.monotonic() + 10
    while answers(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not answers(port)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_lock_file_names_no_package_host() -> None:
    assert '"resolved"' not in (SOURCE / "package-lock.json").read_text()


def test_a_plan_depends_on_its_arguments_only() -> None:
    assert random_plan(["Leeds", "Bristol"], variants=200, orders=12) == PLAN
    assert random_plan(["Leeds", "Bristol"], variants=200, orders=12, seed_number=2) != PLAN

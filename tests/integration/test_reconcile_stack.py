"""Whole runs on the embedded stack, with channels that behave and channels that do not.

For the bug that only shows when the shipped parts meet: rows that are wrong or lost, a failure
that nobody understands, a payload that Step Functions would refuse.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from local.embedded import Embedded
from tests.executions import Execution, executed
from tests.stack_world import StackWorld, rules_off, within
from trueup.domain.rates import Rate
from trueup.domain.runs import Fetch, Lease

pytestmark = pytest.mark.stack

SKUS = [f"SKU-{number:03d}" for number in range(40)]
ON_HAND = {sku: 10 + number for number, sku in enumerate(SKUS)}
COMMITTED = {sku: number % 4 for number, sku in enumerate(SKUS)}
SELLABLE = {sku: ON_HAND[sku] - COMMITTED[sku] for sku in SKUS}
LINKS = {"L1": ["north"], "L2": ["south"]}
HAPPY = [
    "OpenRun",
    "Opened?",
    "FetchChannel",
    "MoreToFetch?",
    "PlanCompare",
    "AnythingToCompare?",
    "CompareRanges",
    "CloseRun",
    "Reconciled?",
    "EndReconciled",
]
UNREAD = [*HAPPY[:4], "DescribeFailedFetch", "FailRun", "EndFailed"]


@pytest.fixture(scope="module")
def world(stack: Embedded) -> Iterator[StackWorld]:
    """A seller with two locations; the schedule starts nothing by itself."""
    with (
        rules_off(stack, "DispatchSchedule", "SweepSchedule"),
        StackWorld(stack, "reconciled") as made,
    ):
        for place in ("north", "south"):
            made.add_place(
                place,
                [{"sku": s, "on_hand": ON_HAND[s], "committed": COMMITTED[s]} for s in SKUS],
            )
        yield made


def connected(world: StackWorld, account: str, **fields: Any) -> None:
    """An account whose shop shows just what can be sold, at both of its locations."""
    items = [(sku, SELLABLE[sku]) for sku in SKUS]
    world.shop(account).seed({"L1": items, "L2": items})
    world.connect(account, **fields)
    world.link(account, LINKS)
    world.list_skus(account, SKUS)


def figures(row: Mapping[str, Any]) -> tuple[Any, ...]:
    shown = row["channel_inventory"]["inventory"]
    return (row["publishable"], shown, row["delta"], row["gap"], row["reason"])


def matching() -> dict[tuple[str, str], tuple[Any, ...]]:
    return {
        (place, sku): (SELLABLE[sku], SELLABLE[sku], 0, 0, "MATCHES")
        for place in LINKS
        for sku in SKUS
    }


def found(world: StackWorld, account: str, **query: Any) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {key: figures(row) for key, row in world.rows(account, **query).items()}


def execution(world: StackWorld, run: Mapping[str, Any]) -> Execution:
    return executed(world.stack, run["id"])


def is_free(world: StackWorld, account: str) -> bool:
    lease = world.registry.get(Lease, account)
    return lease is not None and lease.value.holder == ""


def test_an_import_passes_through_its_machine(world: StackWorld) -> None:
    world.post("/v1/locations", {"code": "attic", "name": "Attic"})
    rows = [{"sku": sku, "on_hand": 1} for sku in SKUS]
    done = world.imported({"kind": "baseline", "target": "attic", "rows": rows})
    assert (done["rows"], done["version"]) == (40, 1)
    taken = executed(world.stack, done["id"], "ingest")
    assert taken.status == "SUCCEEDED"
    steps = [
        "ValidateImport",
        "Accepted?",
        "ApplyImport",
        "Applied?",
        "CompareStated",
        "EndApplied",
    ]
    assert taken.visited == steps


def test_a_run_finds_exactly_the_differences_that_are_there(world: StackWorld) -> None:
    connected(world, "happy")
    shop = world.shop("happy")
    over, under, silent, gone = SKUS[3], SKUS[20], SKUS[30], SKUS[11]
    shop.edit("L1", {over: SELLABLE[over] + 7, under: SELLABLE[under] - 4, silent: None})
    shop.remove("L2", [gone])
    shop.put("L2", [("STRANGER", 6)])
    run = world.reconcile("happy")
    different = {
        ("L1", over): (SELLABLE[over], SELLABLE[over] + 7, -7, -7, "DIFFERS"),
        ("L1", under): (SELLABLE[under], SELLABLE[under] - 4, 4, 4, "DIFFERS"),
        ("L1", silent): (SELLABLE[silent], None, None, None, "QUANTITY_UNKNOWN"),
        ("L2", gone): (SELLABLE[gone], None, None, None, "NOT_ON_CHANNEL"),
        ("L2", "STRANGER"): (None, 6, None, None, "NOT_LISTED"),
    }
    assert (run["state"], run["cause"]) == ("Succeeded", None)
    assert found(world, "happy") == matching() | different
    assert found(world, "happy", status="Failed") == different
    assert found(world, "happy", direction="over") == {("L1", over): different["L1", over]}
    totals = run["totals"]
    assert (totals["rows"], totals["matching"], totals["differing"]) == (81, 76, 2)
    assert (totals["units_over"], totals["units_under"]) == (7, 4)
    done = execution(world, run)
    assert (done.status, done.visited) == ("SUCCEEDED", HAPPY)
    assert done.children == ["SUCCEEDED", "SUCCEEDED"]
    assert is_free(world, "happy")


def test_nothing_changed_gives_the_same_rows_in_a_new_version(world: StackWorld) -> None:
    connected(world, "calm")
    world.reconcile("calm")
    before = found(world, "calm")
    run = world.reconcile("calm")
    assert found(world, "calm") == before == matching()
    assert [place["version"] for place in run["locations"]] == [2, 2]


def test_a_connector_that_fails_ends_the_run_and_leaves_the_old_rows(world: StackWorld) -> None:
    connected(world, "broken")
    world.reconcile("broken")
    world.shop("broken").faults(fail_at_page=0)
    run = world.reconcile("broken")
    assert run["state"] == "Failed"
    assert run["cause"] == "The channel could not be read: The shop broke down."
    rows = world.rows("broken")
    assert {key: figures(row) for key, row in rows.items()} == matching()
    done = execution(world, run)
    assert (done.status, done.visited) == ("FAILED", UNREAD)
    assert is_free(world, "broken")
    world.shop("broken").faults()
    assert world.reconcile("broken")["state"] == "Succeeded"


def test_a_throttled_channel_is_waited_for(world: StackWorld) -> None:
    connected(world, "busy")
    world.shop("busy").faults(page_rows=10, throttle_every=5, retry_after_seconds=1)
    run = world.reconcile("busy")
    assert run["state"] == "Succeeded"
    assert found(world, "busy") == matching()
    visited = execution(world, run).visited
    turns = visited.count("WaitForChannel")
    assert turns > 0
    assert visited.count("FetchChannel") == turns + 1
    assert [state for state in visited if state in HAPPY[4:]] == HAPPY[4:]


def test_accounts_of_one_credential_wait_together(world: StackWorld) -> None:
    """A 429 that one of them got keeps the other from calling."""
    secret = "trueup/reconciled/sandbox/shared"
    connected(world, "one", secret=secret)
    connected(world, "two", secret=secret)
    world.shop("one").faults(page_rows=40, throttle_every=2, retry_after_seconds=8)
    first = world.generate("one")
    within(30, lambda: paused(world, secret))
    second = world.ended(world.generate("two"))
    assert second["state"] == world.ended(first)["state"] == "Succeeded"
    assert "WaitForChannel" in execution(world, second).visited
    assert found(world, "two") == matching()


def paused(world: StackWorld, credential: str) -> Rate | None:
    stored = world.registry.get(Rate, credential)
    return stored.value if stored and stored.value.paused_until else None


def test_one_failing_location_does_not_lose_the_other(world: StackWorld) -> None:
    connected(world, "halved")
    world.shop("halved").faults(failing_locations={"L2": "Closed for stocktaking."})
    run = world.reconcile("halved")
    causes = {place["channel_location"]: place["cause"] for place in run["locations"]}
    assert (run["state"], run["cause"]) == ("Partial", "Closed for stocktaking.")
    assert causes == {"L1": None, "L2": "Closed for stocktaking."}
    assert found(world, "halved") == {k: v for k, v in matching().items() if k[0] == "L1"}
    done = execution(world, run)
    assert (done.status, done.visited) == ("SUCCEEDED", HAPPY)
    assert done.children == ["SUCCEEDED"]


def test_no_location_left_is_a_failed_run(world: StackWorld) -> None:
    connected(world, "closed")
    closed = "Closed for stocktaking."
    world.shop("closed").faults(failing_locations={"L1": closed, "L2": closed})
    run = world.reconcile("closed")
    assert (run["state"], run["cause"]) == ("Failed", closed)
    done = execution(world, run)
    assert (done.status, done.children) == ("FAILED", [])
    assert "CompareRanges" not in done.visited
    assert is_free(world, "closed")


def test_the_order_of_pages_is_the_channels_own(world: StackWorld) -> None:
    connected(world, "shuffled")
    world.shop("shuffled").faults(page_rows=7, shuffle_pages=True)
    assert world.reconcile("shuffled")["state"] == "Succeeded"
    assert found(world, "shuffled") == matching()


@pytest.mark.parametrize("fault", ["drop_page", "repeat_page"])
def test_a_page_dropped_or_repeated_makes_no_row(world: StackWorld, fault: str) -> None:
    account = fault.replace("_", "-")
    connected(world, account)
    world.reconcile(account)
    world.shop(account).faults(page_rows=10, **{fault: 2})
    run = world.reconcile(account)
    assert run["state"] == "Failed"
    assert "answers did not fit together 3 times" in run["cause"]
    assert found(world, account) == matching()
    done = execution(world, run)
    assert done.visited.count("FetchChannel") == 3
    assert done.visited[-3:] == UNREAD[-3:]
    assert is_free(world, account)


def test_a_page_dropped_once_is_fetched_again(world: StackWorld) -> None:
    connected(world, "flaky")
    world.shop("flaky").faults(page_rows=10, drop_page=2, slow_ms=400)
    started = world.generate("flaky")
    within(60, lambda: attempted(world, started, 2))
    world.shop("flaky").faults()
    run = world.ended(started)
    assert (run["state"], run["cause"]) == ("Succeeded", None)
    assert found(world, "flaky") == matching()
    assert execution(world, run).visited.count("FetchChannel") > 1


def attempted(world: StackWorld, started: Mapping[str, Any], attempt: int) -> Fetch | None:
    stored = world.registry.get(Fetch, started["account"], started["id"])
    return stored.value if stored and stored.value.attempt >= attempt else None


def test_what_is_sold_meanwhile_shows_in_the_next_run(world: StackWorld) -> None:
    connected(world, "lively")
    shop = world.shop("lively")
    shop.faults(page_rows=10, sell_per_page=3)
    assert world.reconcile("lively")["state"] == "Succeeded"
    assert found(world, "lively") == matching()
    shop.faults()
    left = {(place, row[0]): row[1] for place in LINKS for row in shop.look(place, SKUS)}
    sold = {key: SELLABLE[key[1]] - units for key, units in left.items()}
    assert sum(sold.values()) == 3 * 8
    world.reconcile("lively")
    assert found(world, "lively") == {
        key: (SELLABLE[key[1]], left[key], units, units, "DIFFERS" if units else "MATCHES")
        for key, units in sold.items()
    }

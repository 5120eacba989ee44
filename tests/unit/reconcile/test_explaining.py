"""Rows whose cause, episode or outcome is lost, invented, or costs a write each run."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.shelf import CAPTURED, Shelf, changed
from tests.unit.reconcile.test_reconciling import stocked
from tests.world import ACCOUNT, World
from trueup.adapters.events import run_detail
from trueup.books.schema import ROWS
from trueup.domain.accounts import Account
from trueup.domain.groups import CauseGroup
from trueup.domain.outcomes import Outcome, Reason
from trueup.domain.runs import History, LocationResult, RunState
from trueup.domain.time import milliseconds
from trueup.explain.facts import Cause, Explanation, Facts, Finding
from trueup.ports import Replace
from trueup.usecases import books
from trueup.usecases.recheck import recheck
from trueup.usecases.reconcile.grouping import fitted

Explainer = Callable[[Facts], Explanation]


def explained_by(monkeypatch: pytest.MonkeyPatch, explain: Explainer) -> list[Facts]:
    """Runs and rechecks explain by this; what they are asked is noted."""
    asked: list[Facts] = []

    def noting(facts: Facts) -> Explanation:
        asked.append(facts)
        return explain(facts)

    for module in ("reconcile.comparing", "chosen"):
        monkeypatch.setattr(f"trueup.usecases.{module}.explain", noting)
    return asked


def gap(facts: Facts) -> int:
    return (facts.publishable - facts.reported) * facts.terms.pack_size


def lagging(facts: Facts) -> Explanation:
    """All of it passes by itself."""
    found = (Finding(Cause.LAG, gap(facts), {"movements": ["wms:1"]}),)
    return Explanation(found, 0, Outcome.EXPLAINED, settling_until=9_000)


def nothing(facts: Facts) -> Explanation:
    return Explanation((), gap(facts), Outcome.EXCEPTION)


def sheet(world: World, place: str = "1") -> dict[str, dict[str, Any]]:
    pinned = books.pin(world.registry, books.rows_book(ACCOUNT, place))
    assert pinned is not None
    reader = books.open_book(world.pages, pinned, ROWS)
    return {row["key"]: row for page in reader.differing() for row in page.rows()}


def episode(world: World, key: str) -> tuple[int, int, int, int]:
    row = sheet(world)[key]
    at = milliseconds(CAPTURED)
    names = ("agreed_at", "diverged_at")
    first, second = ((row[name] - at) // 60_000 if row[name] else -1 for name in names)
    return first, row["agreed_version"], second, row["diverged_version"]


def later(world: World, minutes: int) -> None:
    """What the channel shows from now on is captured so much later."""
    at = (CAPTURED + timedelta(minutes=minutes)).isoformat()
    world.shelf.spoil = lambda answer: changed(answer, captured_at=at)


def test_an_episode_begins_at_the_first_capture_and_is_carried_on() -> None:
    world = stocked()
    world.reconcile()
    for minutes in (10, 20, 30):
        world.shelf.stock["1", "SKU-0007"] = 9 + minutes
        later(world, minutes)
        world.reconcile()
        assert episode(world, "SKU-0007") == (0, 1, 10, 2)
    world.shelf.stock["1", "SKU-0007"] = 7
    later(world, 40)
    world.reconcile()
    assert sheet(world) == {}
    world.shelf.stock["1", "SKU-0007"] = 8
    later(world, 50)
    world.reconcile()
    assert episode(world, "SKU-0007") == (40, 5, 50, 6)


def test_a_row_that_never_matched_has_no_last_good_capture() -> None:
    world = stocked()
    world.shelf.stock["1", "SKU-0007"] = 9
    del world.shelf.stock["1", "SKU-0008"]
    world.reconcile()
    later(world, 10)
    world.reconcile()
    assert episode(world, "SKU-0007") == (-1, 0, 0, 1)
    assert episode(world, "SKU-0008") == (-1, 0, 0, 1)


def test_an_episode_outlasts_a_change_of_its_reason() -> None:
    world = stocked()
    world.reconcile()
    for minutes, shown in ((10, None), (20, 9)):
        world.shelf.stock["1", "SKU-0007"] = shown
        later(world, minutes)
        world.reconcile()
    assert world.differing() == {"SKU-0007": Reason.DIFFERS}
    assert episode(world, "SKU-0007") == (0, 1, 10, 2)


def test_differing_rows_that_stay_as_they_are_cost_no_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    explained_by(monkeypatch, lagging)
    world = stocked()
    for number in range(20):
        world.shelf.stock["1", f"SKU-{number:04d}"] = 999
    world.reconcile()
    before = world.pages.meter.usage.items_written  # type: ignore[attr-defined]
    later(world, 10)
    world.reconcile()
    assert world.pages.meter.usage.items_written == before  # type: ignore[attr-defined]
    assert len(sheet(world)) == 20


def test_explained_rows_are_failed_and_counted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    explained_by(monkeypatch, lagging)
    world = stocked()
    world.shelf.stock["1", "SKU-0007"] = 9
    world.shelf.stock["1", "SKU-0000"] = 4
    world.shelf.stock["1", "STRANGER"] = 3
    run = world.reconcile()
    assert world.rows()["SKU-0007"]["reason"] == Reason.EXPLAINED
    row = sheet(world)["SKU-0007"]
    assert (row["cause"], row["settling_until"], row["unexplained"]) == ("lag", 9_000, 0)
    assert row["causes"] == '[["lag",-2,{"movements":["wms:1"]}]]'
    tally = run.locations[0].tally
    assert (tally.matching, tally.differing, tally.explained) == (248, 0, 2)
    assert (tally.units_over, tally.oversold_rows) == (6, 1)
    lag = CauseGroup(
        cause="lag",
        rows=2,
        explained=2,
        oversold_rows=1,
        units_over=6,
        unvalued=2,
        samples=("SKU-0000", "SKU-0007"),
    )
    strange = CauseGroup(cause="not_listed", rows=1, unvalued=1, samples=("STRANGER\x00\x00",))
    assert run.locations[0].causes == (lag, strange)
    kept = world.registry.get(History, ACCOUNT, "1", run.id)
    assert kept is not None
    assert kept.value.causes == (lag, strange)
    assert run_detail("acme", run)["causes"] == {"lag": 2, "not_listed": 1}


def test_what_settles_becomes_stale_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = explained_by(monkeypatch, lagging)
    world = stocked()
    world.shelf.stock["1", "SKU-0007"] = 9
    world.reconcile()

    def stale(facts: Facts) -> Explanation:
        found = lagging(facts).findings
        return Explanation(found, 0, Outcome.EXCEPTION, stale_since=9_000)

    asked = explained_by(monkeypatch, stale)
    later(world, 10)
    run = world.reconcile()
    assert (asked[0].captures, asked[0].previous is not None) == (2, True)
    row = sheet(world)["SKU-0007"]
    assert (row["reason"], row["settling_until"], row["stale_since"]) == (1, 0, 9_000)
    assert (run.locations[0].tally.differing, run.locations[0].tally.explained) == (1, 0)
    assert world.rows()["SKU-0007"]["reason"] == Reason.DIFFERS


def test_the_capture_before_is_known_to_who_explains(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = explained_by(monkeypatch, nothing)
    world = stocked()
    world.reconcile()
    world.shelf.stock["1", "SKU-0007"] = 9
    later(world, 10)
    world.reconcile()
    before = asked[0].previous
    assert before is not None
    assert (before.at, before.reported, before.publishable) == (milliseconds(CAPTURED), 7, 7)
    assert (before.matched, asked[0].captures) == (True, 1)
    assert asked[0].captured_at - before.at == 600_000


def test_a_cause_that_cannot_be_seen_any_more_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def edited(facts: Facts) -> Explanation:
        found = (Finding(Cause.HAND_EDIT, gap(facts), {"before": 7}),)
        return Explanation(found, 0, Outcome.EXCEPTION)

    explained_by(monkeypatch, edited)
    world = stocked()
    world.shelf.stock["1", "SKU-0007"] = 9
    world.reconcile()
    explained_by(monkeypatch, nothing)
    world.reconcile()
    row = sheet(world)["SKU-0007"]
    assert (row["cause"], row["unexplained"]) == ("hand_edit", 0)
    world.shelf.stock["1", "SKU-0007"] = 10
    world.reconcile()
    row = sheet(world)["SKU-0007"]
    assert (row["cause"], row["unexplained"]) == ("", -3)


def test_what_was_captured_too_long_ago_is_stale_and_never_a_match() -> None:
    world = stocked(20)
    account = world.registry.get(Account, ACCOUNT)
    assert account is not None
    limited = account.value.model_copy(update={"max_report_age_minutes": 60})
    world.registry.write(Replace(limited, account.version))
    world.shelf.stock["1", "SKU-0007"] = 9
    world.shelf.stock["1", "SKU-0008"] = None
    world.now = CAPTURED + timedelta(minutes=60)
    assert world.reconcile().locations[0].tally.stale == 0
    world.now = CAPTURED + timedelta(minutes=60, milliseconds=1)
    run = world.reconcile()
    tally = run.locations[0].tally
    assert (tally.stale, tally.matching, tally.differing, tally.unknown) == (19, 0, 0, 1)
    assert (tally.units_over, tally.rows) == (0, 20)
    assert set(world.differing().values()) == {Reason.STALE, Reason.QUANTITY_UNKNOWN}
    assert {group.cause: group.rows for group in run.locations[0].causes} == {
        "stale": 19,
        "unknown": 1,
    }


def test_rechecked_rows_are_explained_by_the_same_path(monkeypatch: pytest.MonkeyPatch) -> None:
    explained_by(monkeypatch, lagging)
    world = stocked(20)
    world.reconcile()
    world.shelf.stock["1", "SKU-0007"] = 9
    world.now += timedelta(minutes=5)
    later(world, 10)
    done = recheck(
        world.work(), account=ACCOUNT, location="1", skus=["SKU-0007"], requested_by="ada"
    )
    overlay = done.rows["SKU-0007"]
    assert overlay.values["reason"] == Reason.EXPLAINED
    assert overlay.texts["cause"] == "lag"
    at = milliseconds(CAPTURED)
    assert (overlay.values["agreed_at"], overlay.values["agreed_version"]) == (at, 1)
    assert overlay.values["diverged_at"] == at + 600_000


def test_results_of_very_many_locations_fit_into_a_record() -> None:
    groups = tuple(
        CauseGroup(cause=f"cause_{n}", rows=99 - n, samples=("K" * 500,) * 5) for n in range(20)
    )
    results = [
        LocationResult(channel_location=f"{n}", state=RunState.SUCCEEDED, causes=groups)
        for n in range(200)
    ]
    assert fitted(results[:2], 360_000) == tuple(results[:2])
    kept = fitted(results, 360_000)
    assert sum(len(result.model_dump_json()) for result in kept) <= 360_000
    assert len(kept) == 200
    assert [group.rows for group in kept[0].causes] == [99 - n for n in range(len(kept[0].causes))]
    assert len(kept[0].causes) > 3


def test_causes_of_sixty_locations_stay_within_their_records() -> None:
    places = tuple(f"{n:02d}" for n in range(60))
    keys = [f"{n}{'K' * 240}" for n in range(9)]
    stock: dict[tuple[str, str], int | None] = {(p, key): 8 for p in places for key in keys}
    stock |= {(p, keys[0]): None for p in places}
    world = World(Shelf(stock=stock, locations=places))
    world.link({place: ["main"] for place in places})
    world.baseline("main", dict.fromkeys(keys, 5))
    world.listings(keys)
    run = world.reconcile()
    assert run.state is RunState.SUCCEEDED
    assert len(run.model_dump_json()) < 380_000
    for result in run.locations:
        rows = {group.cause: group.rows for group in result.causes}
        assert rows == {"unexplained": 8, "unknown": 1}
        kept = world.registry.get(History, ACCOUNT, result.channel_location, run.id)
        assert kept is not None
        assert [len(group.samples) for group in kept.value.causes] == [5, 1]
    (announced,) = [run for _, run in world.events.completed]
    assert run_detail("acme", announced)["causes"] == {"unexplained": 480, "unknown": 60}

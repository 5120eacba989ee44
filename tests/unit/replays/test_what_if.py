"""Finds: a what-if that lists other rows than a run under those terms would have changed."""

import json
import re
from typing import Any

import pytest

from tests.asl import ROOT
from tests.unit.replays.replay_world import furnished, moved_on, replayed
from tests.world import ACCOUNT, World
from trueup.domain.accounts import Account, Link
from trueup.domain.errors import ConflictError, RejectedError
from trueup.domain.replays import Change, Replay, ReplayState
from trueup.domain.runs import Run
from trueup.domain.sources import Source
from trueup.domain.tolerances import Tolerance
from trueup.ports import Create, Registry, Replace
from trueup.usecases.replays import ranges
from trueup.usecases.replays.reading import ChangedRow, changed_rows

PLACES = ("1", "2")


def rule(**of: Any) -> dict[str, Any]:
    return {"over": {"absolute": 2}, "under": {"absolute": 1, "percent": 40}} | of


CHANGES: dict[str, dict[str, Any]] = {
    "all": {"tolerance": 2},
    "account": {"tolerances": [rule()]},
    "place": {"tolerances": [rule(channel_location="2")]},
    "sku": {"tolerances": [rule(sku="SKU-01"), rule(sku="SKU-22", channel_location="1")]},
    "buffer": {"buffers": {"1": 1}},
    "buffers": {"buffers": {"1": 3, "2": 12}},
    "allocation": {"allocation": 80},
    "channel settles": {"settle_seconds": 3600},
    "place settles": {"locations": {"main": {"settle_seconds": 60}}},
    "much": {"tolerance": 1, "buffers": {"2": 5}, "settle_seconds": 7200, "allocation": 90},
    "nothing": {"max_report_age_minutes": 60},
}


def replaced(registry: Registry, kind: type[Any], *identity: str, **changes: Any) -> None:
    stored = registry.get(kind, *identity)
    assert stored is not None
    registry.write(Replace(stored.value.model_copy(update=changes), stored.version))


def set_terms(world: World, change: Change) -> None:
    """What a person would set so that the next run has these terms."""
    registry = world.registry
    account = registry.get(Account, ACCOUNT)
    assert account is not None
    own: dict[str, Any] = {
        name: getattr(change, name)
        for name in ("tolerance", "allocation", "max_report_age_minutes")
        if getattr(change, name) is not None
    }
    if change.settle_seconds is not None:
        told = account.value.capabilities
        assert told is not None
        terms = {"settle_seconds": change.settle_seconds}
        own["capabilities"] = told.model_copy(update=terms)
    replaced(registry, Account, ACCOUNT, **own)
    for other in change.tolerances:
        registry.write(Create(Tolerance(account=ACCOUNT, **other.model_dump())))
    for place, units in change.buffers.items():
        replaced(registry, Link, ACCOUNT, place, buffer=units)
    if change.locations:
        settle = change.locations["main"].settle_seconds
        replaced(registry, Source, "wms", settle_seconds=settle)


def reasons(world: World) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (place, key): (row["reason"], row["publishable"])
        for place in PLACES
        for key, row in world.rows(place).items()
    }


def listed(world: World, replay: Replay, limit: int = 7) -> list[ChangedRow]:
    rows: list[ChangedRow] = []
    cursor: str | None = None
    while True:
        page = changed_rows(world.registry, world.evidence, replay.id, cursor, limit)
        assert len(page.rows) <= limit
        rows += page.rows
        cursor = page.cursor
        if cursor is None:
            return rows


@pytest.mark.parametrize("name", CHANGES)
def test_it_lists_just_the_rows_that_a_run_with_these_terms_has_otherwise(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "ROWS_AN_OBJECT", 3)
    change = Change.model_validate(CHANGES[name])
    world, other = furnished(), furnished()
    set_terms(other, change)
    run = world.reconcile()
    other.reconcile()
    before, after = reasons(world), reasons(other)
    assert before.keys() == after.keys()
    expected = {key: (before[key], after[key]) for key in before if before[key][0] != after[key][0]}
    assert bool(expected) is (name != "nothing")
    moved_on(world)
    replay = replayed(world, run, change)
    rows = listed(world, replay)
    assert [(row.location, row.key) for row in rows] == sorted(expected)
    for row in rows:
        told = (
            (row.before.reason, row.before.publishable),
            (row.after.reason, row.after.publishable),
        )
        assert told == expected[row.location, row.key]
    assert replay.result is not None
    assert replay.result.identical is None
    assert replay.result.changed == len(expected)
    counted = {(turn.before, turn.after): turn.rows for turn in replay.result.turns}
    turns = [(one[0], two[0]) for one, two in expected.values()]
    assert counted == {turn: turns.count(turn) for turn in turns}


def test_a_rule_goes_in_the_place_of_the_runs_own_of_the_same_scope() -> None:
    world = furnished()
    world.registry.write(
        Create(Tolerance(account=ACCOUNT, **rule(sku="SKU-01"))),
        Create(Tolerance(account=ACCOUNT, **rule(sku="SKU-22"))),
    )
    run = world.reconcile()
    strict = Change.model_validate({"tolerances": [{"sku": "SKU-01"}]})
    rows = listed(world, replayed(world, run, strict))
    assert [(row.location, row.key) for row in rows] == [("1", "SKU-01")]


def test_an_age_limit_makes_rows_stale_as_of_the_run_not_of_now() -> None:
    world = furnished()
    run = world.reconcile()
    moved_on(world)
    change = Change(max_report_age_minutes=1)
    assert listed(world, replayed(world, run, change)) == []


def test_rows_are_listed_only_of_what_if_that_has_ended_and_by_its_own_cursor() -> None:
    world = furnished()
    run = world.reconcile()
    with pytest.raises(RejectedError, match="Only a what_if"):
        changed_rows(world.registry, world.evidence, replayed(world, run).id, None, 5)
    change = Change(tolerance=2)
    one, two = replayed(world, run, change), replayed(world, run, change)
    cursor = changed_rows(world.registry, world.evidence, one.id, None, 1).cursor
    for other in (cursor, "%", "AAAA", "W10"):
        with pytest.raises(RejectedError, match="cursor"):
            changed_rows(world.registry, world.evidence, two.id, other, 1)
    stored = world.registry.get(Replay, two.id)
    assert stored is not None
    busy = stored.value.model_copy(update={"state": ReplayState.RUNNING})
    world.registry.write(Replace(busy, stored.version))
    with pytest.raises(ConflictError, match="not come to its end"):
        changed_rows(world.registry, world.evidence, two.id, None, 1)


def test_the_example_of_the_documentation_is_a_change() -> None:
    text = (ROOT / "docs" / "replay.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    change = Change.model_validate(json.loads(example)["change"])
    assert all(getattr(change, name) for name in Change.model_fields)
    table = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert table == list(Change.model_fields)


def test_a_run_that_was_compared_is_not_changed_by_a_what_if() -> None:
    world = furnished()
    run = world.reconcile()
    replayed(world, run, Change(tolerance=5))
    result = replayed(world, run).result
    assert result is not None
    assert result.identical
    assert isinstance(world.run(run.id), Run)

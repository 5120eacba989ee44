"""Finds: a replay that depends on the time of day, misses what was altered, or leaves traces."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.asl import TaskFailedError
from tests.unit.replays.replay_world import found, furnished, moved_on, replayed, start
from tests.world import ACCOUNT, World
from trueup.adapters.memory_objects import MemoryObjects
from trueup.adapters.memory_pages import MemoryPages
from trueup.books.manifest import load_manifest, manifest_blobs
from trueup.domain.errors import ConflictError, NotFoundError, RejectedError
from trueup.domain.outcomes import Reason
from trueup.domain.replays import NO_CHANGE, Change, FirstDifference, Replay, ReplayState
from trueup.domain.runs import Run, RunState, Version
from trueup.domain.time import from_milliseconds
from trueup.ports import Replace
from trueup.usecases.books import rows_book
from trueup.usecases.reconcile.job import Job
from trueup.usecases.reconcile.parts import PlanItem, load_plan
from trueup.usecases.replays.starting import MAX_OPEN, REPLAYED_DAYS
from trueup.usecases.retention import KEPT_DAYS, sweep_books


def state(world: World) -> Any:
    """All that is stored but replays and their objects."""
    assert isinstance(world.pages, MemoryPages)
    assert isinstance(world.evidence, MemoryObjects)
    records = deepcopy(world.registries._sellers["acme"])
    kept = {key: value for key, value in records.items() if "replay" not in str(key)}
    bodies = {k: v for k, v in world.evidence._bodies.items() if not k.startswith("replays/")}
    return deepcopy(world.pages._items), bodies, kept


def plan_of(world: World, run: Run) -> list[PlanItem]:
    given = {"seller": "acme", "account": ACCOUNT, "run": run.id}
    return load_plan(world.work(), Job.model_validate(given))


def test_a_run_is_the_same_a_day_later_whatever_changed_since() -> None:
    world = furnished()
    run = world.reconcile()
    assert {Reason.DIFFERS, Reason.EXPLAINED} <= set(world.differing().values())
    moved_on(world)
    before = state(world)
    replay = replayed(world, run)
    assert replay.state is ReplayState.SUCCEEDED
    assert replay.result is not None
    assert (replay.result.identical, replay.result.first) == (True, None)
    assert (replay.result.ranges, replay.result.unmade) == (len(plan_of(world, run)), 0)
    assert replay.result.rows == sum(result.tally.rows for result in run.locations) > 40
    assert state(world) == before, "nothing is stored and nothing is visible"


def test_every_kept_run_is_the_same_however_often_the_books_were_swept() -> None:
    world = furnished()
    runs = [world.reconcile()]
    for _ in range(6):
        world.now += timedelta(days=9)
        world.baseline("main", {"SKU-01": world.now.day})
        world.shelf.stock["1", "SKU-02"] = world.now.day
        runs.append(world.reconcile())
        sweep_books(world.registry, world.pages, world.now)
    oldest = world.now - timedelta(days=REPLAYED_DAYS)
    kept = [run for run in runs if run.opened_at > oldest]
    before = plan_of(world, kept[0])[0].previous_at
    assert from_milliseconds(before) < world.now - timedelta(days=KEPT_DAYS)
    for run in kept:
        result = replayed(world, run).result
        assert result is not None
        assert result.identical, result.first


def needed(world: World, run: Run) -> set[tuple[str, str]]:
    """The blobs that the run compared or made, by book: none of these may change unseen."""
    pins = [run.inputs.listings, *run.inputs.baselines.values()]
    books = [(pin.book, pin.manifest) for pin in pins if pin is not None]
    plan = plan_of(world, run)
    books += [(rows_book(ACCOUNT, i.location), i.previous) for i in plan if i.previous]
    found = {(book, blob) for book, m in books for blob in manifest_blobs(world.pages, book, m)}
    for place in ("1", "2"):
        book = rows_book(ACCOUNT, place)
        (version,) = [r.version for r in run.locations if r.channel_location == place]
        manifest = world.registry.get(Version, book, f"{version:012d}")
        assert manifest is not None
        frames = load_manifest(world.pages, book, manifest.value.manifest).frames
        found |= {(book, blob) for frame in frames for blob in frame.blobs()}
    return found


@pytest.mark.parametrize("how", ["emptied", "exchanged", "gone"])
def test_every_page_that_was_altered_is_found(how: str) -> None:
    world = furnished()
    run = world.reconcile()
    moved_on(world)
    wanted = needed(world, run)
    assert isinstance(world.pages, MemoryPages)
    items = world.pages._items
    tried = 0
    for book, blobs in items.items():
        for name, item in list(blobs.items()):
            others = [other.blob for other in blobs.values() if other.blob != item.blob]
            if how == "gone":
                del blobs[name]
            else:
                blobs[name] = replace(item, blob=b"" if how == "emptied" else others[0])
            result = replayed(world, run).result
            assert result is not None
            assert result.identical is ((book, name) not in wanted), (book, name)
            if not result.identical:
                tried += 1
                assert result.first is not None
                assert result.first.what == "evidence"
                assert result.first.detail
            blobs[name] = item
    assert tried == len(wanted) > 10


def test_a_segment_that_was_altered_or_is_gone_is_found() -> None:
    world = furnished()
    run = world.reconcile()
    objects = world.evidence
    assert isinstance(objects, MemoryObjects)
    segments = [key for key in objects.list(f"runs/acme/{ACCOUNT}/{run.id}") if ".seg" in key]
    assert any("/ledger/" in key for key in segments)
    assert len(segments) == 3
    for key in segments:
        body = objects._bodies[key]
        for other in (body[:-1] + bytes([body[-1] ^ 1]), None):
            objects.delete([key])
            if other is not None:
                objects.put(key, other)
            result = replayed(world, run).result
            assert result is not None
            assert result.first is not None
            assert (result.identical, result.first.what) == (False, "evidence")
            assert key in result.first.detail
        objects.put(key, body)
    ended = replayed(world, run).result
    assert ended is not None
    assert ended.identical


def replayed_with(world: World, run: Run, **inputs: Any) -> FirstDifference:
    """As if a run's record had been altered: its pages are sound, but not what follows from it."""
    stored = world.registry.get(Run, ACCOUNT, run.id)
    assert stored is not None
    other = run.inputs.model_copy(update=inputs)
    world.registry.write(Replace(run.model_copy(update={"inputs": other}), stored.version))
    result = replayed(world, run).result
    assert result is not None
    assert result.first is not None
    assert not result.identical
    return result.first


def test_other_inputs_are_found_with_the_first_row_that_they_change() -> None:
    world = furnished()
    first = replayed_with(world, world.reconcile(), buffers={"1": 0, "2": 2})
    assert (first.what, first.channel_location, first.key) == ("rows", "2", "KIT")


def test_other_explanations_are_found_with_their_row() -> None:
    world = furnished()
    run = world.reconcile()
    terms = run.inputs.places["main"].model_copy(update={"settle_seconds": 600})
    first = replayed_with(world, run, places={"main": terms})
    assert (first.what, first.channel_location, first.key) == ("causes", "1", "SKU-06")


def test_other_figures_are_found() -> None:
    world = furnished()
    run = world.reconcile()
    key = f"runs/acme/{ACCOUNT}/{run.id}/parts/00000.json"
    part = msgspec.json.decode(world.evidence.get(key))
    part["tally"]["units_over"] += 1
    world.evidence.put(key, msgspec.json.encode(part))
    result = replayed(world, run).result
    assert result is not None
    assert result.first is not None
    assert (result.first.what, result.first.key) == ("figures", None)


def test_a_part_with_other_rows_than_became_visible_is_found() -> None:
    world = furnished()
    run = world.reconcile()
    key = f"runs/acme/{ACCOUNT}/{run.id}/parts/00001.json"
    part = msgspec.json.decode(world.evidence.get(key))
    part["frames"][0]["content"] = "0" * 32
    world.evidence.put(key, msgspec.json.encode(part))
    result = replayed(world, run).result
    assert result is not None
    assert result.first is not None
    assert (result.first.what, result.first.channel_location) == ("evidence", "2")


def test_a_location_that_failed_is_not_replayed_and_the_others_are() -> None:
    world = furnished()
    world.shelf.failing["2"] = "Closed."
    run = world.reconcile()
    assert run.state is RunState.PARTIAL
    result = replayed(world, run).result
    assert result is not None
    assert (result.identical, result.ranges, result.unmade) == (True, 1, 0)


def test_a_range_that_the_run_never_made_is_told() -> None:
    world = furnished()
    machine = world.machine()
    compare = machine.tasks["${CompareFunctionArn}"]

    def failing(event: dict[str, Any]) -> Any:
        if event["location"] == "2":
            raise TaskFailedError("States.Timeout")
        return compare(event)

    machine.tasks["${CompareFunctionArn}"] = failing
    run = world.reconcile(machine)
    assert run.state is RunState.PARTIAL
    for change in (NO_CHANGE, Change(tolerance=2)):
        result = replayed(world, run, change).result
        assert result is not None
        assert (result.ranges, result.unmade, result.first) == (1, 1, None)


def test_what_cannot_be_replayed_is_refused_with_the_reason() -> None:
    world = furnished()
    with pytest.raises(NotFoundError):
        start(world, world.start().run.model_copy(update={"id": "01J"}))
    open_ = world.start().run
    with pytest.raises(ConflictError, match="not ended"):
        start(world, open_)
    stored = world.registry.get(Run, ACCOUNT, open_.id)
    assert stored is not None
    failed = open_.model_copy(update={"state": RunState.FAILED})
    world.registry.write(Replace(failed, stored.version))
    with pytest.raises(RejectedError, match="no rows"):
        start(world, failed)


def test_a_run_of_which_the_evidence_is_gone_is_refused() -> None:
    world = furnished()
    run = world.reconcile()
    plan = f"runs/acme/{ACCOUNT}/{run.id}/plan.json"
    body = world.evidence.get(plan)
    world.evidence.delete([plan])
    with pytest.raises(ConflictError, match="no longer kept"):
        start(world, run)
    world.evidence.put(plan, body)
    world.now += timedelta(days=REPLAYED_DAYS)
    with pytest.raises(ConflictError, match="34 days"):
        start(world, run)


def test_changes_fit_the_kind_and_the_run() -> None:
    world = furnished()
    run = world.reconcile()
    change = Change.model_validate(
        {
            "tolerances": [{"channel_location": "9"}],
            "buffers": {"a/b": 1},
            "locations": {"paris": {"settle_seconds": 1}},
        }
    )
    with pytest.raises(RejectedError) as refused:
        start(world, run, change)
    where = [fault.where for fault in refused.value.faults]
    assert where == [
        f"/change/{end}"
        for end in ("tolerances/0/channel_location", "buffers/a~1b", "locations/paris")
    ]


def test_only_so_many_are_at_work_at_a_time() -> None:
    world = furnished()
    run = world.reconcile()
    replays = [start(world, run) for _ in range(MAX_OPEN)]
    with pytest.raises(ConflictError, match="at work already"):
        start(world, run)
    assert {found(world, replay).state for replay in replays} == {ReplayState.PENDING}


def test_replays_are_forgotten_with_the_runs_of_their_time() -> None:
    world = furnished()
    replayed(world, world.reconcile())
    sweep_books(world.registry, world.pages, world.now)
    assert world.registry.list(Replay).items
    world.now += timedelta(days=36)
    sweep_books(world.registry, world.pages, world.now)
    assert not world.registry.list(Replay).items

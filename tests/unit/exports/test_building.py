"""A file that is not what was asked for, or that another build has spoilt."""

import csv
from datetime import timedelta
from typing import Any

import pytest

from tests.faults import Died, Injector, Kind
from tests.unit.exports.export_world import ROWS, ExportWorld
from tests.unit.replays.replay_world import moved_on
from tests.world import ACCOUNT, SELLER
from trueup.domain.accounts import Account
from trueup.domain.errors import ConflictError, NotFoundError, RejectedError, RetryLaterError
from trueup.domain.exports import Export, ExportSlot, ExportState, Format, Shown
from trueup.domain.overlays import Overlay
from trueup.domain.runs import Head
from trueup.ports import Replace
from trueup.tables import xlsx
from trueup.usecases.exceptions.listing import Asked
from trueup.usecases.exports import batches, building
from trueup.usecases.exports.building import TOO_LARGE, build_export
from trueup.usecases.exports.catalogue import CATALOGUE
from trueup.usecases.exports.ending import fail_export
from trueup.usecases.exports.freezing import Chosen
from trueup.usecases.exports.job import ExportJob, payload
from trueup.usecases.exports.starting import Wish, retry_export, start_export
from trueup.usecases.overlays import lay, overlays_of
from trueup.usecases.retention import sweep_books
from trueup.usecases.rows.filters import Filters

NAMES = ("channel_identifier", "channel_inventory.location_id", "delta", "status", "recon_date")
VIEWS: list[Chosen] = [ROWS, Filters(account=ACCOUNT, cause="lag"), Asked(ACCOUNT, "1")]


def job_of(export: Export) -> ExportJob:
    return ExportJob.model_validate(payload(SELLER, export))


def lay_over(world: ExportWorld, key: str, shown: int) -> None:
    """A row is compared again."""
    inner = world.world
    values = {k: v for k, v in inner.rows()[key].items() if isinstance(v, int)}
    row = Overlay(
        account=ACCOUNT,
        channel_location="1",
        key=key,
        values=values | {"reported": shown, "reason": 1},
        captured_at=inner.now,
        compared_at=inner.now,
        requested_by="ada",
    )
    lay(inner.registry, row)


@pytest.mark.parametrize("chosen", VIEWS, ids=["rows", "some rows", "exceptions"])
def test_what_changes_after_it_was_asked_for_changes_nothing(chosen: Chosen) -> None:
    world = ExportWorld()
    world.world.now += timedelta(minutes=1)
    lay_over(world, "SKU-11", 3)
    before = world.now(chosen, *NAMES)
    export = world.start(chosen, Format.CSV, None, *NAMES)
    lay_over(world, "SKU-12", 4)
    moved_on(world.world)
    account = world.world.registry.get(Account, ACCOUNT)
    assert account is not None
    renamed = account.value.model_copy(update={"name": "Other", "client": "other"})
    world.world.registry.write(Replace(renamed, account.version))
    assert world.now(chosen, *NAMES) != before
    assert overlays_of(world.world.registry, ACCOUNT, "1") == {}
    built = world.build(export)
    again = ExportWorld()
    again.world.now += timedelta(minutes=1)
    lay_over(again, "SKU-11", 3)
    same = again.build(again.start(chosen, Format.CSV, None, *NAMES))
    assert built.state is ExportState.SUCCESS
    assert (built.sha256, built.rows) == (same.sha256, len(before))
    assert len(before) > 3


def test_a_sweep_meanwhile_keeps_what_an_export_reads() -> None:
    world = ExportWorld()
    export = world.start(ROWS, Format.CSV)
    for _ in range(3):
        world.world.now += timedelta(days=20)
        moved_on(world.world)
    sweep_books(world.world.registry, world.world.pages, world.world.now)
    assert world.build(export).state is ExportState.SUCCESS
    other = world.start(ROWS, Format.CSV)
    world.world.now += timedelta(days=3)
    swept = sweep_books(world.world.registry, world.world.pages, world.world.now)
    assert swept.blobs > 0  # what the first had pinned
    assert world.build(other).state is ExportState.SUCCESS


def test_the_file_says_what_it_is() -> None:
    world = ExportWorld()
    export = world.start(ROWS, Format.XLSX, None, *NAMES)
    built = world.build(export)
    data, (about,) = world.data(export), list(world.sheets(export).values())[1:]
    told = {str(name): value for name, value, *_ in about}
    assert len(data) == built.rows == built.expected == told["Rows"]
    assert (told["Seller"], told["Filter: account"]) == (SELLER, ACCOUNT)
    assert told["SHA-256 of the data"] == built.sha256
    assert told["Location"].startswith("eu: ")
    assert built.size == world.files.size(built.key)
    assert built.key.startswith(f"files/{SELLER}/{export.id}/")


def test_rows_of_an_earlier_run_are_as_it_left_them() -> None:
    world = ExportWorld()
    export = world.start(ROWS, Format.CSV, None, *NAMES)
    first = world.build(export)
    version = _visible_run(world)
    moved_on(world.world)
    earlier = world.build(world.start(ROWS, Format.CSV, version, *NAMES))
    assert earlier.sha256 == first.sha256
    assert world.build(world.start(ROWS, Format.CSV, None, *NAMES)).sha256 != first.sha256
    with pytest.raises(NotFoundError, match="no such run"):
        world.start(ROWS, Format.CSV, "nobodys")
    with pytest.raises(RejectedError):
        world.start(Filters(channel="shelf"), Format.CSV, version)
    world.world.now += timedelta(days=40)
    with pytest.raises(ConflictError, match="34 days"):
        world.start(ROWS, Format.CSV, version)


def _visible_run(world: ExportWorld) -> str:
    head = world.world.registry.get(Head, "rows/eu/1")
    assert head is not None
    return head.value.made_by


def test_csv_has_the_same_data() -> None:
    world = ExportWorld()
    export, other = world.start(ROWS, Format.XLSX), world.start(ROWS, Format.CSV)
    assert world.build(export).sha256 == world.build(other).sha256
    text = world.files.get(world.found(other).key).decode("utf-8-sig")
    rows = list(csv.reader(text.splitlines()))
    assert len(rows) - 1 == world.found(other).rows
    assert rows[0][3].endswith("Total")


def test_two_builds_at_once_make_one_file() -> None:
    world = ExportWorld()
    export = world.start()
    first, second = job_of(export), job_of(export)
    ended: list[Export] = []

    def meanwhile() -> bool:
        if not ended:
            ended.append(build_export(world.work, second, lambda: False))
        return False

    done = build_export(world.work, first, meanwhile)
    (whole,) = ended
    assert done == world.found(export) == whole
    assert whole.state is ExportState.SUCCESS
    assert len(list(world.files.list(f"files/{SELLER}/{export.id}/"))) == 2
    assert world.data(export)
    assert world.world.registry.list(ExportSlot).items == ()


def test_one_that_was_ended_meanwhile_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "PROGRESS_ROWS", 1)
    world = ExportWorld()
    export = world.start()
    registry, clock = world.world.registry, world.world.clock

    def meanwhile() -> bool:
        fail_export(registry, clock, export.id, 1, "Enough.")
        return False

    done = build_export(world.work, job_of(export), meanwhile)
    assert (done.state, done.cause) == (ExportState.FAILED, "Enough.")
    assert list(world.files.list("files/")) == []
    assert not fail_export(registry, clock, export.id, 1, "Twice.")


def test_its_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "PROGRESS_ROWS", 4)
    monkeypatch.setattr(batches, "_ROWS", 2)
    world = ExportWorld()
    export = world.start(Asked(ACCOUNT, "1"))
    seen: list[int] = []

    def look() -> bool:
        seen.append(world.found(export).rows)
        return False

    done = build_export(world.work, job_of(export), look)
    assert seen == sorted(seen)
    assert list(dict.fromkeys(seen)) == list(range(0, done.rows, 4))
    assert seen[-1] > 0


def test_what_takes_too_long_fails_with_advice() -> None:
    world = ExportWorld()
    export = world.start()
    done = build_export(world.work, job_of(export), lambda: True)
    assert (done.state, done.cause) == (ExportState.FAILED, TOO_LARGE)
    assert list(world.files.list("files/")) == []
    assert world.world.registry.list(ExportSlot).items == ()


def test_a_failed_one_is_built_again_of_the_same() -> None:
    world = ExportWorld()
    export = world.start()
    before = world.now(ROWS, *NAMES)
    failed = build_export(world.work, job_of(export), lambda: True)
    moved_on(world.world)
    again = retry_export(world.desk, export.id)
    assert (again.tries, again.execution) == (2, f"{export.id}-2")
    assert build_export(world.work, job_of(failed), lambda: False) == again  # the first try is over
    done = world.build(again)
    assert (done.state, done.rows) == (ExportState.SUCCESS, len(before))
    with pytest.raises(ConflictError, match="Only an export that has failed"):
        retry_export(world.desk, export.id)


def test_a_failed_one_of_long_ago_is_not() -> None:
    world = ExportWorld()
    export = world.start()
    build_export(world.work, job_of(export), lambda: True)
    world.world.now += timedelta(days=7)
    with pytest.raises(ConflictError, match="no longer kept"):
        retry_export(world.desk, export.id)


@pytest.mark.parametrize("kind", [Kind.AFTER, Kind.DIES_AFTER, Kind.BEFORE])
def test_what_broke_leaves_no_slot_taken_for_good(kind: Kind) -> None:
    world = ExportWorld()
    calm = world.world.registry
    world.world.registry = Injector(kind, 1, frozenset({"write"})).wrap(calm)
    with pytest.raises((RetryLaterError, Died)):
        world.start()
    world.world.registry = calm
    slots = {stored.value.export for stored in calm.list(ExportSlot).items}
    assert slots == {stored.value.id for stored in calm.list(Export).items}


def test_columns_that_there_are_none_of_are_refused() -> None:
    world = ExportWorld()
    for names in (("nobody",), ("delta", "delta")):
        with pytest.raises(RejectedError) as caught:
            world.start(ROWS, Format.XLSX, None, *names)
        (fault,) = caught.value.faults
        assert fault.where == f"/columns/{len(names) - 1}/name"


@pytest.mark.parametrize("view", list(CATALOGUE))
def test_every_column_has_a_name_of_its_own_and_some_are_usual(view: Any) -> None:
    fields = CATALOGUE[view]
    assert len({field.name for field in fields}) == len(fields)
    assert sum(field.usual for field in fields) >= 7


def test_a_width_is_the_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    world = ExportWorld()
    wide = (Shown(name="delta", width=77), Shown(name="status"))
    export = start_export(world.desk, Wish(Format.XLSX, ROWS, {}, wide))
    tables: list[Any] = []
    real = xlsx.write_xlsx

    def seen(sink: Any, table: Any, batches: Any, told: Any) -> Any:
        tables.append(table)
        return real(sink, table, batches, told)

    monkeypatch.setattr(building, "write_xlsx", seen)
    world.build(export)
    assert [(c.name, c.width) for c in tables[0].columns] == [("Delta", 77), ("Recon status", 12)]

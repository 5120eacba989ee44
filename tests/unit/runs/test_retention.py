"""Versions that pile up, or go while something still needs them."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from tests.unit.reconcile.test_reconciling import stocked
from tests.world import ACCOUNT, SELLER, World
from trueup.adapters.memory_pages import MemoryPages
from trueup.domain.errors import DefectError
from trueup.domain.runs import Fetch, History, Housekeeping, Run, Version
from trueup.ports import PageInfo, PageStore
from trueup.usecases.books import rows_book
from trueup.usecases.retention import GRACE, KEPT_DAYS, Forgotten, keep_house, sweep_books
from trueup.usecases.rows.filters import Filters
from trueup.usecases.rows.reading import read_rows


def blobs(world: World) -> int:
    return len(list(world.pages.list(rows_book(ACCOUNT, "1"))))


def versions(world: World) -> list[int]:
    found = world.registry.list(Version, rows_book(ACCOUNT, "1")).items
    return [stored.value.version for stored in found]


def in_time() -> int:
    return 300_000


def house(world: World) -> Housekeeping:
    stored = world.registry.get(Housekeeping, "books")
    assert stored is not None
    return stored.value


def reconciled(times: int) -> World:
    """Runs ten days apart; each finds the whole channel changed."""
    world = stocked(40)
    for turn in range(times):
        world.shelf.stock = {key: (units or 0) + turn for key, units in world.shelf.stock.items()}
        world.reconcile()
        world.now += timedelta(days=10)
    return world


def test_old_versions_go_with_their_pages_and_runs_and_the_figures_stay() -> None:
    world = reconciled(8)
    before, rows = blobs(world), world.rows()
    done = sweep_books(world.registry, world.pages, world.now)
    kept = KEPT_DAYS // 10
    # One more than of runs: the first run that is kept was compared with it.
    assert versions(world) == [8 - kept + n for n in range(kept + 1)]
    assert (done.versions, done.runs) == (8 - kept - 1, 8 - kept)
    assert blobs(world) < before
    assert world.rows() == rows
    assert len(world.registry.list(Run, ACCOUNT).items) == kept
    assert len(world.registry.list(Fetch, ACCOUNT).items) == kept
    assert len(world.registry.list(History, ACCOUNT, "1").items) == 8


def test_the_visible_version_stays_however_old() -> None:
    world = reconciled(1)
    rows = world.rows()
    world.now += timedelta(days=400)
    sweep_books(world.registry, world.pages, world.now)
    assert world.rows() == rows


def test_what_a_kept_run_compared_stays_readable() -> None:
    world = reconciled(1)
    world.now += timedelta(days=40)
    world.listings([f"NEW-{number}" for number in range(30)])
    sweep_books(world.registry, world.pages, world.now)
    page = read_rows(world.registry, world.pages, Filters(account=ACCOUNT), cursor=None, limit=100)
    assert len(page.rows) == 40
    assert {row.product_name for row in page.rows} >= {"Title of SKU-0001"}


def test_pages_just_written_are_left_for_the_run_that_will_name_them() -> None:
    world = reconciled(1)
    assert isinstance(world.pages, MemoryPages)
    world.pages.put_many(rows_book(ACCOUNT, "1"), {"f" * 32: b"not named yet"})
    before = blobs(world)
    sweep_books(world.registry, world.pages, world.now)
    assert blobs(world) == before
    world.now += GRACE + timedelta(seconds=1)
    sweep_books(world.registry, world.pages, world.now)
    assert blobs(world) == before - 1


def test_a_sellers_house_is_kept_once_a_day() -> None:
    world = reconciled(8)
    due = world.registry.get(Housekeeping, "books")
    assert due is not None
    asked: list[str] = []

    def pages_of(seller: str) -> object:
        asked.append(seller)
        return world.pages

    assert keep_house(world.plant(), pages_of, in_time).versions > 0  # type: ignore[arg-type]
    assert keep_house(world.plant(), pages_of, in_time).versions == 0  # type: ignore[arg-type]
    assert asked == [SELLER]
    moved = world.registry.get(Housekeeping, "books")
    assert moved is not None
    assert moved.value.due_at == world.now + timedelta(days=1)


def test_a_round_that_runs_out_of_time_goes_on_at_the_next_sweep() -> None:
    world, whole = reconciled(8), reconciled(8)
    expected = keep_house(whole.plant(), lambda _: whole.pages, in_time)
    left = iter([300_000, 300_000, *[0] * 10])
    first = keep_house(world.plant(), lambda _: world.pages, lambda: next(left))
    assert house(world).due_at == world.now
    assert house(world).after == "listings/eu"
    second = keep_house(world.plant(), lambda _: world.pages, in_time)
    assert (first + second, first.versions) == (expected, 0)
    assert house(world) == Housekeeping(due_at=world.now + timedelta(days=1))
    assert blobs(world) == blobs(whole)


def test_a_book_that_a_sweeper_dies_of_keeps_nobody_waiting() -> None:
    world = reconciled(8)

    class Deadly(MemoryPages):
        def list(self, book: str) -> Iterable[PageInfo]:
            if book.startswith("baseline/"):
                raise DefectError("out of time")
            return world.pages.list(book)

    with pytest.raises(DefectError):
        keep_house(world.plant(), lambda _: Deadly(world.clock), in_time)
    assert house(world).due_at == world.now + timedelta(days=1)
    assert keep_house(world.plant(), lambda _: world.pages, in_time).versions == 0
    world.now += timedelta(days=1)
    assert keep_house(world.plant(), lambda _: world.pages, in_time).versions > 0


def test_two_sweepers_at_once_do_the_work_once() -> None:
    world = reconciled(8)
    inner: list[Forgotten] = []

    def pages_of(_: str) -> PageStore:
        if not inner:
            inner.append(Forgotten(0, 0, 0))
            inner.append(keep_house(world.plant(), pages_of, in_time))
        return world.pages

    assert keep_house(world.plant(), pages_of, in_time).versions > 0
    assert inner[1] == Forgotten(0, 0, 0)

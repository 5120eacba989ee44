"""Finds: a sweep that removes what somebody still reads."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.books.tables import BOOK, chunks, differing, edited, read, snapshot
from trueup.adapters.memory_pages import MemoryPages
from trueup.books.manifest import Manifest, save_manifest
from trueup.books.schema import ROWS
from trueup.books.sweep import Swept, sweep_book
from trueup.books.writer import write_range
from trueup.domain.errors import DefectError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def store_with_two_versions() -> tuple[MemoryPages, Manifest, str, str]:
    store = MemoryPages(clock=lambda: NOW)
    page = snapshot(6_000)
    first = Manifest.of("rows", write_range(store, BOOK, ROWS, (), chunks(page, 999), differing))
    now = chunks(edited(page, 0.005), 999)
    frames = write_range(store, BOOK, ROWS, first.frames, now, differing)
    second = Manifest.of("rows", frames)
    return store, second, save_manifest(store, BOOK, first), save_manifest(store, BOOK, second)


def test_what_only_an_old_version_needs_goes() -> None:
    store, second, _, name = store_with_two_versions()
    before = read(store, ROWS, second)
    swept = sweep_book(store, BOOK, [name], LATER)
    assert (swept.needed, swept.young, swept.deleted) == (3 * 3 + 2, 0, 3 + 2)
    assert swept.deleted_bytes > 0
    assert read(store, ROWS, second) == before
    assert sweep_book(store, BOOK, [name], LATER) == Swept(needed=11)


def test_a_live_version_that_is_gone_stops_the_sweep_before_anything_is_deleted() -> None:
    store, _, one, two = store_with_two_versions()
    count = len(list(store.list(BOOK)))
    with pytest.raises(DefectError, match="gone"):
        sweep_book(store, BOOK, [one, two, "0" * 32], LATER)
    assert len(list(store.list(BOOK))) == count


def test_a_blob_written_again_meanwhile_stays() -> None:
    class Rewritten(MemoryPages):
        def delete_unwritten_since(self, book: str, hash_: str, cutoff: datetime) -> bool:
            self.put_many(book, self.get_many(book, [hash_]))
            return super().delete_unwritten_since(book, hash_, cutoff)

    times = iter([NOW, LATER])
    store = Rewritten(clock=lambda: next(times))
    store.put_many(BOOK, {"a": b"x"})
    assert sweep_book(store, BOOK, [], LATER) == Swept(young=1)


def test_other_books_are_left_alone() -> None:
    store = MemoryPages(clock=lambda: NOW)
    store.put_many("other", {"a": b"x"})
    assert sweep_book(store, BOOK, [], LATER) == Swept()
    assert len(list(store.list("other"))) == 1

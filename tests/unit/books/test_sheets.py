"""Finds: sheets that cost more than they must, or that are lost between versions."""

import random
from collections.abc import Sequence
from dataclasses import replace

from tests.unit.books.tables import BOOK, chunks, differing, read, snapshot, spent
from tests.unit.books.test_versions import write
from trueup.adapters.memory_pages import MemoryPages
from trueup.books.blobs import BLOB_LIMIT
from trueup.books.drafts import TARGET_ROWS
from trueup.books.manifest import Manifest
from trueup.books.pages import Page
from trueup.books.reader import BookReader
from trueup.books.schema import ROWS
from trueup.books.writer import no_sheet, write_range


def explained(page: Page, cause: str) -> Page | None:
    """The sheet of a page whose differing rows all have one cause."""
    sheet = differing(page)
    if sheet is None:
        return None
    return Page(sheet.keys, sheet.ints, {"cause": [cause] * len(sheet)})


def test_a_sheet_that_changes_beside_an_unchanged_page_costs_only_the_sheet() -> None:
    store = MemoryPages()
    page = snapshot(3 * TARGET_ROWS)
    first = write(store, page, sheet_of=lambda part: explained(part, "lag"))
    before = store.meter.usage
    frames = write_range(
        store,
        BOOK,
        ROWS,
        first.frames,
        chunks(page, 777),
        lambda part: explained(part, "lag" if part.keys[0] > page.keys[0] else "hand_edit"),
    )
    assert spent(store, before)[1] == 1
    assert tuple(frames[1:]) == first.frames[1:]
    assert frames[0].sheet != first.frames[0].sheet
    assert (frames[0].base, frames[0].patch) == (first.frames[0].base, first.frames[0].patch)
    reader = BookReader(store, BOOK, ROWS, Manifest.of("rows", frames))
    causes = [cause for sheet in reader.differing() for cause in sheet.texts["cause"]]
    assert sorted(set(causes)) == ["hand_edit", "lag"]


def test_a_sheet_that_goes_or_comes_leaves_its_page_alone() -> None:
    store = MemoryPages()
    page = snapshot(TARGET_ROWS)
    first = write(store, page)
    none = write(store, page, first, ROWS, no_sheet)
    assert [(f.sheet, f.sheet_rows) for f in none.frames] == [(None, 0)]
    assert none.frames[0].base == first.frames[0].base
    assert write(store, page, none) == first


def test_a_sheet_too_large_for_one_blob_splits_its_page() -> None:
    rng = random.Random(3)  # noqa: S311 -- made-up texts
    store = MemoryPages()
    page = snapshot(TARGET_ROWS)
    first = write(store, page)

    def huge(part: Page) -> Page:
        causes = [rng.randbytes(400).hex() for _ in part.keys]
        return Page(part.keys, part.ints, {"causes": causes})

    second = write(store, page, first, ROWS, huge)
    assert len(second.frames) > 1
    assert all(info.size <= BLOB_LIMIT for info in store.list(BOOK))
    assert read(store, ROWS, second) == list(page.rows())
    assert second.sheet_rows == len(page)


def test_sheets_from_before_causes_read_without_any() -> None:
    store = MemoryPages()
    page = snapshot(TARGET_ROWS)
    older = replace(ROWS, sheet=None)
    first = write(store, page, schema=older)
    old = next(BookReader(store, BOOK, older, first).differing())
    new = next(BookReader(store, BOOK, ROWS, first).differing())
    assert {name: list(new.ints[name]) for name in ROWS.ints} == {
        name: list(old.ints[name]) for name in ROWS.ints
    }
    assert set(new.texts["causes"]) == {""}
    assert set(new.ints["agreed_at"]) == {0}
    assert write(store, page, first) == first


def test_the_differing_rows_of_some_keys_are_read_from_their_sheets_alone() -> None:
    store = MemoryPages()
    page = snapshot(10 * TARGET_ROWS)
    manifest = write(store, page, sheet_of=lambda part: explained(part, "lag"))
    sheet = differing(page)
    assert sheet is not None
    counting = Counting(store)
    reader = BookReader(counting, BOOK, ROWS, manifest)
    keys = [page.keys[0] + "x", *sheet.keys[:3], *sheet.keys[-3:], "SKU-9"]
    found = reader.get_differing(sorted({*keys, page.keys[5_000]}))
    assert list(found) == [*sheet.keys[:3], *sheet.keys[-3:]]
    assert {row["cause"] for row in found.values()} == {"lag"}
    assert counting.names <= {frame.sheet for frame in manifest.frames}
    assert len(counting.names) <= 4


class Counting:
    """Notes which blobs are read."""

    def __init__(self, store: MemoryPages) -> None:
        self._store = store
        self.names: set[str | None] = set()

    def get_many(self, book: str, hashes: Sequence[str]) -> dict[str, bytes]:
        self.names.update(hashes)
        return self._store.get_many(book, hashes)

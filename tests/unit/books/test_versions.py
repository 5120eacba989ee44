"""Finds: versions that write more than they must, or boundaries that wander."""

import random
from array import array
from collections.abc import Sequence

import pytest

from tests.unit.books.tables import BOOK, chunks, differing, edited, read, snapshot, spent
from trueup.adapters.memory_pages import MemoryPages
from trueup.books.blobs import BLOB_LIMIT
from trueup.books.drafts import MAX_ROWS, MIN_ROWS, TARGET_ROWS
from trueup.books.framing import SheetOf
from trueup.books.manifest import MAX_PART_FRAMES, Frame, Manifest, load_manifest, save_manifest
from trueup.books.pages import Page, concat
from trueup.books.reader import BookReader
from trueup.books.schema import LISTINGS, ROWS, BookSchema
from trueup.books.stores import BlobStore
from trueup.books.writer import apply_edits, no_sheet, write_range
from trueup.domain.errors import DefectError, RejectedError
from trueup.ports import PageStore

TENTH = 100_000
"""Rows of these tests: a tenth of the million that the targets are stated for."""


def write(
    store: MemoryPages,
    page: Page,
    previous: Manifest | None = None,
    schema: BookSchema = ROWS,
    sheet_of: SheetOf = differing,
) -> Manifest:
    frames = previous.frames if previous else ()
    made = write_range(store, BOOK, schema, frames, chunks(page, 1_777), sheet_of)
    manifest = Manifest.of(schema.kind, made)
    return load_manifest(store, BOOK, save_manifest(store, BOOK, manifest, previous))


def with_row(page: Page, key: str) -> Page:
    rows = {**{k: i for i, k in enumerate(page.keys)}, key: -1}
    order = sorted(rows)
    at = order.index(key)
    new = Page([key], {name: [1] for name in page.ints})
    return concat([page.slice(0, at), new, page.slice(at, len(page))])


@pytest.fixture(scope="module")
def page() -> Page:
    return snapshot(TENTH)


def test_the_memory_store_is_a_page_store_and_fits_books() -> None:
    store: PageStore = MemoryPages()
    fits: BlobStore = store
    assert fits is store


def test_the_first_version_costs_a_tenth_of_12_000_units(page: Page) -> None:
    store = MemoryPages()
    manifest = write(store, page)
    units, items = spent(store, MemoryPages().meter.usage)
    assert units <= 1_200
    assert items <= 2 * len(manifest.frames) + 2
    assert [frame.rows for frame in manifest.frames] == [TARGET_ROWS] * 50
    assert manifest.rows == TENTH


def test_nothing_changed_writes_nothing(page: Page) -> None:
    store = MemoryPages()
    first = write(store, page)
    before = store.meter.usage
    assert write(store, page, first) == first
    assert spent(store, before) == (0, 0)


def test_half_a_percent_changed_costs_a_tenth_of_2_000_units(page: Page) -> None:
    store = MemoryPages()
    first = write(store, page)
    before = store.meter.usage
    now = edited(page, 0.005)
    second = write(store, now, first)
    assert spent(store, before)[0] <= 200
    assert all(frame.patch for frame in second.frames)
    assert second.first_keys == first.first_keys
    scanned = concat(list(BookReader(store, BOOK, ROWS, second).scan()))
    assert scanned == now
    sheets = concat(list(BookReader(store, BOOK, ROWS, second).differing()))
    ints = {name: sheets.ints[name] for name in ROWS.ints}
    assert Page(sheets.keys, ints) == differing(now)


def test_one_row_put_in_at_the_front_writes_at_most_five_blobs(page: Page) -> None:
    store = MemoryPages()
    first = write(store, page)
    before = store.meter.usage
    second = write(store, with_row(page, "A"), first)
    assert spent(store, before)[1] <= 5
    assert second.frames[1:] == first.frames[1:]
    assert second.rows == first.rows + 1


def test_one_edit_reads_and_writes_one_frame(page: Page) -> None:
    store = MemoryPages()
    first = write(store, page)
    before = store.meter.usage
    new = Page(["SKU-0050000"], {name: [1] for name in page.ints})
    after = Manifest.of("rows", apply_edits(store, BOOK, ROWS, first, [new], [], differing))
    save_manifest(store, BOOK, after, first)
    used = store.meter.usage
    assert spent(store, before)[1] <= 4
    assert used.read_units - before.read_units <= 4
    changes = [f != g for f, g in zip(first.frames, after.frames, strict=True)]
    assert changes.count(True) == 1


def test_a_long_series_of_small_changes_stays_one_page_and_one_patch() -> None:
    store = MemoryPages()
    now = snapshot(TARGET_ROWS)
    manifest = write(store, now)
    bases = set()
    for seed in range(30):
        now = edited(now, 0.02, seed=seed)
        manifest = write(store, now, manifest)
        (frame,) = manifest.frames
        bases.add(frame.base)
        assert len(frame.blobs()) <= 3
        (stored,) = BookReader(store, BOOK, ROWS, manifest).scan()
        assert stored == now
    assert 1 < len(bases) < 15, "a patch that has grown must give way to a new base, not at once"


def test_a_page_that_returns_to_its_base_drops_the_patch() -> None:
    store = MemoryPages()
    page = snapshot(TARGET_ROWS)
    first = write(store, page)
    second = write(store, edited(page, 0.005), first)
    assert second.frames[0].patch is not None
    assert write(store, page, second) == first


def test_a_key_both_deleted_and_upserted_is_upserted() -> None:
    store = MemoryPages()
    first = write(store, snapshot(5_000))
    key = "SKU-0001234"
    new = Page([key], {name: [7] for name in ROWS.ints})
    after = Manifest.of("rows", apply_edits(store, BOOK, ROWS, first, [new], [key], differing))
    assert after.rows == 5_000
    assert BookReader(store, BOOK, ROWS, after).get([key]) == {key: new.row(0)}


def test_pages_of_one_write_unit_are_written_whole_rather_than_patched() -> None:
    store = MemoryPages()
    page = snapshot(150)
    first = write(store, page)
    second = write(store, edited(page, 0.01), first)
    assert [frame.patch for frame in second.frames] == [None]
    assert second != first


def test_a_remnant_is_joined_to_its_neighbour_by_a_patch() -> None:
    store = MemoryPages()
    page = snapshot(3 * TARGET_ROWS)
    first = write(store, page)
    gone = page.keys[3:TARGET_ROWS]
    frames = apply_edits(store, BOOK, ROWS, first, [], gone, differing)
    assert [frame.rows for frame in frames] == [TARGET_ROWS + 3, TARGET_ROWS]
    assert (frames[0].base, frames[0].patch is None) == (first.frames[1].base, False)


def test_a_sheet_that_stays_the_same_is_not_written_again() -> None:
    store = MemoryPages()
    page = snapshot(TARGET_ROWS)
    first = write(store, page)
    ints = {name: array("q", column) for name, column in page.ints.items()}
    at = list(ints["reason"]).index(0)
    ints["reported"][at] = ints["publishable"][at] = ints["publishable"][at] + 1
    before = store.meter.usage
    frames = write_range(store, BOOK, ROWS, first.frames, [Page(page.keys, ints)], differing)
    assert spent(store, before)[1] == 1
    assert frames[0].sheet == first.frames[0].sheet


def test_growing_pages_split_and_shrinking_ones_join_their_neighbour() -> None:
    store = MemoryPages()
    page = snapshot(10 * TARGET_ROWS)
    first = write(store, page)
    extra = [Page([f"SKU-0005000-{i:04d}"], {n: [1] for n in ROWS.ints}) for i in range(1_500)]
    grown = apply_edits(store, BOOK, ROWS, first, extra, [], differing)
    assert len(grown) == 11
    assert all(MIN_ROWS <= frame.rows <= MAX_ROWS for frame in grown)
    assert set(grown) > {f for i, f in enumerate(first.frames) if i != 2}
    gone = page.keys[4_000:5_900]
    shrunk = apply_edits(store, BOOK, ROWS, first, [], gone, differing)
    assert len(shrunk) == 9
    assert sum(frame.rows for frame in shrunk) == len(page) - 1_900
    assert len(set(shrunk) - set(first.frames)) == 1


def test_rows_appended_by_the_thousand_come_in_full_pages() -> None:
    store = MemoryPages()
    page = snapshot(12 * TARGET_ROWS)
    first = write(store, page.slice(0, 1_000))
    frames = apply_edits(store, BOOK, ROWS, first, chunks(page.slice(1_000, len(page)), 333))
    assert [frame.rows for frame in frames] == [TARGET_ROWS] * 12
    assert read(store, ROWS, Manifest.of("rows", frames)) == list(page.rows())


def test_every_row_deleted_leaves_an_empty_version() -> None:
    store = MemoryPages()
    page = snapshot(5_000)
    first = write(store, page)
    assert apply_edits(store, BOOK, ROWS, first, [], page.keys) == []
    empty = write(store, page.slice(0, 0), first)
    assert (empty.rows, empty.frames) == (0, ())
    assert read(store, ROWS, empty) == []


def test_deletes_before_the_first_key_and_of_absent_keys_do_nothing() -> None:
    store = MemoryPages()
    first = write(store, snapshot(5_000))
    frames = apply_edits(store, BOOK, ROWS, first, [], ["A", "SKU-0000001x", "Z"], differing)
    assert tuple(frames) == first.frames


def test_huge_texts_make_smaller_pages() -> None:
    rng = random.Random(3)  # noqa: S311 -- made-up texts
    store = MemoryPages()
    rows = 900
    titles = [rng.randbytes(1_000).hex() for _ in range(rows)]
    page = Page([f"k{i:04d}" for i in range(rows)], {}, {"title": titles})
    manifest = write(store, page, schema=LISTINGS, sheet_of=no_sheet)
    assert len(manifest.frames) > 2
    assert all(info.size <= BLOB_LIMIT for info in store.list(BOOK))
    assert [row["title"] for row in read(store, LISTINGS, manifest)] == titles
    assert write(store, page, manifest, LISTINGS, no_sheet) == manifest


def test_a_row_that_fits_no_page_is_rejected_by_name() -> None:
    rng = random.Random(3)  # noqa: S311 -- made-up texts
    page = Page(["a", "b"], {}, {"title": ["", rng.randbytes(500_000).hex()]})
    with pytest.raises(RejectedError, match="'b' is too large"):
        write(MemoryPages(), page, schema=LISTINGS, sheet_of=no_sheet)


@pytest.mark.parametrize(
    "keys", [[["b", "a"]], [["a", "a"]], [["a"], ["a"]], [["b"], ["a"]], [["a", "c"], ["b"]]]
)
def test_rows_out_of_order_are_a_defect(keys: list[list[str]]) -> None:
    pages = [Page(each, {}) for each in keys]
    with pytest.raises(DefectError, match="out of order"):
        write_range(MemoryPages(), BOOK, ROWS, (), pages)


def test_a_page_of_a_view_reads_at_most_three_frames(page: Page) -> None:
    store = CountingPages()
    manifest = write(store, edited(page, 0.005), write(store, page))
    reader = BookReader(store, BOOK, ROWS, manifest)
    for lo in ("SKU-0001980", "SKU-0044444"):
        store.asked.clear()
        gathered = 0
        for part in reader.scan(lo):
            gathered += len(part)
            if gathered >= 50:
                break
        bases = {frame.base for frame in manifest.frames}
        assert len(bases & set(store.asked)) <= 3


def test_only_differences_reads_sheets_alone(page: Page) -> None:
    store = CountingPages()
    manifest = write(store, page)
    store.asked.clear()
    found = concat(list(BookReader(store, BOOK, ROWS, manifest).differing()))
    ints = {name: found.ints[name] for name in ROWS.ints}
    assert Page(found.keys, ints) == differing(page)
    assert set(store.asked) == {frame.sheet for frame in manifest.frames if frame.sheet}


def test_a_local_change_of_a_long_manifest_writes_one_part_and_the_root() -> None:
    store = MemoryPages()
    names = [f"{i:032x}" for i in range(5_000)]
    frames = [Frame(f"k{i:05d}", 2_000, name, name) for i, name in enumerate(names)]
    first = Manifest.of("rows", frames)
    save_manifest(store, BOOK, first)
    assert spent(store, MemoryPages().meter.usage)[1] > 5_000 // MAX_PART_FRAMES
    for change in ([Frame("a", 1, "f" * 32, "f" * 32), *frames], frames[:2_500] + frames[2_501:]):
        before = store.meter.usage
        second = Manifest.of("rows", change)
        name = save_manifest(store, BOOK, second, first)
        assert spent(store, before)[1] <= 3
        assert load_manifest(store, BOOK, name) == second


def test_a_manifest_with_a_missing_part_is_a_defect() -> None:
    store = MemoryPages()
    with pytest.raises(DefectError, match="gone"):
        load_manifest(store, BOOK, "0" * 32)


class CountingPages(MemoryPages):
    """Remembers the hashes that were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def get_many(self, book: str, hashes: Sequence[str]) -> dict[str, bytes]:
        self.asked.extend(hashes)
        return super().get_many(book, hashes)

"""Laws of versions: a book reads as the rows put in, however it came to be."""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.books.tables import BOOK, chunks, read
from trueup.adapters.memory_pages import MemoryPages
from trueup.books import drafts
from trueup.books.blobs import patch_name
from trueup.books.manifest import Frame, Manifest, load_manifest, save_manifest
from trueup.books.pages import Page, concat, take
from trueup.books.reader import BookReader
from trueup.books.schema import BookSchema
from trueup.books.sweep import sweep_book
from trueup.books.writer import apply_edits, write_range

SCHEMA = BookSchema("things", ("count", "differs"), ("text",))
Rows = Mapping[str, tuple[int, int]]
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True, scope="module")
def small_pages() -> Iterator[None]:
    """Pages of 8 rows, so that a few dozen rows make splits, joins and patches."""
    with (
        patch.object(drafts, "TARGET_ROWS", 8),
        patch.object(drafts, "MAX_ROWS", 12),
        patch.object(drafts, "MIN_ROWS", 2),
        patch("trueup.books.framing.write_units", len),
    ):
        yield


def page_of(rows: Rows) -> Page:
    keys = sorted(rows)
    # Texts that do not compress make pages large enough for patches to pay.
    noise = [random.Random(key).randbytes(24).hex() for key in keys]  # noqa: S311
    ints = {"count": [rows[k][0] for k in keys], "differs": [rows[k][1] for k in keys]}
    return Page(keys, ints, {"text": noise})


def sheet_of(page: Page) -> Page | None:
    return take(page, [i for i, differs in enumerate(page.ints["differs"]) if differs])


def keys(most: int = 99) -> st.SearchStrategy[str]:
    return st.integers(0, most).map(lambda n: f"k{n:02d}")


CELLS = st.tuples(st.integers(-1, 300), st.integers(0, 1))
ROWS = st.dictionaries(keys(), CELLS, max_size=90)
CHUNK = st.integers(1, 40)


def build(store: MemoryPages, rows: Rows, previous: Manifest | None, chunk: int) -> Manifest:
    frames = previous.frames if previous else ()
    pages = chunks(page_of(rows), chunk)
    made = Manifest.of("things", write_range(store, BOOK, SCHEMA, frames, pages, sheet_of))
    return load_manifest(store, BOOK, save_manifest(store, BOOK, made, previous))


def expected(rows: Rows) -> list[dict[str, object]]:
    return list(page_of(rows).rows())


def changed(rows: Rows, edits: Mapping[str, tuple[int, int] | None]) -> Rows:
    merged = {**rows, **edits}
    return {key: cells for key, cells in merged.items() if cells is not None}


def check_frames(store: MemoryPages, manifest: Manifest) -> None:
    assert manifest.rows == sum(frame.rows for frame in manifest.frames)
    reader = BookReader(store, BOOK, SCHEMA, manifest)
    for frame in manifest.frames:
        page = reader.page(frame)
        assert (page.keys[0], len(page)) == (frame.first_key, frame.rows)
        assert 0 < frame.rows <= 12
        assert (frame.base == frame.content) == (frame.patch is None)


EDITS = st.dictionaries(keys(), st.none() | CELLS, max_size=25)


@given(ROWS, CHUNK, CHUNK)
def test_pages_do_not_depend_on_the_chunks_they_came_in(rows: Rows, one: int, two: int) -> None:
    store = MemoryPages()
    assert build(store, rows, None, one) == build(store, rows, None, two)


@given(ROWS, st.lists(EDITS, max_size=4), CHUNK)
def test_every_version_reads_as_its_rows(
    rows: Rows, edits: list[dict[str, tuple[int, int] | None]], chunk: int
) -> None:
    store = MemoryPages()
    versions = [(rows, build(store, rows, None, chunk))]
    for edit in edits:
        rows = changed(rows, edit)
        versions.append((rows, build(store, rows, versions[-1][1], chunk)))
    for expected_rows, manifest in versions:
        assert read(store, SCHEMA, manifest) == expected(expected_rows)
        check_frames(store, manifest)


@given(ROWS, EDITS, CHUNK)
def test_frames_without_edits_are_shared(
    rows: Rows, edits: dict[str, tuple[int, int] | None], chunk: int
) -> None:
    store = MemoryPages()
    before = build(store, rows, None, chunk)
    after = build(store, changed(rows, edits), before, chunk)
    bounds = [*before.first_keys[1:], None]
    touched: set[int] = set()
    for i, (frame, bound) in enumerate(zip(before.frames, bounds, strict=False)):
        inside = [k for k in edits if (bound is None or k < bound)]
        if any(i == 0 or k >= frame.first_key for k in inside):
            touched.update((i - 1, i, i + 1))  # a neighbour may have been joined
    kept = set(after.frames)
    assert all(f in kept for i, f in enumerate(before.frames) if i not in touched)


@given(ROWS, CHUNK, CHUNK)
def test_the_same_rows_again_write_nothing(rows: Rows, one: int, two: int) -> None:
    store = MemoryPages()
    before = build(store, rows, None, one)
    usage = store.meter.usage
    assert build(store, rows, before, two) == before
    assert store.meter.usage.items_written == usage.items_written


@given(ROWS, EDITS, CHUNK)
def test_edits_give_what_writing_all_rows_gives(
    rows: Rows, edits: dict[str, tuple[int, int] | None], chunk: int
) -> None:
    store = MemoryPages()
    before = build(store, rows, None, 7)
    upserts = {key: cells for key, cells in edits.items() if cells is not None}
    deletes = [key for key in edits if key not in upserts]
    pages = chunks(page_of(upserts), chunk)
    frames = apply_edits(store, BOOK, SCHEMA, before, pages, deletes, sheet_of)
    after = Manifest.of("things", frames)
    assert read(store, SCHEMA, after) == expected(changed(rows, edits))
    check_frames(store, after)
    assert after.sheet_rows == sum(cells[1] for cells in changed(rows, edits).values())


@given(ROWS, EDITS, st.none() | keys(), st.none() | keys())
def test_ranges_are_a_filter(
    rows: Rows, edits: dict[str, tuple[int, int] | None], lo: str | None, hi: str | None
) -> None:
    store = MemoryPages()
    rows_now = changed(rows, edits)
    manifest = build(store, rows_now, build(store, rows, None, 9), 9)
    reader = BookReader(store, BOOK, SCHEMA, manifest)
    wanted = [
        row
        for row in expected(rows_now)
        if (lo is None or str(row["key"]) >= lo) and (hi is None or str(row["key"]) < hi)
    ]
    assert [row for page in reader.scan(lo, hi) for row in page.rows()] == wanted
    differing = [row for page in reader.differing(lo, hi) for row in page.rows()]
    assert differing == [row for row in wanted if row["differs"]]


@given(ROWS, st.sets(keys()))
def test_get_finds_the_rows_that_there_are(rows: Rows, wanted: set[str]) -> None:
    store = MemoryPages()
    reader = BookReader(store, BOOK, SCHEMA, build(store, rows, None, 9))
    found = reader.get(sorted(wanted))
    assert found == {row["key"]: row for row in expected(rows) if row["key"] in wanted}


@given(ROWS, EDITS)
def test_content_that_comes_back_needs_no_patch(
    rows: Rows, edits: dict[str, tuple[int, int] | None]
) -> None:
    # Only values change here, so that the boundaries are those of the first version.
    store = MemoryPages()
    values = {k: cells for k, cells in edits.items() if cells is not None and k in rows}
    first = build(store, rows, None, 9)
    second = build(store, changed(rows, values), first, 9)
    third = build(store, rows, second, 9)
    if all(frame.patch or frame in first.frames for frame in second.frames):
        assert third == first
    assert {frame.content for frame in third.frames} == {f.content for f in first.frames}


@settings(max_examples=50)
@given(ROWS, st.lists(EDITS, min_size=1, max_size=5), st.data())
def test_the_sweep_keeps_what_live_versions_need_and_nothing_else(
    rows: Rows, edits: list[dict[str, tuple[int, int] | None]], data: st.DataObject
) -> None:
    times = iter(START + timedelta(seconds=n) for n in range(10**6))
    store = MemoryPages(clock=lambda: next(times))
    versions: list[tuple[Rows, Manifest, str]] = []
    for edit in [{}, *edits]:
        rows = changed(rows, edit)
        previous = versions[-1][1] if versions else None
        manifest = build(store, rows, previous, 9)
        versions.append((rows, manifest, save_manifest(store, BOOK, manifest)))
    live = data.draw(st.lists(st.sampled_from(versions), max_size=3))
    before = {info.hash for info in store.list(BOOK)}
    swept = sweep_book(store, BOOK, [name for _, _, name in live], START + timedelta(days=99))
    left = {info.hash for info in store.list(BOOK)}
    needed: set[str] = set()
    for expected_rows, _, name in live:
        manifest = load_manifest(store, BOOK, name)
        assert read(store, SCHEMA, manifest) == expected(expected_rows)
        needed.update(blob for frame in manifest.frames for blob in frame.blobs())
    roots_and_parts = left - needed
    assert needed <= left
    assert (swept.needed, swept.deleted) == (len(left), len(before) - len(left))
    assert bool(roots_and_parts) == bool(live)


@given(ROWS, EDITS)
def test_the_sweep_spares_what_is_young(
    rows: Rows, edits: dict[str, tuple[int, int] | None]
) -> None:
    store = MemoryPages(clock=lambda: START)
    build(store, changed(rows, edits), build(store, rows, None, 9), 9)
    before = {info.hash for info in store.list(BOOK)}
    assert sweep_book(store, BOOK, [], START).deleted == 0
    assert {info.hash for info in store.list(BOOK)} == before
    assert sweep_book(store, BOOK, [], START + timedelta(seconds=1)).deleted == len(before)


FRAMES = st.lists(st.tuples(keys(), st.integers(1, 9), st.booleans(), st.integers(0, 3)))


@given(FRAMES)
def test_a_manifest_reads_as_it_was_saved(
    drawn: list[tuple[str, int, bool, int]],
) -> None:
    store = MemoryPages()
    frames = []
    for i, (key, rows, patched, sheet_rows) in enumerate(drawn):
        content, base = f"{i:032x}", f"{i + 999:032x}"
        frames.append(
            Frame(
                key,
                rows,
                content,
                base if patched else content,
                patch_name(base, content) if patched else None,
                f"{i + 5000:032x}" if sheet_rows else None,
                sheet_rows,
            )
        )
    manifest = Manifest.of("things", frames)
    assert load_manifest(store, BOOK, save_manifest(store, BOOK, manifest)) == manifest


def test_concat_of_a_range_written_in_two_halves_is_the_book() -> None:
    rows = {f"k{n:02d}": (n, n % 2) for n in range(60)}
    store = MemoryPages()
    before = build(store, rows, None, 9)
    middle = before.first_keys[3]
    new = {**rows, "k00x": (1, 1), middle + "x": (2, 0)}
    low = {k: v for k, v in new.items() if k < middle}
    high = {k: v for k, v in new.items() if k >= middle}
    halves = [
        write_range(store, BOOK, SCHEMA, part, [page_of(side)], sheet_of)
        for part, side in ((before.frames[:3], low), (before.frames[3:], high))
    ]
    assert read(store, SCHEMA, Manifest.of("things", [*halves[0], *halves[1]])) == expected(new)
    assert concat([page_of(low), page_of(high)]) == page_of(new)

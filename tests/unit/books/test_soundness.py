"""Finds: a page, patch, sheet or manifest that was altered and nobody is told."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from trueup.adapters.memory_pages import MemoryPages
from trueup.books.manifest import Manifest, manifest_blobs, save_manifest
from trueup.books.pages import Page
from trueup.books.schema import ROWS
from trueup.books.soundness import manifest_name, unsound_frames, unsound_version
from trueup.books.writer import write_range

BOOK = "rows/eu/1"
KEYS = [f"SKU-{number:05d}" for number in range(9_000)]


def rows(changed: int) -> Page:
    """All rows; so many of them differ."""
    reported = [number % 7 for number in range(len(KEYS))]
    columns = {name: [0] * len(KEYS) for name in ROWS.ints}
    differing = [int(number % 1_000 < changed) for number in range(len(KEYS))]
    return Page(KEYS, columns | {"reported": reported, "reason": differing})


def sheet_of(page: Page) -> Page | None:
    at = [i for i, reason in enumerate(page.ints["reason"]) if reason]
    if not at:
        return None
    ints = {name: [column[i] for i in at] for name, column in page.ints.items()}
    sheet = ROWS.of_sheet
    ints |= {name: [0] * len(at) for name in sheet.ints if name not in ints}
    texts = {name: [""] * len(at) for name in sheet.texts}
    return Page([page.keys[i] for i in at], ints, texts)


@pytest.fixture(scope="module")
def written() -> tuple[MemoryPages, Manifest, str]:
    """The second version of a book: patches over pages, and sheets."""
    pages = MemoryPages()
    first = write_range(pages, BOOK, ROWS, [], [rows(0)], sheet_of)
    second = Manifest.of("rows", write_range(pages, BOOK, ROWS, first, [rows(3)], sheet_of))
    assert all(frame.patch and frame.sheet for frame in second.frames)
    return pages, second, save_manifest(pages, BOOK, second)


def altered(pages: MemoryPages, names: set[str], how: str) -> Iterator[str]:
    """One blob after the other, altered while it is looked at."""
    items = pages._items[BOOK]
    for name in sorted(names):
        kept = items.pop(name)
        other = next(item for key, item in sorted(items.items()) if item.blob != kept.blob)
        if how != "gone":
            items[name] = replace(kept, blob=other.blob if how == "exchanged" else b"\x00")
        yield name
        items[name] = kept


@pytest.mark.parametrize("how", ["gone", "exchanged", "emptied"])
def test_every_altered_blob_of_a_version_is_told(
    written: tuple[MemoryPages, Manifest, str], how: str
) -> None:
    pages, manifest, name = written
    needed = manifest_blobs(pages, BOOK, name)
    assert unsound_version(pages, BOOK, name) == ""
    assert manifest_name(BOOK, manifest) == name
    assert len(needed) >= 2 + 3 * len(manifest.frames)
    for blob in altered(pages, needed, how):
        assert BOOK in unsound_version(pages, BOOK, name), blob


def test_only_the_frames_of_a_range_are_looked_at(
    written: tuple[MemoryPages, Manifest, str],
) -> None:
    pages, manifest, name = written
    first, *_, last = manifest.frames
    assert first.patch is not None
    assert last.sheet is not None
    for _ in altered(pages, {first.patch}, "gone"):
        assert unsound_version(pages, BOOK, name, last.first_key) == ""
        assert unsound_version(pages, BOOK, name, None, last.first_key)
        assert unsound_frames(pages, BOOK, [last]) == ""
        assert unsound_frames(pages, BOOK, manifest.frames)
    for _ in altered(pages, {last.sheet}, "exchanged"):
        assert unsound_frames(pages, BOOK, [last])

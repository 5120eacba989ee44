"""Reading a version of a book: by range, by key, or only the rows that differ."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from trueup.books.blobs import apply_delta
from trueup.books.manifest import Frame, Manifest
from trueup.books.pages import Page, decode
from trueup.books.schema import BookSchema
from trueup.books.squeezing import unsqueeze
from trueup.books.stores import BlobReader

READ_AHEAD = 16
"""Frames whose blobs are fetched by one call, at most; one is decompressed at a time."""


class BookReader:
    """One version of a book."""

    def __init__(
        self, store: BlobReader, book: str, schema: BookSchema, manifest: Manifest
    ) -> None:
        self._store = store
        self._book = book
        self._schema = schema
        self._manifest = manifest

    def scan(self, lo: str | None = None, hi: str | None = None) -> Iterator[Page]:
        """The rows from `lo` to before `hi`, page by page; pages are never empty."""
        for _, page in self.pages(self._manifest.between(lo, hi)):
            yield from _within(page, lo, hi)

    def get(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The rows of sorted keys by key, as dicts; absent keys are left out."""
        found: dict[str, dict[str, Any]] = {}
        wanted = {i: list(group) for i, group in groupby(keys, self._frame_index) if i >= 0}
        frames = [self._manifest.frames[i] for i in wanted]
        for group, (_, page) in zip(wanted.values(), self.pages(frames), strict=True):
            found.update(_pick(page, group))
        return found

    def differing(self, lo: str | None = None, hi: str | None = None) -> Iterator[Page]:
        """The rows that differ, from the sheets alone; pages are never empty."""
        frames = [frame for frame in self._manifest.between(lo, hi) if frame.sheet]
        for batch in _batches(frames):
            names = [frame.sheet for frame in batch if frame.sheet]
            blobs = self._store.get_many(self._book, list(dict.fromkeys(names)))
            for name in names:
                yield from _within(self._sheet(blobs[name]), lo, hi)

    def get_differing(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Of sorted keys the rows that differ, by key, from the sheets alone, by one call."""
        groups = groupby(keys, self._frame_index)
        wanted = {self._manifest.frames[i].sheet: list(keys) for i, keys in groups if i >= 0}
        names = [name for name in wanted if name]
        blobs = self._store.get_many(self._book, names) if names else {}
        found: dict[str, dict[str, Any]] = {}
        for name in names:
            found.update(_pick(self._sheet(blobs[name]), wanted[name]))
        return found

    def pages(self, frames: Sequence[Frame]) -> Iterator[tuple[Frame, Page]]:
        """The whole pages of some frames, in their order."""
        for batch in _batches(frames):
            blobs = read_blobs(self._store, self._book, batch)
            for frame in batch:
                yield frame, decode(self._schema, plain_of(frame, blobs))

    def page(self, frame: Frame) -> Page:
        """The whole page of one frame."""
        return next(self.pages([frame]))[1]

    def _sheet(self, blob: bytes) -> Page:
        return decode(self._schema.of_sheet, unsqueeze(blob))

    def _frame_index(self, key: str) -> int:
        return bisect_right(self._manifest.first_keys, key) - 1


def read_blobs(store: BlobReader, book: str, frames: Sequence[Frame]) -> dict[str, bytes]:
    """The bases and patches of some frames, in one call."""
    names = dict.fromkeys(name for f in frames for name in (f.base, f.patch) if name)
    return store.get_many(book, list(names)) if names else {}


def plain_of(frame: Frame, blobs: Mapping[str, bytes]) -> bytes:
    """The canonical bytes of a frame's page."""
    base = unsqueeze(blobs[frame.base])
    return apply_delta(base, blobs[frame.patch]) if frame.patch else base


def _batches(frames: Sequence[Frame]) -> Iterator[Sequence[Frame]]:
    """1, 2, 4, … frames: whoever wants a few rows reads few frames, a long scan calls seldom."""
    start, size = 0, 1
    while start < len(frames):
        yield frames[start : start + size]
        start, size = start + size, min(size * 2, READ_AHEAD)


def _within(page: Page, lo: str | None, hi: str | None) -> Iterator[Page]:
    """The page's rows from `lo` to before `hi`, if there are any."""
    start = bisect_left(page.keys, lo) if lo is not None else 0
    stop = bisect_left(page.keys, hi) if hi is not None else len(page)
    if start < stop:
        yield page.slice(start, stop)


def _pick(page: Page, keys: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key in keys:
        i = bisect_left(page.keys, key)
        if i < len(page) and page.keys[i] == key:
            yield key, page.row(i)

"""Texts of listings for the rows of whole pages."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from trueup.books.manifest import Frame
from trueup.books.pages import Page
from trueup.usecases.rows.candidates import OpenSource

Texts = dict[str, list[str]]


class Titles:
    """Joins the listings that a run compared to keys, which come in their order.

    A page of listings is read once, however many pages of rows it reaches over.
    """

    def __init__(self, opened: OpenSource) -> None:
        self._opened = opened
        self._last: tuple[str, Page] | None = None

    def texts(self, keys: Sequence[str], names: Sequence[str]) -> Texts:
        """By name, "" where there is no listing."""
        found: Texts = {name: [] for name in names}
        done = 0
        for page, start, stop in self._pages(keys):
            for name in names:
                found[name] += [""] * (start - done)
            _join(found, page, keys[start:stop])
            done = stop
        for name in names:
            found[name] += [""] * (len(keys) - done)
        return found

    def _pages(self, keys: Sequence[str]) -> Iterator[tuple[Page, int, int]]:
        """Each page of listings with the stretch of keys that falls on it."""
        if self._opened.listings is None or not keys:
            return
        manifest, reader = self._opened.listings
        wanted = [
            (frame, start, stop)
            for frame, start, stop in _stretches(manifest.frames, manifest.first_keys, keys)
            if start < stop
        ]
        held = self._last
        missing = [f for f, _, _ in wanted if held is None or f.content != held[0]]
        pages = reader.pages(missing)
        for frame, start, stop in wanted:
            if held is None or frame.content != held[0]:
                _, page = next(pages)
                self._last = (frame.content, page)
            else:
                page = held[1]
            yield page, start, stop


def _stretches(
    frames: Sequence[Frame], firsts: Sequence[str], keys: Sequence[str]
) -> Iterator[tuple[Frame, int, int]]:
    begin = max(bisect_left(firsts, keys[0] + "\x00") - 1, 0)
    end = bisect_left(firsts, keys[-1] + "\x00")
    for i in range(begin, end):
        stop = bisect_left(keys, firsts[i + 1]) if i + 1 < len(firsts) else len(keys)
        yield frames[i], bisect_left(keys, firsts[i]), stop


def _join(found: Texts, page: Page, keys: Sequence[str]) -> None:
    if keys == page.keys:
        for name in found:
            found[name] += page.texts[name]
        return
    index = {key: i for i, key in enumerate(page.keys)}
    places = [index.get(key, -1) for key in keys]
    for name in found:
        column = page.texts[name]
        found[name] += [column[i] if i >= 0 else "" for i in places]

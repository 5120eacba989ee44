"""Sheets that are made page by page, handed out for the frames that pages are cut into."""

from bisect import bisect_left, bisect_right
from collections import deque

from trueup.books.pages import Page, concat


class Sheets:
    """Rows of sheets in the order of their keys; those before the last page asked for are gone."""

    def __init__(self) -> None:
        self._held: deque[Page] = deque()

    def add(self, sheet: Page | None) -> None:
        if sheet is not None:
            self._held.append(sheet)

    def of(self, page: Page) -> Page | None:
        """The rows of a page that do not match; pages come in their order, some again in parts."""
        first, last = page.keys[0], page.keys[-1]
        while self._held and self._held[0].keys[-1] < first:
            self._held.popleft()
        parts = []
        for sheet in self._held:
            if sheet.keys[0] > last:
                break
            start, stop = bisect_left(sheet.keys, first), bisect_right(sheet.keys, last)
            parts.append(sheet.slice(start, stop))
        parts = [part for part in parts if len(part)]
        return concat(parts) if parts else None

"""Merging sorted blocks of rows whose key ranges mostly do not overlap."""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

from trueup.books.pages import Page, concat, take


@dataclass(frozen=True, slots=True)
class Source:
    """A sorted, non-empty page that is not loaded yet."""

    first_key: str
    last_key: str
    load: Callable[[], Page]


class RepeatedKeyError(ValueError):
    """A key occurs more than once."""

    def __init__(self, key: str, times: int) -> None:
        super().__init__(f"the key {key!r} occurs {times} times")
        self.key = key
        self.times = times


def merge(sources: Iterable[Source]) -> Iterator[Page]:
    """All rows in key order. Pages that overlap no other pass through as they are.

    Only pages whose ranges overlap are in memory together. RepeatedKeyError, when it comes to it,
    if two sources hold the same key.
    """
    waiting = deque(sorted(sources, key=attrgetter("first_key")))
    active: list[Page] = []
    while waiting or active:
        while waiting and (not active or waiting[0].first_key <= _least_end(active)):
            active.append(waiting.popleft().load())
        if len(active) == 1:
            yield active.pop()
            continue
        heads, active = _split(active, _least_end(active))
        yield _interleaved(heads)


def repeated(keys: Sequence[str]) -> str | None:
    """The first of some sorted keys that occurs more than once."""
    if len(set(keys)) == len(keys):
        return None
    return next(key for key, following in pairwise(keys) if key == following)


def _least_end(pages: Sequence[Page]) -> str:
    return min(page.keys[-1] for page in pages)


def _split(pages: Sequence[Page], end: str) -> tuple[list[Page], list[Page]]:
    """The pages' rows up to `end`, and the rest of them; empty ones left out."""
    cuts = [(page, bisect_right(page.keys, end)) for page in pages]
    heads = [page.slice(0, cut) for page, cut in cuts if cut]
    return heads, [page.slice(cut, len(page)) for page, cut in cuts if cut < len(page)]


def _interleaved(pages: Sequence[Page]) -> Page:
    if len(pages) == 1:
        return pages[0]
    both = concat(pages)
    merged = take(both, sorted(range(len(both)), key=both.keys.__getitem__))
    twice = repeated(merged.keys)
    if twice is not None:
        raise RepeatedKeyError(twice, merged.keys.count(twice))
    return merged

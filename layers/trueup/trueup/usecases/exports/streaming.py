"""Streams of cells in the order of their keys, and one stream made of many."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from trueup.tables.model import Batch, Cell


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows by column, with the keys that order them; never none."""

    keys: Sequence[str]
    columns: Sequence[Sequence[Cell]]

    def cut(self, start: int, stop: int) -> "Chunk":
        if start == 0 and stop == len(self.keys):
            return self
        return Chunk(self.keys[start:stop], [column[start:stop] for column in self.columns])


Chunks = Iterator[Chunk]


class _Feed:
    """A stream, and how far it has been taken."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        self._at = 0
        self._now = next(chunks, None)

    @property
    def over(self) -> bool:
        return self._now is None

    @property
    def last(self) -> str:
        """The key that is surely reached without reading on; "" where it is over."""
        return self._now.keys[-1] if self._now else ""

    def up_to(self, key: str) -> Chunk | None:
        """The rows up to a key that is not beyond `last`."""
        now = self._now
        if now is None:
            return None
        start, stop = self._at, bisect_right(now.keys, key)
        self._at = stop
        if stop == len(now.keys):
            self._now, self._at = next(self._chunks, None), 0
        return now.cut(start, stop) if start < stop else None


def merged(streams: Sequence[Chunks]) -> Iterator[Batch]:
    """The rows of all streams by key; of one key, in the order of the streams.

    Keys of a stream only grow. Only one chunk of each is held.
    """
    if len(streams) == 1:
        yield from (chunk.columns for chunk in streams[0])
        return
    feeds = [_Feed(stream) for stream in streams]
    while open_ := [feed for feed in feeds if not feed.over]:
        reach = min(feed.last for feed in open_)
        yield _sorted([part for feed in open_ if (part := feed.up_to(reach))])


def _sorted(parts: Sequence[Chunk]) -> Batch:
    if len(parts) == 1:
        return parts[0].columns
    keys = list(chain.from_iterable(part.keys for part in parts))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    columns = zip(*(part.columns for part in parts), strict=True)
    return [_permuted(list(chain.from_iterable(column)), order) for column in columns]


def _permuted(column: Sequence[Cell], order: Sequence[int]) -> list[Cell]:
    return [column[i] for i in order]

"""Sorted streams read side by side, cut between SKUs."""

from collections.abc import Iterator, Sequence

from trueup.compare.columns import Chunk, Stream

ROWS = 8_192
"""Rows worked on at a time: enough that numpy's calls cost little, few enough for the cache."""


def side_by_side(streams: Sequence[Stream], rows: int = ROWS) -> Iterator[list[Chunk]]:
    """Chunks of all inputs, each with the rows of the same SKUs; some `rows` of each at a time."""
    while True:
        for stream in streams:
            stream.fill(rows)
        limit = min((stream.frontier for stream in streams if not stream.ended), default=None)
        chunks = [stream.take_before(limit) for stream in streams]
        if any(map(len, chunks)):
            yield chunks
        elif limit is not None:  # a page was all of one SKU
            for stream in streams:
                if not stream.ended and stream.frontier == limit:
                    stream.read_on()
        if limit is None:
            return

"""Memories of ids: written when a book closes, forgotten when they are too old to come again."""

from collections.abc import Iterator
from datetime import timedelta

from trueup.domain.movements import REMEMBERED_DAYS
from trueup.domain.time import milliseconds
from trueup.ledger.blocks import MOVEMENTS, Block
from trueup.ledger.memory import MAX_IDS, extended
from trueup.ledger.streams import movements_stream
from trueup.ports import Ledger
from trueup.usecases.ledger.desk import ClosingWork

KEPT = timedelta(days=REMEMBERED_DAYS + 1)
"""With a day to spare for clocks that differ."""


def remember(work: ClosingWork, location: str, shard: int, cut: int) -> None:
    """Write down the ids of the blocks since the last memory, and forget those too old to come."""
    stream = movements_stream(location)
    memories = list(work.ledger.memories(stream, shard))
    last = memories[-1] if memories else None
    after = last.until if last else 0
    grown = last if last and len(last.ids) // 8 < MAX_IDS // 2 else None
    for chunk in _chunks(work.ledger, stream, shard, after, cut):
        first = grown.first if grown else chunk[0][0]
        made = extended(grown, first, chunk, MOVEMENTS)
        if made is not None:
            work.ledger.remember(stream, shard, made)
        grown = None
    too_old = milliseconds(work.clock() - KEPT)
    for memory in memories[:-1]:
        if memory.last >= too_old:
            break  # so that what is left has no gap
        work.ledger.forget(stream, shard, memory.first)


def _chunks(
    ledger: Ledger, stream: str, shard: int, after: int, cut: int
) -> Iterator[list[tuple[int, Block]]]:
    """Blocks of at most half a memory's ids at a time."""
    held: list[tuple[int, Block]] = []
    for sequence, block in ledger.read(stream, shard, after, cut):
        if held and sum(b.entries for _, b in held) + block.entries > MAX_IDS // 2:
            yield held
            held = []
        held.append((sequence, block))
    if held:
        yield held

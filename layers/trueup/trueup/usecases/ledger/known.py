"""What a process knows of shards: which ids they hold, so that a warm writer reads little."""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from trueup.ledger.blocks import START, Block, Codec
from trueup.ledger.memory import identity_of, known_in, mark_of, marks_of
from trueup.ports import Ledger
from trueup.usecases.ledger.checkpoints import last_known

MAX_CACHED_IDS = 2_000_000
"""Of all shards that a process knows: the longest unused are forgotten."""


@dataclass
class Known:
    """A shard up to the block `sequence`: marks by identity, and what its last block says."""

    sequence: int = 0
    previous: str = START
    recorded_at: int = 0
    marks: dict[int, int] = field(default_factory=dict)

    def meet(self, sequence: int, block: Block, codec: Codec[Any]) -> None:
        self.marks.update(marks_of(codec.entries(block)))
        self.sequence, self.previous = sequence, block.hash
        self.recorded_at = max(self.recorded_at, block.recorded_at)

    def has(self, entry: Any) -> bool | None:
        """Whether the very same is there; None: nothing of this id is, False: something else."""
        mark = self.marks.get(identity_of(entry))
        return None if mark is None else mark == mark_of(entry)


class Knowledge:
    """Of the shards that a process met, bounded. Blocks never change, so it is never wrong."""

    def __init__(self, most: int = MAX_CACHED_IDS) -> None:
        self._most = most
        self._shards: OrderedDict[tuple[str, str, int], Known] = OrderedDict()
        self._lock = Lock()

    def take(
        self, ledger: Ledger, stream: str, shard: int, codec: Codec[Any], since: int = 0
    ) -> Known:
        """A shard as far as it is known, for one writer alone until it is given back.

        `since`: what was recorded before it (milliseconds) is too old to come again.
        """
        with self._lock:
            known = self._shards.pop((ledger.name, stream, shard), None)
        return known or _remembered(ledger, stream, shard, codec, since)

    def give(self, ledger: Ledger, stream: str, shard: int, known: Known) -> None:
        with self._lock:
            self._shards[ledger.name, stream, shard] = known
            total = sum(len(one.marks) for one in self._shards.values())
            while total > self._most and len(self._shards) > 1:
                total -= len(self._shards.popitem(last=False)[1].marks)


def catch_up(known: Known, ledger: Ledger, stream: str, shard: int, codec: Codec[Any]) -> None:
    """Read what others appended since."""
    for sequence, block in ledger.read(stream, shard, known.sequence):
        known.meet(sequence, block, codec)


def _remembered(ledger: Ledger, stream: str, shard: int, codec: Codec[Any], since: int) -> Known:
    """From the memories, as far as they follow each other, and the blocks since.

    A stream that is never closed, as those of pushes, has no memories: its old blocks are left out.
    """
    known = Known()
    for memory in ledger.memories(stream, shard):
        if known.sequence and memory.first != known.sequence + 1:
            break
        known.marks.update(known_in(memory))
        known.sequence, known.previous = memory.until, memory.hash
        known.recorded_at = memory.recorded_at
    if not known.sequence:
        _skip(known, ledger, stream, shard, since)
    catch_up(known, ledger, stream, shard, codec)
    return known


def _skip(known: Known, ledger: Ledger, stream: str, shard: int, since: int) -> None:
    """Begin behind the last block that was recorded up to an instant, if one was."""
    if not any(block.recorded_at <= since for _, block in ledger.read(stream, shard, 0, 1)):
        return
    old = last_known(ledger, stream, shard, ledger.last(stream, shard), since)
    for sequence, block in ledger.read(stream, shard, old - 1, old):
        known.sequence, known.previous = sequence, block.hash
        known.recorded_at = block.recorded_at


SHARED = Knowledge()
"""This process's. Adapters are made anew for each invocation; their names stay."""

"""A Ledger in memory: the twin of the DynamoDB one, for tests and the bench."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import count
from threading import Lock

from trueup.domain.errors import ConflictError, DefectError
from trueup.ledger.blocks import BLOCK_LIMIT, Block
from trueup.ledger.memory import Memory
from trueup.ports import Meter

_NUMBERS = count()
_Shard = tuple[str, int]
ITEM_OVERHEAD = 250
"""Bytes of a block's item beside its payload, rounded up."""


class MemoryLedger:
    """Streams of one seller. The meter counts units as DynamoDB would. Safe for threads."""

    def __init__(self, meter: Meter | None = None) -> None:
        self.meter = meter or Meter()
        self.name = f"memory {next(_NUMBERS)}"
        self._blocks: dict[_Shard, list[Block]] = defaultdict(list)
        self._memories: dict[_Shard, dict[int, Memory]] = defaultdict(dict)
        self._lock = Lock()

    def append(self, stream: str, shard: int, sequence: int, block: Block) -> None:
        if len(block.payload) > BLOCK_LIMIT:
            raise DefectError(f"A block of {stream} has {len(block.payload)} bytes.")
        with self._lock:
            blocks = self._blocks[stream, shard]
            taken = blocks[sequence - 1] if sequence <= len(blocks) else None
            if taken is None and sequence != len(blocks) + 1:
                raise DefectError(f"The shard {stream} {shard} would have a gap.")
            self.meter.add(write_units=_units(len(block.payload)))
            if taken is None:
                blocks.append(block)
                self.meter.add(items_written=1, bytes_written=len(block.payload))
            elif taken != block:
                raise ConflictError("Others appended to this shard meanwhile.")

    def last(self, stream: str, shard: int) -> int:
        with self._lock:
            blocks = self._blocks.get((stream, shard), [])
            self._read(blocks[-1:])
            return len(blocks)

    def read(
        self, stream: str, shard: int, after: int = 0, until: int | None = None
    ) -> Iterable[tuple[int, Block]]:
        with self._lock:
            found = self._blocks.get((stream, shard), [])[after:until]
        self._read(found)
        return enumerate(found, after + 1)

    def remember(self, stream: str, shard: int, memory: Memory) -> None:
        self._memories[stream, shard][memory.first] = memory
        size = len(memory.ids) + len(memory.marks)
        self.meter.add(write_units=_units(size), items_written=1, bytes_written=size)

    def memories(self, stream: str, shard: int) -> Iterable[Memory]:
        found = self._memories.get((stream, shard), {})
        memories = [found[first] for first in sorted(found)]
        sizes = (len(memory.ids) + len(memory.marks) for memory in memories)
        self.meter.add(read_units=max(1, -(-sum(sizes) // 4096)))
        return memories

    def forget(self, stream: str, shard: int, first: int) -> None:
        self._memories[stream, shard].pop(first, None)
        self.meter.add(write_units=1)

    def _read(self, blocks: list[Block]) -> None:
        size = sum(len(block.payload) + ITEM_OVERHEAD for block in blocks)
        self.meter.add(read_units=max(1, -(-size // 4096)))


def _units(size: int) -> int:
    return -(-(size + ITEM_OVERHEAD) // 1024)

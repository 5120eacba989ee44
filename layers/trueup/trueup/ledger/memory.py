"""Memory of a shard: which ids are in it, in little space, so that none is stored twice.

An id is remembered as 8 bytes of the hash of (source, id), and 4 of what it said. Memory follows
from blocks, which never change: whoever writes it writes the same.
"""

from array import array
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from sys import byteorder
from typing import Any

import msgspec

from trueup.ledger.blocks import Block, Codec

MAX_IDS = 30_000
"""Of one memory: 12 bytes each, within an item's limit."""

_RECORDED = "recorded_at"


class Memory(msgspec.Struct, frozen=True):
    """The ids of the blocks `first`..`until`. `hash`, `recorded_at`: of the last of these blocks.

    `last`: the latest `occurred_at` of an entry; ids are needed until that is too old to come.
    """

    first: int
    until: int
    hash: str
    recorded_at: int
    last: int
    ids: bytes
    marks: bytes


def identity_of(entry: Any) -> int:
    """Of an entry's (source, id), 8 bytes."""
    text = f"{len(entry.source)} {entry.source}{entry.id}"
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def mark_of(entry: Any) -> int:
    """Of all that an entry says, 4 bytes. When it was recorded is no part of it."""
    said = msgspec.structs.astuple(msgspec.structs.replace(entry, recorded_at=0))
    raw = blake2b(msgspec.msgpack.encode(said), digest_size=4).digest()
    return int.from_bytes(raw, "big", signed=True)


def marks_of(entries: Iterable[Any]) -> dict[int, int]:
    """Marks by identity."""
    return {identity_of(entry): mark_of(entry) for entry in entries}


def known_in(memory: Memory) -> dict[int, int]:
    """Marks by identity, of a stored memory."""
    return dict(zip(_unpacked("q", memory.ids), _unpacked("i", memory.marks), strict=True))


def extended(
    before: Memory | None, first: int, blocks: Iterable[tuple[int, Block]], codec: Codec[Any]
) -> Memory | None:
    """A memory with more blocks in it; None if there is nothing at all."""
    known = known_in(before) if before else {}
    last = before.last if before else 0
    end: tuple[int, Block] | None = None
    for sequence, block in blocks:
        known.update(marks_of(codec.entries(block)))
        last, end = max(last, block.last), (sequence, block)
    if end is None:
        return before
    ids, marks = packed(known)
    return Memory(first, end[0], end[1].hash, end[1].recorded_at, last, ids, marks)


def packed(known: Mapping[int, int]) -> tuple[bytes, bytes]:
    order = sorted(known)
    return _packed("q", order), _packed("i", [known[identity] for identity in order])


def _packed(code: str, values: list[int]) -> bytes:
    column = array(code, values)
    if byteorder == "big":
        column.byteswap()
    return column.tobytes()


def _unpacked(code: str, raw: bytes) -> list[int]:
    column = array(code)
    column.frombytes(raw)
    if byteorder == "big":
        column.byteswap()
    return column.tolist()

"""The index at a segment's end: where the rows of each location and key range are.

The compressed index is followed by a footer of 8 bytes: the index's length (little-endian) and a
magic word.
"""

from collections.abc import Sequence

import msgspec

from trueup.books.blobs import compress, decompress
from trueup.books.schema import FORMAT_VERSION, BookSchema
from trueup.books.stores import RangeObjects
from trueup.domain.errors import DefectError
from trueup.domain.runs import Segment

_MAGIC = b"TSG1"
_FOOTER = 8
_TAIL = 16_384
"""Bytes read from the end at first: the index of a segment of 50k rows fits many times."""


class Block(msgspec.Struct, array_like=True, frozen=True):
    """Where some rows of a location are in a segment; `repeated` is a key it has twice."""

    location: str
    first_key: str
    last_key: str
    rows: int
    offset: int
    length: int
    captured_at: str
    repeated: str | None = None


class _Index(msgspec.Struct, array_like=True, frozen=True):
    version: int
    kind: str
    blocks: list[Block]


_decode_index = msgspec.msgpack.Decoder(_Index).decode


def index_bytes(schema: BookSchema, blocks: Sequence[Block]) -> bytes:
    """The index and its footer."""
    index = _Index(FORMAT_VERSION, schema.kind, list(blocks))
    blob = compress(msgspec.msgpack.encode(index))
    return blob + len(blob).to_bytes(4, "little") + _MAGIC


def read_index(objects: RangeObjects, segment: Segment, schema: BookSchema) -> list[Block]:
    """The blocks of a segment, by one or two ranged reads. DefectError if it is no such."""
    tail = objects.get_range(segment.key, -min(_TAIL, segment.size), 0)
    length = int.from_bytes(tail[-_FOOTER:-4], "little")
    if tail[-4:] != _MAGIC or length + _FOOTER > segment.size:
        raise DefectError(f"{segment.key} is not a whole segment")
    if length + _FOOTER > len(tail):
        tail = objects.get_range(segment.key, -(length + _FOOTER), 0)
    index = _decode_index(decompress(tail[-(length + _FOOTER) : -_FOOTER]))
    if index.version != FORMAT_VERSION or index.kind != schema.kind:
        raise DefectError(f"{segment.key} holds {index.kind} {index.version}, not {schema.kind}")
    return index.blocks

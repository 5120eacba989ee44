"""Blocks: some entries of a shard as compressed columns, chained by hashes.

The canonical bytes hold everything a block says, where it stands and the hash of the block before
it, so that an altered, a removed and a moved block are found. An entry is any array-like msgspec
struct whose fields are integers, flags and texts; fields are only ever added at its end.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import msgspec

from trueup.books.blobs import compress, content_hash, decompress
from trueup.books.columns import (
    PackedInts,
    PackedTexts,
    pack_ints,
    pack_texts,
    unpack_ints,
    unpack_texts,
)
from trueup.domain.errors import DefectError
from trueup.domain.movements import Movement, MovementKind

BLOCK_VERSION = 1
MAX_ENTRIES = 2_000
"""Of one block. With texts of full length a block can hold fewer: see `BLOCK_LIMIT`."""

BLOCK_LIMIT = 390_000
"""Bytes of the largest stored block: an item's limit, less its keys."""

NEVER = 2**62
"""An instant after all others, in milliseconds."""

START = ""
"""What stands for the hash before a shard's first block."""


class Entry(Protocol):
    """What is kept in a stream. `recorded_at` is set by the ledger: the block's."""

    @property
    def source(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def occurred_at(self) -> int: ...


T = TypeVar("T", bound=msgspec.Struct)
Columns = dict[str, list[Any]]
"""Some entries by the names of their fields, in the order of those."""

_RECORDED = "recorded_at"


class Block(msgspec.Struct, frozen=True):
    """A stored block. Instants in milliseconds.

    `first`, `last`: the earliest and latest `occurred_at` within; `counts_from`: the earliest of
    a count (`NEVER`: none).
    """

    hash: str
    previous: str
    recorded_at: int
    entries: int
    first: int
    last: int
    counts_from: int
    payload: bytes


class Place(msgspec.Struct, frozen=True):
    """Where a block stands, and what it follows."""

    stream: str
    shard: int
    sequence: int
    previous: str = START


class _Canonical(msgspec.Struct, array_like=True, frozen=True):
    version: int
    kind: str
    stream: str
    shard: int
    sequence: int
    previous: str
    recorded_at: int
    writer: str
    entries: int
    columns: list[PackedInts | list[str]]


_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.Decoder(_Canonical).decode


class Codec(Generic[T]):
    """Entries of one type to blocks and back. `kind` is stored and never changes."""

    known: ClassVar[dict[str, "Codec[Any]"]] = {}

    def __init__(self, kind: str, entry: type[T]) -> None:
        self._kind = kind
        self._entry = entry
        fields = [field for field in msgspec.structs.fields(entry) if field.name != _RECORDED]
        self._names = [field.name for field in fields]
        self._texts = [field.type is str for field in fields]
        self._flags = [field.name for field in fields if field.type is bool]
        self._defaults = [field.default for field in fields]
        self.known[kind] = self

    def block(self, place: Place, entries: Sequence[T], recorded_at: int, writer: str) -> Block:
        """A block of 1 or more entries. `writer` tells two writers of the same content apart."""
        rows = [msgspec.structs.astuple(entry) for entry in entries]
        columns = list(zip(*rows, strict=True))
        packed = [self._packed(i, columns[i]) for i in range(len(self._texts))]
        plain = _encode(
            _Canonical(
                BLOCK_VERSION,
                self._kind,
                place.stream,
                place.shard,
                place.sequence,
                place.previous,
                recorded_at,
                writer,
                len(rows),
                packed,
            )
        )
        return _sealed(place, entries, recorded_at, plain)

    def entries(self, block: Block) -> list[T]:
        """A block's entries in their stored order. DefectError: of another kind or format."""
        return self.entries_of(self.columns(block))

    def columns(self, block: Block) -> Columns:
        """The same by field; flags are 0 and 1."""
        canonical = _read(block)
        if canonical.kind != self._kind:
            raise DefectError(f"A block holds {canonical.kind}, not {self._kind}.")
        rows = canonical.entries
        columns = [self._unpacked(i, c, rows) for i, c in enumerate(canonical.columns)]
        columns += [[value] * rows for value in self._defaults[len(columns) :]]
        columns.append([canonical.recorded_at] * rows)
        return dict(zip([*self._names, _RECORDED], columns, strict=True))

    def entries_of(self, columns: Columns) -> list[T]:
        """The entries that such columns stand for."""
        flags = {name: map(bool, columns[name]) for name in self._flags}
        return list(map(self._entry, *(columns | flags).values()))

    def _packed(self, index: int, column: Sequence[Any]) -> PackedInts | list[str]:
        if self._texts[index]:
            texts = pack_texts(list(column), len(column))
            return [texts] if isinstance(texts, str) else texts
        return pack_ints([int(value) for value in column], len(column))

    def _unpacked(self, index: int, column: PackedInts | list[str], rows: int) -> list[Any]:
        if self._texts[index]:
            texts: PackedTexts = column  # type: ignore[assignment]
            return unpack_texts(texts[0] if len(texts) == 1 else texts, rows)
        return unpack_ints(column, rows).tolist()  # type: ignore[arg-type]


def canonical_bytes(block: Block) -> bytes:
    return decompress(block.payload)


def stands_at(block: Block, place: Place) -> bool:
    """Whether a block is whole, and made for this place: what `verify` asks of each."""
    plain = canonical_bytes(block)
    if content_hash(plain) != block.hash:
        return False
    found = _decode(plain)
    stated = Place(found.stream, found.shard, found.sequence, found.previous)
    return stated == place and block.previous == place.previous


def _read(block: Block) -> _Canonical:
    canonical = _decode(canonical_bytes(block))
    if canonical.version != BLOCK_VERSION:
        raise DefectError(f"A block has the unknown format {canonical.version}.")
    return canonical


def _sealed(place: Place, entries: Sequence[Any], recorded_at: int, plain: bytes) -> Block:
    instants = [entry.occurred_at for entry in entries]
    counts = [e.occurred_at for e in entries if getattr(e, "kind", 0) == MovementKind.COUNT]
    return Block(
        hash=content_hash(plain),
        previous=place.previous,
        recorded_at=recorded_at,
        entries=len(entries),
        first=min(instants),
        last=max(instants),
        counts_from=min(counts, default=NEVER),
        payload=compress(plain),
    )


MOVEMENTS = Codec("movements", Movement)

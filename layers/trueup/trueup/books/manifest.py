"""Manifests: which pages make a version of a book.

A manifest is stored as a root that names parts, each a run of frames. Where a part ends is said
by the frames' first keys alone, so that a local change rewrites one part and the root.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import msgspec

from trueup.books.blobs import compress, content_hash, decompress, patch_name
from trueup.books.schema import FORMAT_VERSION
from trueup.books.stores import BlobReader, BlobStore
from trueup.domain.errors import DefectError

MAX_PART_FRAMES = 1_000
_MAX_PART_BYTES = 300_000
_FRAME_BYTES = 64
_ENDS_OF_256 = 2
"""A key ends a part with this many chances in 256: some 128 frames a part."""


class Frame(msgspec.Struct, frozen=True):
    """One page of a version and the page's difference sheet; hashes in hex.

    `content` names the rows; they are the blob `base`, with the blob `patch` applied if there is
    one. `sheet` names the blob of the `sheet_rows` rows that differ.
    """

    first_key: str
    rows: int
    content: str
    base: str
    patch: str | None = None
    sheet: str | None = None
    sheet_rows: int = 0

    def blobs(self) -> tuple[str, ...]:
        """The blobs that the frame needs: base, patch, sheet."""
        return tuple(h for h in (self.base, self.patch, self.sheet) if h)


@dataclass(frozen=True)
class Manifest:
    """A version of a book: frames in key order, each from its first key to the next's."""

    kind: str
    rows: int
    frames: tuple[Frame, ...]

    @classmethod
    def of(cls, kind: str, frames: Iterable[Frame]) -> "Manifest":
        kept = tuple(frames)
        return cls(kind, sum(frame.rows for frame in kept), kept)

    @property
    def sheet_rows(self) -> int:
        return sum(frame.sheet_rows for frame in self.frames)

    @cached_property
    def first_keys(self) -> list[str]:
        return [frame.first_key for frame in self.frames]

    def between(self, lo: str | None = None, hi: str | None = None) -> tuple[Frame, ...]:
        """The frames that may hold keys from `lo` to before `hi`."""
        start = max(bisect_right(self.first_keys, lo) - 1, 0) if lo is not None else 0
        stop = bisect_left(self.first_keys, hi) if hi is not None else len(self.frames)
        return self.frames[start:stop]


class _Part(msgspec.Struct, array_like=True, frozen=True):
    """Frames as columns. `bases` and `sheets` have 16 bytes for each frame that has one."""

    version: int
    first_keys: list[str]
    rows: list[int]
    contents: bytes
    patched: list[int]
    """Indexes of the frames whose base is not their content; the patch's name follows from both."""
    bases: bytes
    sheet_rows: list[int]
    sheets: bytes


class _Root(msgspec.Struct, array_like=True, frozen=True):
    version: int
    kind: str
    rows: int
    parts: bytes


_encode = msgspec.msgpack.encode
_decode_part = msgspec.msgpack.Decoder(_Part).decode
_decode_root = msgspec.msgpack.Decoder(_Root).decode


def save_manifest(
    store: BlobStore, book: str, manifest: Manifest, previous: Manifest | None = None
) -> str:
    """Store what `previous` (a live version, as loaded) has not already; the manifest's hash."""
    known = set(_blobs(previous)) if previous else set()
    blobs = _blobs(manifest)
    new = {name: compress(plain) for name, plain in blobs.items() if name not in known}
    if new:
        store.put_many(book, new)
    return next(reversed(blobs))


def load_manifest(store: BlobReader, book: str, manifest_hash: str) -> Manifest:
    """DefectError if it, or a part of it, is gone."""
    root = _root(store, book, manifest_hash)
    names = _unjoin(root.parts)
    parts = store.get_many(book, names) if names else {}
    frames = [frame for name in names for frame in _frames(decompress(parts[name]))]
    return Manifest(root.kind, root.rows, tuple(frames))


def manifest_blobs(store: BlobReader, book: str, manifest_hash: str) -> set[str]:
    """Every blob a stored manifest needs: itself, its parts, its frames' blobs."""
    needed = {manifest_hash, *_unjoin(_root(store, book, manifest_hash).parts)}
    for frame in load_manifest(store, book, manifest_hash).frames:
        needed.update(frame.blobs())
    return needed


def _root(store: BlobReader, book: str, manifest_hash: str) -> _Root:
    blob = store.get_many(book, [manifest_hash])[manifest_hash]
    root = _decode_root(decompress(blob))
    if root.version != FORMAT_VERSION:
        raise DefectError(f"a manifest of {book} has the unknown format {root.version}")
    return root


def _blobs(manifest: Manifest) -> dict[str, bytes]:
    """Plain bytes by name; the root is the last."""
    blobs: dict[str, bytes] = {}
    names = []
    for frames in _parts(manifest.frames):
        plain = _encode(_part(frames))
        names.append(content_hash(plain))
        blobs[names[-1]] = plain
    root = _encode(_Root(FORMAT_VERSION, manifest.kind, manifest.rows, _join(names)))
    # Set last even if (against all odds) the name is taken: save_manifest answers the last.
    blobs[content_hash(root)] = root
    return blobs


def _parts(frames: Sequence[Frame]) -> Iterator[list[Frame]]:
    part: list[Frame] = []
    size = 0
    for frame in frames:
        part.append(frame)
        size += _FRAME_BYTES + 4 * len(frame.first_key)
        if _ends_part(frame) or len(part) == MAX_PART_FRAMES or size > _MAX_PART_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _ends_part(frame: Frame) -> bool:
    return blake2b(frame.first_key.encode(), digest_size=1).digest()[0] < _ENDS_OF_256


def _part(frames: Sequence[Frame]) -> _Part:
    patched = [i for i, frame in enumerate(frames) if frame.patch]
    return _Part(
        FORMAT_VERSION,
        [frame.first_key for frame in frames],
        [frame.rows for frame in frames],
        _join([frame.content for frame in frames]),
        patched,
        _join([frames[i].base for i in patched]),
        [frame.sheet_rows for frame in frames],
        _join([frame.sheet for frame in frames if frame.sheet]),
    )


def _frames(plain: bytes) -> Iterator[Frame]:
    part = _decode_part(plain)
    contents = _unjoin(part.contents)
    bases = dict(zip(part.patched, _unjoin(part.bases), strict=True))
    sheets = iter(_unjoin(part.sheets))
    for i, content in enumerate(contents):
        base, rows = bases.get(i), part.sheet_rows[i]
        yield Frame(
            part.first_keys[i],
            part.rows[i],
            content,
            base or content,
            patch_name(base, content) if base else None,
            next(sheets) if rows else None,
            rows,
        )


def _join(names: Iterable[str]) -> bytes:
    return b"".join(map(bytes.fromhex, names))


def _unjoin(joined: bytes) -> list[str]:
    return [joined[i : i + 16].hex() for i in range(0, len(joined), 16)]

"""Bytes as they are stored: names by content, compression, and deltas between two contents."""

import threading
from hashlib import blake2b

import zstandard

BLOB_LIMIT = 390_000
"""Bytes of the largest blob: a DynamoDB item holds 400 KiB with its keys and attribute names."""

ITEM_OVERHEAD = 100
"""Bytes of an item's keys and attribute names (an estimate, for choosing and reporting)."""

_LEVEL = 3
_DELTA_LEVEL = 3
_WINDOW_LOG = 24  # 16 MiB: a delta must reach back over its whole base


class _Tools(threading.local):
    """zstd contexts may not be shared by threads, and making one costs more than a page."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_tools = _Tools()


def content_hash(plain: bytes) -> str:
    """The name of a content: 16 bytes of BLAKE2b, in hex. `plain` states its kind and format."""
    return blake2b(plain, digest_size=16).hexdigest()


def compress(plain: bytes) -> bytes:
    return _tools.compressor.compress(plain)


def decompress(blob: bytes) -> bytes:
    return _tools.decompressor.decompress(blob)


def delta(base: bytes, plain: bytes) -> bytes:
    """What makes `plain` out of `base`: zstd of `plain` with `base` as its dictionary."""
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _DELTA_LEVEL, source_size=len(plain), dict_size=len(base), window_log=_window(base, plain)
    )
    compressor = zstandard.ZstdCompressor(
        dict_data=_dictionary(base), compression_params=parameters
    )
    return compressor.compress(plain)


def apply_delta(base: bytes, patch: bytes) -> bytes:
    """The inverse of `delta`."""
    return zstandard.ZstdDecompressor(dict_data=_dictionary(base)).decompress(patch)


def patch_name(base: str, content: str) -> str:
    """The name of the patch that makes the page `content` out of the page `base`."""
    return content_hash(f"patch {base} {content}".encode())


def write_units(blob: bytes) -> int:
    """DynamoDB write units of a blob's item: one per KiB begun."""
    return -(-(len(blob) + ITEM_OVERHEAD) // 1024)


def _dictionary(base: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def _window(base: bytes, plain: bytes) -> int:
    return min(_WINDOW_LOG, max(10, (len(base) + len(plain)).bit_length()))

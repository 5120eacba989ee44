"""Streams: named append-only logs of one seller, each cut into shards by SKU or channel key."""

from zlib import crc32

SHARDS = 4
"""Of every stream. A shard takes one block at a time; reading one SKU reads one shard. More would
cut a batch that is spread over many locations into blocks of a few movements, each a write."""


def movements_stream(location: str) -> str:
    """The movements of one of the seller's locations, of all sources, claims included."""
    return f"movements/{location}"


def pushes_stream(account: str) -> str:
    """Quantities set at an account's channel, by us or by a tool that the seller told us of."""
    return f"pushes/{account}"


def shard_of(key: str) -> int:
    """The shard that a SKU or channel key is in, for ever."""
    return crc32(key.encode()) % SHARDS

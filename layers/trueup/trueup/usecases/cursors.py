"""Cursors as text: packed, and bound to whom and what they were made for.

A cursor holds no right: its seller must be the caller's, and all it names is looked up among the
caller's own things.
"""

import base64
import binascii
import zlib
from typing import Protocol, TypeVar

import msgspec

from trueup.domain.errors import Fault, RejectedError

MAX_LENGTH = 8_000
"""In an address, which gateways take up to some 10,000 characters of."""
_MAX_PLAIN = 100_000


class Bound(Protocol):
    """What all cursors say of themselves. `filters` is a digest of what was asked for."""

    @property
    def seller(self) -> str: ...
    @property
    def filters(self) -> str: ...
    @property
    def version(self) -> int: ...


C = TypeVar("C", bound=Bound)


def packed(cursor: Bound) -> str:
    """As text for an address. What a cursor pins is much alike, so it is compressed."""
    plain = zlib.compress(msgspec.msgpack.encode(cursor), 9)
    return base64.urlsafe_b64encode(plain).decode().rstrip("=")


def unpacked(text: str, decoder: msgspec.msgpack.Decoder[C], seller: str, filters: str) -> C:
    """RejectedError unless it was made for this seller and these filters."""
    try:
        padded = text + "=" * (-len(text) % 4)
        plain = base64.b64decode(padded, altchars=b"-_", validate=True)
        cursor = decoder.decode(zlib.decompressobj().decompress(plain, _MAX_PLAIN))
    except (
        binascii.Error,
        ValueError,
        zlib.error,
        msgspec.DecodeError,
        RecursionError,
    ) as error:
        raise refused("is not one that we gave out") from error
    if (cursor.version, cursor.seller, cursor.filters) != (1, seller, filters):
        raise refused("was made for other filters; start again without it")
    return cursor


def refused(reason: str) -> RejectedError:
    return RejectedError("This cursor cannot be used.", (Fault("cursor", reason),))

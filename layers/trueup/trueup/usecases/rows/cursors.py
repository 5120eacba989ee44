"""Cursors through rows: where to go on, in which versions, for whom and for which filters.

A cursor holds no right: its seller must be the caller's, and everything it names is looked up
among the caller's own things.
"""

import base64
import binascii
import zlib

import msgspec

from trueup.domain.errors import Fault, RejectedError

MAX_LENGTH = 8000
"""In an address, which gateways take up to some 10,000 characters of."""
_MAX_PLAIN = 100_000


class Pin(msgspec.Struct, frozen=True, array_like=True):
    """A location's rows as they are read: this version, and what the last attempt said of it."""

    account: str
    location: str
    version: int
    attempt: str


class Position(msgspec.Struct, frozen=True, array_like=True):
    """A place in the merged order (key, then source); `inclusive`: that row is still to come."""

    key: str
    source: int
    inclusive: bool

    def start(self, source: int) -> str:
        """The least key of a source that lies at or after this position."""
        comes = source > self.source or (source == self.source and self.inclusive)
        return self.key if comes else self.key + "\x00"


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    seller: str
    filters: str
    position: Position
    pins: tuple[Pin, ...]
    version: int = 1


_decode = msgspec.msgpack.Decoder(Cursor).decode


def write_cursor(cursor: Cursor) -> str:
    packed = zlib.compress(msgspec.msgpack.encode(cursor), 9)  # pins are much alike
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(text: str, seller: str, filters: str) -> Cursor:
    """RejectedError unless it was made for this seller and these filters."""
    try:
        padded = text + "=" * (-len(text) % 4)
        packed = base64.b64decode(padded, altchars=b"-_", validate=True)
        cursor = _decode(zlib.decompressobj().decompress(packed, _MAX_PLAIN))
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

"""Cursors through the push log: where to go on, for whom and for which filters.

A cursor holds no right: its seller must be the caller's, and all it names is looked up among the
caller's own things. Chunks are in the order of plan, account, part and number, the latest first.
"""

import base64
import binascii
import zlib

import msgspec

from trueup.domain.errors import Fault, RejectedError

MAX_LENGTH = 8_000
"""In an address, which gateways take up to some 10,000 characters of."""
_MAX_PLAIN = 50_000

Order = tuple[str, str, str, int]
"""Of a chunk: plan, account, share, number. Greater: later, so shown before."""


class LogCursor(msgspec.Struct, frozen=True, array_like=True):
    """Go on with chunk `order` at its row `index`, then with all chunks of lesser order.

    `plans`: by account, the registry's cursor of the page of plans to look at first; `chunks`: that
    of the page of chunks. They save reading what was shown, and say nothing of what is.
    """

    seller: str
    filters: str
    order: Order
    index: int
    plans: dict[str, str]
    chunks: str = ""
    version: int = 1


_decode = msgspec.msgpack.Decoder(LogCursor).decode


def write_cursor(cursor: LogCursor) -> str:
    packed = zlib.compress(msgspec.msgpack.encode(cursor), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(text: str, seller: str, filters: str) -> LogCursor:
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

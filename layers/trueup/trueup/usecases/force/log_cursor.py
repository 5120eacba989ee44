"""Cursors through the push log: where to go on, for whom and for which filters.

Chunks are in the order of plan, account, part and number, the latest first.
"""

import msgspec

from trueup.usecases.cursors import MAX_LENGTH, packed, unpacked

__all__ = ["MAX_LENGTH", "LogCursor", "Order", "read_cursor", "write_cursor"]

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


_DECODER = msgspec.msgpack.Decoder(LogCursor)


def write_cursor(cursor: LogCursor) -> str:
    return packed(cursor)


def read_cursor(text: str, seller: str, filters: str) -> LogCursor:
    """RejectedError unless it was made for this seller and these filters."""
    return unpacked(text, _DECODER, seller, filters)

"""Cursors through rows: where to go on, in which versions, for whom and for which filters."""

import msgspec

from trueup.usecases.cursors import MAX_LENGTH, packed, refused, unpacked

__all__ = ["MAX_LENGTH", "Cursor", "Pin", "Position", "read_cursor", "refused", "write_cursor"]


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


_DECODER = msgspec.msgpack.Decoder(Cursor)


def write_cursor(cursor: Cursor) -> str:
    return packed(cursor)


def read_cursor(text: str, seller: str, filters: str) -> Cursor:
    """RejectedError unless it was made for this seller and these filters."""
    return unpacked(text, _DECODER, seller, filters)

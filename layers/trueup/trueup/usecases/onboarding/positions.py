"""Cursors through lists that are sorted by a code: the last code shown, and of which list."""

import base64
import binascii

import msgspec

from trueup.domain.errors import Fault, RejectedError


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    version: int
    list: tuple[str, ...]
    after: str


_decode = msgspec.msgpack.Decoder(_Cursor).decode


def write_cursor(after: str, *name: str) -> str:
    """`name` says of which list it is: its first part is the seller."""
    packed = msgspec.msgpack.encode(_Cursor(1, name, after))
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_cursor(text: str, *name: str) -> str:
    """The code to go on after. RejectedError: it is of another list, or none of ours."""
    try:
        padded = text + "=" * (-len(text) % 4)
        cursor = _decode(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError) as error:
        raise _refused() from error
    if (cursor.version, cursor.list) != (1, name):
        raise _refused()
    return cursor.after


def _refused() -> RejectedError:
    fault = Fault("cursor", "is not one that we gave out for this list")
    return RejectedError("This cursor cannot be used.", (fault,))

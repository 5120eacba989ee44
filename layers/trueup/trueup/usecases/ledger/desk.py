"""What reading and closing ledgers works with, and cursors of lists."""

import base64
import binascii
from dataclasses import dataclass

import msgspec

from trueup.domain.errors import Fault, RejectedError
from trueup.domain.time import Clock
from trueup.ports import Ledger, PageStore, Registry


@dataclass(frozen=True)
class LedgerDesk:
    """The ports that reading one seller's ledger works with."""

    registry: Registry
    pages: PageStore
    ledger: Ledger
    clock: Clock


@dataclass(frozen=True)
class ClosingWork:
    """The ports that closing one seller's books works with."""

    registry: Registry
    pages: PageStore
    ledger: Ledger
    clock: Clock


class ListCursor(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    schema: int
    scope: str
    at: int
    known_at: int
    after: str


def write_cursor(cursor: ListCursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode()


def read_cursor(cursor: str, scope: str) -> ListCursor:
    """RejectedError: it is none of ours, or of something else."""
    try:
        raw = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True)
        read = msgspec.json.decode(raw, type=ListCursor)
    except (binascii.Error, UnicodeEncodeError, msgspec.DecodeError, UnicodeDecodeError):
        read = None
    if read is None or read.schema != 1 or read.scope != scope or min(read.at, read.known_at) < 0:
        raise RejectedError("This is no cursor of this list.", (Fault("cursor", "is of no use"),))
    return read

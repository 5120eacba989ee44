"""Texts that people pass back: ids of incidents, and cursors through ranked lists."""

import base64
import binascii
import hashlib
from typing import TypeVar

import msgspec

from trueup.domain.cases import Subject, SubjectKind
from trueup.domain.errors import Fault, NotFoundError, RejectedError

MAX_LENGTH = 4_000
T = TypeVar("T")


def incident_id(account: str, location: str, cause: str) -> str:
    """An incident's id: the same as long as account, location and cause are. A source's location
    has no account: "".
    """
    return _text([account, location, cause])


def incident_of(id_: str) -> Subject:
    """The inverse. NotFoundError: it is no id of an incident."""
    try:
        account, location, cause = _read(id_, list[str])
        if not account and cause:
            return Subject.of_source(location, cause=cause)
        return Subject(kind=SubjectKind.INCIDENT, account=account, location=location, what=cause)
    except ValueError as error:  # also pydantic's and msgspec's
        raise NotFoundError("There is no such incident.") from error


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a ranked list goes on: behind `after`. `pin` and `start` name what was ranked."""

    seller: str
    scope: str
    after: str
    pin: str = ""
    start: str = ""


def write_cursor(cursor: Cursor) -> str:
    return _text(cursor)


def read_cursor(text: str, seller: str, scope: str) -> Cursor:
    """RejectedError unless it was made for this seller and this list."""
    try:
        cursor = _read(text, Cursor)
    except ValueError as error:
        raise refused("is not one that we gave out") from error
    if (cursor.seller, cursor.scope) != (seller, scope):
        raise refused("was made for another list; start again without it")
    return cursor


def refused(reason: str) -> RejectedError:
    return RejectedError("This cursor cannot be used.", (Fault("cursor", reason),))


def scope_of(*parts: object) -> str:
    """Names what a list was filtered by."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]


def _text(value: object) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


def _read(text: str, kind: type[T]) -> T:
    padded = text + "=" * (-len(text) % 4)
    try:
        plain = base64.b64decode(padded, altchars=b"-_", validate=True)
        return msgspec.json.decode(plain, type=kind)
    except (binascii.Error, msgspec.DecodeError, RecursionError) as error:
        raise ValueError("cannot be read") from error

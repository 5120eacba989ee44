"""How registry records become items with keys; shared by the table and its memory twin.

A sort key is ``record#part#part#``: it ends with the separator, so that a prefix of whole parts
is a prefix of the text. Items sort by that text, code point order except for escaped characters.
"""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import ValidationError
from zstandard import ZstdError

from trueup.books.blobs import compress, decompress
from trueup.domain.accounts import Entity
from trueup.domain.errors import DefectError, Fault, RejectedError
from trueup.domain.time import from_iso, iso
from trueup.ports import Appointment, Stored

E = TypeVar("E", bound=Entity)

SEPARATOR = "#"
AFTER_SEPARATOR = "$"
"""The next character: ``x + AFTER_SEPARATOR`` is above every key that starts with ``x#``."""
AGENDA_SHARDS = 4
MAX_BODY_BYTES = 380_000
"""An item may have 400 kB with its names and keys. A larger body is kept compressed."""
_PACKED = "z:"
"""Begins a compressed body: no JSON object does."""
_MAX_PART_BYTES = 240
_ESCAPED = re.compile(r"[%#~\x00-\x1f\x7f]")
_ESCAPE = re.compile(r"%([0-9A-F]{2})")
_SHORTENED = "~"


@dataclass(frozen=True, slots=True)
class Item:
    """A record as it is stored. `agenda` is the agenda's partition and sort key, if on one.

    The body is JSON text rather than a map: nothing queries inside it (conditions use `version`
    and `guard`), pydantic reads and writes it in one go, and numbers keep their types.
    """

    sk: str
    record: str
    version: int
    body: str
    guard: str | None
    agenda: tuple[str, str] | None
    expires_at: int | None = None
    """Seconds since 1970, as DynamoDB's time to live wants them."""


def key_part(text: str) -> str:
    """A text as part of a key: separators escaped, and a long one shortened to start and digest.

    Location codes may be 1,024 bytes, as much as a whole sort key, so the whole cannot be kept.
    """
    escaped = _ESCAPED.sub(lambda match: f"%{ord(match[0]):02X}", text)
    if len(escaped.encode()) <= _MAX_PART_BYTES:
        return escaped
    start = escaped.encode()[: _MAX_PART_BYTES - 40].decode(errors="ignore")
    return start + _SHORTENED + hashlib.sha256(text.encode()).hexdigest()[:32]


def sort_key(record: str, parts: tuple[str, ...]) -> str:
    return SEPARATOR.join([record, *map(key_part, parts), ""])


def partition_key(seller: str) -> str:
    return f"S#{key_part(seller)}"


def agenda_partitions(agenda: str) -> list[str]:
    return [f"{agenda}{SEPARATOR}{shard}" for shard in range(AGENDA_SHARDS)]


def encode(seller: str, entity: Entity, version: int) -> Item:
    """The item of an entity; DefectError if it is too large for one."""
    sk = sort_key(entity.record, entity.identity)
    body = _packed(entity.model_dump_json())
    if len(body.encode()) > MAX_BODY_BYTES:
        msg = f"A {entity.record} has grown beyond {MAX_BODY_BYTES} bytes."
        raise DefectError(msg)
    agenda, forget_at = _agenda(seller, entity, sk), entity.forget_at
    until = None if forget_at is None else int(forget_at.timestamp())
    return Item(sk, entity.record, version, body, entity.guard, agenda, until)


def decode(kind: type[E], body: str, version: int) -> Stored[E]:
    """The entity in a body; DefectError if it is not a `kind` of a schema this code reads."""
    try:
        return Stored(kind.model_validate_json(_unpacked(body)), version)
    except (ValidationError, binascii.Error, ZstdError) as error:
        msg = f"A stored {kind.record} cannot be read by this version of the product."
        raise DefectError(msg) from error


def _packed(body: str) -> str:
    """A body as it is stored; so an account of very many locations can have runs."""
    raw = body.encode()
    if len(raw) <= MAX_BODY_BYTES:
        return body
    return _PACKED + base64.b64encode(compress(raw)).decode()


def _unpacked(body: str) -> str | bytes:
    if not body.startswith(_PACKED):
        return body
    return decompress(base64.b64decode(body.removeprefix(_PACKED), validate=True))


def appointment(partition: str, sk: str, agenda_sk: str) -> Appointment:
    """What an agenda's keys say: nothing else of the item is needed."""
    record, *parts = sk.split(SEPARATOR)[:-1]
    return Appointment(
        seller=_unescape(partition.removeprefix("S#")),
        kind=record,
        identity=tuple(map(_unescape, parts)),
        at=from_iso(agenda_sk.split(SEPARATOR, 1)[0]),
    )


def agenda_bound(until: datetime) -> str:
    """The agenda key above all appointments at or before `until` (milliseconds)."""
    return iso(until) + AFTER_SEPARATOR


def make_cursor(scope: str, last: str) -> str:
    """Where a list goes on: after the key `last`, within `scope` (seller, prefix, direction)."""
    text = json.dumps({"v": 1, "s": _digest(scope), "k": last})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str, scope: str, prefix: str) -> str:
    """The key to go on after; RejectedError for a cursor of another list, or not one at all."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        fields = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        version, bound, last = fields["v"], fields["s"], fields["k"]
        str(last).encode()  # half a surrogate pair is JSON, and no key of the table
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        msg = "This cursor cannot be used."
        raise RejectedError(msg, (Fault("cursor", "is not one that we gave out"),)) from error
    if version != 1 or bound != _digest(scope) or not str(last).startswith(prefix):
        msg = "This cursor cannot be used."
        raise RejectedError(msg, (Fault("cursor", "was made for another list"),))
    return str(last)


def list_scope(seller: str, prefix: str, *, newest_first: bool) -> str:
    return json.dumps([seller, prefix, newest_first])


def _agenda(seller: str, entity: Entity, sk: str) -> tuple[str, str] | None:
    if entity.appointment is None:
        return None
    if _SHORTENED in sk + partition_key(seller):
        msg = f"A {entity.record} on an agenda needs a shorter identity."
        raise DefectError(msg)
    agenda, at = entity.appointment
    shard = hashlib.sha256(seller.encode()).digest()[0] % AGENDA_SHARDS
    parts = [iso(at), key_part(seller), sk]
    return f"{agenda}{SEPARATOR}{shard}", SEPARATOR.join(parts)


def _unescape(part: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), part)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]

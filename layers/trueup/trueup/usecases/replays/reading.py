"""The rows that a what-if would change, read a page at a time."""

import base64
import binascii
from typing import NamedTuple

import msgspec

from trueup.domain.errors import ConflictError, Fault, NotFoundError, RejectedError
from trueup.domain.replays import Replay, ReplayKind, ReplayState
from trueup.ports import ObjectStore, Registry
from trueup.usecases.replays.job import prefix_of


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """How a row stands; `publishable` None: it is not known."""

    reason: int
    publishable: int | None


class ChangedRow(msgspec.Struct, frozen=True, array_like=True):
    """A row as the run has it, and as it would be. Channel units."""

    location: str
    key: str
    reported: int | None
    before: Standing
    after: Standing


class ChangedRows(NamedTuple):
    rows: list[ChangedRow]
    cursor: str | None


Objects = list[tuple[str, int]]
_rows = msgspec.json.Decoder(list[ChangedRow]).decode
_objects = msgspec.json.Decoder(Objects).decode
_cursor = msgspec.json.Decoder(tuple[str, int]).decode


def save_index(evidence: ObjectStore, seller: str, replay: str, objects: Objects) -> None:
    """Which objects hold the changed rows, and how many each."""
    key = f"{prefix_of(seller, replay)}/index.json"
    evidence.put(key, msgspec.json.encode(objects), "application/json")


def require_replay(registry: Registry, id_: str) -> Replay:
    stored = registry.get(Replay, id_)
    if stored is None:
        raise NotFoundError("There is no such replay.")
    return stored.value


def changed_rows(
    registry: Registry, evidence: ObjectStore, id_: str, cursor: str | None, limit: int
) -> ChangedRows:
    """By location and key. At most three objects are read.

    NotFoundError: no such replay, or its rows are no longer kept; ConflictError: it has not come
    to its end; RejectedError: the cursor is of something else, or it is no what-if.
    """
    replay = require_replay(registry, id_)
    if replay.kind is not ReplayKind.WHAT_IF:
        raise RejectedError("Only a what_if lists rows.")
    if replay.state is not ReplayState.SUCCEEDED:
        raise ConflictError("This replay has not come to its end.")
    start = _start(cursor, id_)
    objects = _objects(evidence.get(f"{prefix_of(registry.seller, id_)}/index.json"))
    rows = _some(evidence, objects, start, limit)
    end = start + len(rows)
    more = end < sum(count for _, count in objects)
    return ChangedRows(rows, _written(id_, end) if more else None)


def _some(evidence: ObjectStore, objects: Objects, start: int, limit: int) -> list[ChangedRow]:
    found: list[ChangedRow] = []
    for key, count in objects:
        if len(found) >= limit:
            break
        if start < count:
            found += _rows(evidence.get(key))[start:]
        start = max(start - count, 0)
    return found[:limit]


def _written(replay: str, at: int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((replay, at))).decode().rstrip("=")


def _start(cursor: str | None, replay: str) -> int:
    if cursor is None:
        return 0
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        of, at = _cursor(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _refused("is not one that we gave out") from error
    if of != replay or at < 0:
        raise _refused("was made for another replay")
    return at


def _refused(reason: str) -> RejectedError:
    return RejectedError("This cursor cannot be used.", (Fault("cursor", reason),))

"""Appending movements to the ledger: each exactly once, whoever repeats or dies."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from trueup.domain.errors import ConflictError, RetryLaterError
from trueup.domain.keys import is_code
from trueup.domain.movements import (
    CLOCK_SKEW_SECONDS,
    REMEMBERED_DAYS,
    Movement,
    MovementKind,
)
from trueup.domain.time import Clock, milliseconds
from trueup.ledger.blocks import BLOCK_LIMIT, MAX_ENTRIES, MOVEMENTS, Block, Codec, Place
from trueup.ledger.memory import identity_of, mark_of
from trueup.ledger.streams import shard_of
from trueup.ports import Ledger
from trueup.usecases.ledger.known import SHARED, Known, catch_up

MAX_TEXT = 256
"""Characters of an id, a reference, and every other text of a movement."""

INBOUND_MARK = "~in"
"""Ends the id of the INBOUND movement that is written beside a TRANSFER_OUT."""

_ATTEMPTS = 20
_DAY = timedelta(days=1)
_SKEW = timedelta(seconds=CLOCK_SKEW_SECONDS)
_TOO_OLD = (REMEMBERED_DAYS + 1) * _DAY
"""What was recorded so long ago cannot come again; with a day to spare for clocks that differ."""

T = TypeVar("T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of each movement, by its index in what was given.

    `duplicates` were there already, or came twice; `conflicts` have the id of another movement
    that says something else, and were not stored; `refused` tells why.
    """

    accepted: tuple[int, ...] = ()
    duplicates: tuple[int, ...] = ()
    conflicts: tuple[int, ...] = ()
    refused: dict[int, str] = field(default_factory=dict)


def append(
    ledger: Ledger,
    clock: Clock,
    stream: str,
    movements: Sequence[Any],
    codec: Codec[Any] = MOVEMENTS,
) -> Appended:
    """Store entries of one stream that are not there yet; shard by shard, not all or nothing.

    Who dies, or loses the answer, on the way repeats all of it: what was stored is then a
    duplicate. RetryLaterError: others keep appending, or the store is busy; repeat all of it.
    """
    sorting = _Sorting()
    shards: dict[int, list[int]] = defaultdict(list)
    for index, movement in enumerate(movements):
        shards[shard_of(movement.sku)].append(index)
    for shard in sorted(shards):
        writer = _Writer(ledger, clock, stream, shard, codec)
        writer.write({index: movements[index] for index in shards[shard]}, sorting)
    return sorting.appended()


def with_inbound(movements: Iterable[Movement]) -> list[Movement]:
    """Movements, and behind each transfer out to a known location the INBOUND one there."""
    return [one for movement in movements for one in _with_mirror(movement)]


def refusal_of(movement: Any, now: datetime) -> str | None:
    """Why a movement cannot be stored, whoever sends it; None: it can."""
    at = movement.occurred_at
    if at < milliseconds(now - REMEMBERED_DAYS * _DAY):
        return f"It occurred more than {REMEMBERED_DAYS} days ago."
    if at > milliseconds(now + _SKEW):
        return "It occurred in the future, by our clock."
    if not is_code(movement.sku):
        return "Its SKU is no code."
    texts = [value for value in msgspec.structs.astuple(movement) if isinstance(value, str)]
    if any(len(text) > MAX_TEXT or not text.isprintable() for text in texts):
        return f"A text of it has more than {MAX_TEXT} characters, or some that cannot be printed."
    return None


def _with_mirror(movement: Movement) -> Iterator[Movement]:
    yield movement
    if movement.kind == MovementKind.TRANSFER_OUT and movement.counterpart:
        yield replace(
            movement,
            kind=int(MovementKind.INBOUND),
            id=movement.id + INBOUND_MARK,
            location=movement.counterpart,
            counterpart=movement.location,
            bin="",
        )


class _Sorting:
    """Collects what becomes of each index."""

    def __init__(self) -> None:
        self._accepted: list[int] = []
        self._duplicates: list[int] = []
        self._conflicts: list[int] = []
        self._refused: dict[int, str] = {}

    def met(self, index: int, *, same: bool) -> None:
        (self._duplicates if same else self._conflicts).append(index)

    def refuse(self, index: int, why: str) -> None:
        self._refused[index] = why

    def accept(self, indexes: Iterable[int]) -> None:
        self._accepted.extend(indexes)

    def appended(self) -> Appended:
        return Appended(
            tuple(sorted(self._accepted)),
            tuple(sorted(self._duplicates)),
            tuple(sorted(self._conflicts)),
            dict(sorted(self._refused.items())),
        )


@dataclass(frozen=True)
class _Writer:
    """Appends to one shard."""

    ledger: Ledger
    clock: Clock
    stream: str
    shard: int
    codec: Codec[Any]

    def write(self, entries: dict[int, Any], sorting: _Sorting) -> None:
        since = milliseconds(self.clock() - _TOO_OLD)
        known = SHARED.take(self.ledger, self.stream, self.shard, self.codec, since)
        # Given back only if nothing went wrong: what was not acknowledged is read again.
        for _ in range(_ATTEMPTS):
            left = self._new(entries, known, sorting)
            entries = left
            if not left:
                SHARED.give(self.ledger, self.stream, self.shard, known)
                return
            try:
                self._append(left, known, sorting)
            except ConflictError:
                catch_up(known, self.ledger, self.stream, self.shard, self.codec)
        raise RetryLaterError("Others keep appending to the same shard of the ledger.", 1)

    def _new(self, entries: dict[int, Any], known: Known, sorting: _Sorting) -> dict[int, Any]:
        """Those to store, after what is there or is refused was sorted out."""
        left: dict[int, Any] = {}
        for index, entry in entries.items():
            same = known.has(entry)
            if same is not None:
                sorting.met(index, same=same)
            elif why := refusal_of(entry, self.clock()):
                sorting.refuse(index, why)
            else:
                left[index] = entry
        return self._once(left, sorting)

    def _once(self, entries: dict[int, Any], sorting: _Sorting) -> dict[int, Any]:
        """Of those with one id in this very batch, the first."""
        first: dict[int, int] = {}
        left: dict[int, Any] = {}
        for index, entry in entries.items():
            mark = first.setdefault(identity_of(entry), mark_of(entry))
            if len(first) > len(left):
                left[index] = entry
            else:
                sorting.met(index, same=mark == mark_of(entry))
        return left

    def _append(self, entries: dict[int, Any], known: Known, sorting: _Sorting) -> None:
        """Append blocks until all is stored, or ConflictError; what is stored leaves `entries`."""
        size = MAX_ENTRIES
        while entries:
            some = list(entries)[:size]
            block = self._block([entries[index] for index in some], known)
            if len(block.payload) > BLOCK_LIMIT:
                size = len(some) // 2
                continue
            self.ledger.append(self.stream, self.shard, known.sequence + 1, block)
            known.meet(known.sequence + 1, block, self.codec)
            sorting.accept(some)
            for index in some:
                del entries[index]

    def _block(self, entries: Sequence[Any], known: Known) -> Block:
        place = Place(self.stream, self.shard, known.sequence + 1, known.previous)
        recorded_at = max(milliseconds(self.clock()), known.recorded_at)
        return self.codec.block(place, entries, recorded_at, token_hex(8))

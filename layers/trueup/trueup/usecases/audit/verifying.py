"""Checking the audit trail, and the ledgers, for tampering; some records a call."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from trueup.domain.audit import genesis
from trueup.domain.errors import DefectError, Fault, RejectedError
from trueup.domain.tampering import Finding, Step, Wrong, against, walk
from trueup.domain.time import Clock
from trueup.ports import Ledger, Registry
from trueup.usecases.audit.chain import (
    following,
    head_of,
    make_cursor,
    read_cursor,
    record_at,
)
from trueup.usecases.audit.ledgers import At, walk_ledgers

SECONDS = 12
"""No further block is begun after this."""

_CHAIN, _LEDGERS = "verify", "verify ledgers"


@dataclass(frozen=True, slots=True)
class Verified:
    """What one call checked. With a finding there is no cursor: nothing behind it can be told.

    `until` is the last record of the trail that was followed, `blocks` counts those of ledgers.
    """

    checked: int
    until: int
    head: Step
    finding: Finding | None = None
    cursor: str | None = None
    blocks: int = 0


@dataclass(frozen=True)
class Books:
    """What is checked: a seller's trail, and their ledger where it can be reached."""

    registry: Registry
    clock: Clock
    ledger: Ledger | None = None


def verify(
    books: Books,
    *,
    since: int = 1,
    limit: int = 1_000,
    cursor: str | None = None,
    kept: Step | None = None,
) -> Verified:
    """Follow the chain from record `since`, some `limit` records, to its head; then the ledgers.

    `kept` is a head that was noted earlier, outside of our reach: that record must still be the
    same. Without it, a chain rewritten whole by somebody who may write all of it looks right.
    RejectedError: the trail has no record `since`.
    """
    registry, until = books.registry, books.clock() + timedelta(seconds=SECONDS)
    place = read_cursor(registry, cursor, _CHAIN, _LEDGERS) if cursor else None
    finding = _unlike(registry, kept) if kept else None
    if finding is not None:
        return Verified(0, 0, head_of(registry), finding)
    if place is not None and place.purpose == _LEDGERS:
        nothing = Verified(0, 0, head_of(registry))
        begin = At(place.stream, place.shard, place.sequence)
        return _ledgers(books, nothing, begin, lambda: books.clock() <= until)
    if place is None:
        _require_reached(registry, since)
    step, finding = _before(registry, place.sequence if place else since)
    if finding is not None:
        return Verified(0, step.sequence, head_of(registry), finding)
    found = _followed(registry, step, limit, lambda: books.clock() <= until)
    if found.finding or found.cursor:
        return found
    return _ledgers(books, found, At(), lambda: books.clock() <= until)


def _require_reached(registry: Registry, since: int) -> None:
    """RejectedError: the trail ends before `since`. That is no sign of tampering."""
    last = head_of(registry).sequence
    if since > max(1, last):
        fault = Fault("since", f"is beyond the trail's last record, {last}")
        raise RejectedError("There is nothing to check from there on.", (fault,))


def _ledgers(books: Books, so_far: Verified, begin: At, in_time: Callable[[], bool]) -> Verified:
    if books.ledger is None:
        return so_far
    walked = walk_ledgers(books.registry, books.ledger, begin, in_time)
    at, cursor = walked.following, None
    if at is not None:
        cursor = make_cursor(books.registry, _LEDGERS, at.sequence, at.stream, at.shard)
    return replace(so_far, finding=walked.finding, cursor=cursor, blocks=walked.checked)


def _unlike(registry: Registry, kept: Step) -> Finding | None:
    found, finding = _read(registry, kept.sequence)
    if finding is not None or found is None or found.hash == kept.hash:
        return finding
    return Finding(kept.sequence, Wrong.ALTERED, "It is not the one whose hash you kept.")


def _read(registry: Registry, sequence: int) -> tuple[Step | None, Finding | None]:
    try:
        record = record_at(registry, sequence)
    except DefectError:
        return None, Finding(sequence, Wrong.ALTERED, "It cannot be read.")
    if record is None:
        return None, Finding(sequence, Wrong.MISSING, "It is not there.")
    return Step(sequence, record.hash), None


def _before(registry: Registry, begin: int) -> tuple[Step, Finding | None]:
    """The record before the first to be followed."""
    origin = Step(0, genesis(registry.seller))
    if begin <= 1:
        return origin, None
    step, finding = _read(registry, begin - 1)
    return step or origin, finding


def _followed(registry: Registry, step: Step, limit: int, in_time: Callable[[], bool]) -> Verified:
    began = step.sequence
    while True:
        head = head_of(registry)  # before the records: it is never ahead of them
        found = following(registry, step.sequence)
        if not found:
            finding = against(step, head)
            return Verified(step.sequence - began, step.sequence, head, finding)
        step, finding = walk(registry.seller, step, found[: began + limit - step.sequence])
        checked = step.sequence - began
        if finding is not None:
            return Verified(checked, step.sequence, head, finding)
        if checked >= limit or not in_time():
            cursor = make_cursor(registry, _CHAIN, step.sequence + 1)
            return Verified(checked, step.sequence, head, cursor=cursor)

"""Checking the audit trail for tampering, some records a call."""

from dataclasses import dataclass
from datetime import timedelta

from trueup.domain.audit import genesis
from trueup.domain.errors import DefectError
from trueup.domain.tampering import Finding, Step, Wrong, against, walk
from trueup.domain.time import Clock
from trueup.ports import Registry
from trueup.usecases.audit.chain import (
    following,
    head_of,
    make_cursor,
    read_cursor,
    record_at,
)

SECONDS = 12
"""No further block is begun after this."""

_CHAIN = "verify"


@dataclass(frozen=True, slots=True)
class Verified:
    """What one call checked. With a finding there is no cursor: nothing behind it can be told."""

    checked: int
    until: int
    """The last sequence that was followed."""
    head: Step
    finding: Finding | None = None
    cursor: str | None = None


def verify(
    registry: Registry,
    clock: Clock,
    *,
    since: int = 1,
    limit: int = 1_000,
    cursor: str | None = None,
    kept: Step | None = None,
) -> Verified:
    """Follow the chain from record `since`, some `limit` records, and to its head in the end.

    `kept` is a head that was noted earlier, outside of our reach: that record must still be the
    same. Without it, a chain rewritten whole by somebody who may write all of it looks right.
    """
    finding = _unlike(registry, kept) if kept else None
    if finding is not None:
        return Verified(0, 0, head_of(registry), finding)
    begin = read_cursor(registry, _CHAIN, cursor) if cursor else since
    step, finding = _before(registry, begin)
    if finding is not None:
        return Verified(0, step.sequence, head_of(registry), finding)
    return _followed(registry, clock, step, limit)


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


def _followed(registry: Registry, clock: Clock, step: Step, limit: int) -> Verified:
    began, until = step.sequence, clock() + timedelta(seconds=SECONDS)
    while True:
        head = head_of(registry)  # before the records: it is never ahead of them
        found = following(registry, step.sequence)
        some = found[: began + limit - step.sequence]
        if not found:
            finding = against(step, head)
            return Verified(step.sequence - began, step.sequence, head, finding)
        step, finding = walk(registry.seller, step, some)
        checked = step.sequence - began
        if finding is not None:
            return Verified(checked, step.sequence, head, finding)
        if checked >= limit or clock() > until:
            cursor = make_cursor(registry, _CHAIN, step.sequence + 1)
            return Verified(checked, step.sequence, head, cursor=cursor)

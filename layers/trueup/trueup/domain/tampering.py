"""Finding where an audit trail was tampered with: the first record that does not fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from trueup.domain.audit import AuditRecord, content_hash


class Wrong(StrEnum):
    """What is wrong with a record: altered, gone (deleted or moved away), or put in."""

    ALTERED = "altered"
    MISSING = "missing"
    INSERTED = "inserted"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first record that does not fit. `sequence` is its place in the chain.

    `chain` is empty for the audit trail, else names a shard of the ledger: stream and number.
    """

    sequence: int
    wrong: Wrong
    reason: str
    chain: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a chain has been found right: its last good record and that one's hash."""

    sequence: int
    hash: str


def walk(
    seller: str, step: Step, found: Sequence[AuditRecord | None]
) -> tuple[Step, Finding | None]:
    """Follow the chain from `step` through what its store holds next, in key order.

    None stands for what cannot be read. The last record followed is not vouched for until the one
    after it, or the head, names its hash.
    """
    for record in found:
        finding = _unfit(seller, step, record)
        if finding is not None or record is None:
            return step, finding
        step = Step(record.sequence, record.hash)
    return step, None


def _unfit(seller: str, step: Step, record: AuditRecord | None) -> Finding | None:
    expected = step.sequence + 1
    if record is None:
        return Finding(expected, Wrong.ALTERED, "It cannot be read.")
    if record.sequence > expected:
        return Finding(expected, Wrong.MISSING, "It is not in its place: deleted or moved.")
    if record.sequence < expected:
        return Finding(record.sequence, Wrong.INSERTED, "There is another with its number.")
    if record.seller != seller or content_hash(record) != record.hash:
        return Finding(expected, Wrong.ALTERED, "What it says does not fit its hash.")
    return None if record.previous == step.hash else _unlinked(step)


def _unlinked(step: Step) -> Finding:
    """Two whole records that do not follow each other: the first was sealed anew."""
    if step.sequence == 0:
        return Finding(1, Wrong.ALTERED, "It is not the first record of this seller.")
    reason = "The record after it was written after another one than this."
    return Finding(step.sequence, Wrong.ALTERED, reason)


def against(step: Step, head: Step) -> Finding | None:
    """Whether a chain that was followed to its end, or to the head, ends as its head says."""
    if step.sequence < head.sequence:
        return Finding(step.sequence + 1, Wrong.MISSING, "The head knows it, and it is not there.")
    if step.sequence > head.sequence:
        reason = "It is behind the head."
        return Finding(head.sequence + 1, Wrong.INSERTED, reason)
    if step.hash != head.hash:
        return Finding(step.sequence, Wrong.ALTERED, "It is not the one that the head names.")
    return None

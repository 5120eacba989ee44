"""Anchoring ledgers in the audit trail: the last block of each shard, once a day.

A shard's blocks are chained by hashes themselves. What that chain cannot show is blocks cut off at
its end, or a rewrite of all of it: an anchor in the trail does.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from trueup.domain.accounts import Account, Location
from trueup.domain.audit import AuditDue, AuditMark, Change, Verb, subject_of
from trueup.domain.errors import ConflictError, DefectError, RetryLaterError
from trueup.domain.notices import ANCHORED, Notice
from trueup.domain.tampering import Step
from trueup.domain.time import iso
from trueup.ledger.streams import SHARDS, movements_stream, pushes_stream
from trueup.ports import Create, Ledger, Registry, Replace, Stored
from trueup.usecases.alerts.checking import LATER, Bell, deliver
from trueup.usecases.audit.chain import head_of, record_at
from trueup.usecases.audit.keeping import ANCHORED_EVERY, AuditedRegistry, By, Tries, at_once
from trueup.usecases.whole import all_of
from trueup.usecases.work import Plant

KIND = "ledger"
ACTOR = "schedule"
STREAMS_A_RECORD = 40
"""Each has a mark in the record's transaction."""

Anchor = dict[int, Step]
"""A stream's last blocks: sequence and hash by shard; a shard without blocks is not in it."""


@dataclass(frozen=True, slots=True)
class Anchored:
    """How many streams were noted, and how many sellers could not be looked after."""

    streams: int
    unanchored: int

    def require_sound(self) -> None:
        """DefectError where something was broken: an alarm is to tell of it."""
        if self.unanchored:
            raise DefectError(f"The ledgers of {self.unanchored} sellers could not be anchored.")


def streams_of(registry: Registry) -> list[str]:
    """All streams that the seller can have, sorted."""
    places = (movements_stream(s.value.code) for s in all_of(registry, Location))
    accounts = (pushes_stream(s.value.id) for s in all_of(registry, Account))
    return sorted([*places, *accounts])


def tips_of(ledger: Ledger, stream: str) -> Anchor:
    """The last block of each shard as it is now."""
    found: Anchor = {}
    for shard in range(SHARDS):
        last = ledger.last(stream, shard)
        for sequence, block in ledger.read(stream, shard, last - 1, last) if last else ():
            found[shard] = Step(sequence, block.hash)
    return found


def anchor_of(registry: Registry, stream: str) -> Anchor:
    """The stream's newest anchor in the trail; empty where it has none."""
    marks = registry.list(AuditMark, KIND, subject_of((stream,)), limit=1, newest_first=True)
    for mark in marks.items:
        record = record_at(registry, mark.value.sequence)
        for change in record.changes if record else ():
            if (change.kind, change.identity) == (KIND, (stream,)):
                return _read(change.after)
    return {}


def anchor_due(
    plant: Plant,
    ledger_of: Callable[[str], Ledger],
    in_time: Callable[[], bool],
    tries: Tries = at_once,
) -> Anchored:
    """Anchor the ledgers of every seller whose day has come, as far as the time allows.

    A seller whose records are broken keeps nobody else waiting.
    """
    streams = unanchored = 0
    for appointment in plant.registries.due("audit", plant.clock()):
        if not in_time():
            break
        registry = plant.registries.of(appointment.seller)
        audited = AuditedRegistry(registry, By(ACTOR), plant.clock, tries)
        try:
            streams += _anchor(plant, audited, ledger_of(appointment.seller), in_time)
        except (ConflictError, RetryLaterError):
            continue  # another sweeper is at it, or the next one tries again
        except DefectError:
            unanchored += 1
    return Anchored(streams, unanchored)


def _anchor(
    plant: Plant, registry: AuditedRegistry, ledger: Ledger, in_time: Callable[[], bool]
) -> int:
    stored = registry.get(AuditDue, "due")
    if stored is None or stored.value.due_at > plant.clock():
        return 0
    noted = 0
    left = [stream for stream in streams_of(registry) if stream > stored.value.after]
    for streams in _batches(left):
        changes = [*_changes(registry, ledger, streams)]
        stored = _note(registry, stored, streams[-1], changes)
        noted += len(changes)
        if not in_time():
            return noted
    _announce(plant, registry, stored)
    return noted


def _batches(streams: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(streams)
    while batch := list(islice(rest, STREAMS_A_RECORD)):
        yield batch


def _changes(registry: Registry, ledger: Ledger, streams: Iterable[str]) -> Iterator[Change]:
    """What is to be told of the streams that have grown since they were anchored."""
    for stream in streams:
        before, now = anchor_of(registry, stream), tips_of(ledger, stream)
        if now != before:
            yield Change(
                verb=Verb.ANCHORED,
                kind=KIND,
                identity=(stream,),
                before=_told(before),
                after=_told(now),
            )


def _note(
    registry: AuditedRegistry, due: Stored[AuditDue], after: str, changes: list[Change]
) -> Stored[AuditDue]:
    further = due.value.model_copy(update={"after": after})
    registry.write(Replace(further, due.version), note=changes)
    return Stored(further, due.version + 1)


def _announce(plant: Plant, registry: AuditedRegistry, due: Stored[AuditDue]) -> None:
    """Until tomorrow; the head goes to the outside, where the trail can be proved by it."""
    now, head = plant.clock(), head_of(registry)
    detail = {
        "schema": 1,
        "id": f"audit-{head.sequence}-{iso(now)}",
        "seller": registry.seller,
        "sequence": head.sequence,
        "hash": head.hash,
        "at": iso(now),
    }
    notice = Notice(id=str(detail["id"]), kind=ANCHORED, detail=detail, due_at=now + LATER)
    tomorrow = AuditDue(due_at=now + ANCHORED_EVERY)
    registry.write(Replace(tomorrow, due.version), Create(notice))
    with suppress(RetryLaterError):  # the next sweep delivers it
        deliver(Bell(registry, plant.events, plant.clock))


def _told(anchor: Anchor) -> dict[str, Any]:
    return {str(n): {"sequence": s.sequence, "hash": s.hash} for n, s in anchor.items()}


def _read(told: dict[str, Any]) -> Anchor:
    return {int(n): Step(int(s["sequence"]), str(s["hash"])) for n, s in told.items()}

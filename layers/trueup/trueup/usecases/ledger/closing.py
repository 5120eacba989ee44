"""Closing a location's book: what occurred up to some hours ago becomes a checkpoint.

A checkpoint is derived and changes no answer: it has everything of the blocks up to a sequence
that occurred up to an instant. It becomes visible by one transaction; whoever dies before leaves
nothing but pages that are swept, and memories of ids that follow from the blocks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from trueup.domain.errors import ConflictError, DefectError, RetryLaterError
from trueup.domain.ledger import LedgerDue, LedgerHead, LedgerPin
from trueup.domain.time import Clock, milliseconds
from trueup.ledger.streams import SHARDS, movements_stream
from trueup.ports import Ledger, Registries, Replace, Stored
from trueup.usecases.ledger.agenda import LOOK
from trueup.usecases.ledger.checkpoints import Asked, pin_ledger
from trueup.usecases.ledger.desk import ClosingWork
from trueup.usecases.ledger.making import Making
from trueup.usecases.ledger.remembering import remember

BEHIND = timedelta(hours=6)
"""A book closes up to an instant so long ago: few events come later than that."""

ENOUGH = 20_000
"""Movements that are worth a checkpoint; with fewer, one a day."""

EVERY = timedelta(hours=24)
LEAST_MS = 180_000
"""A book is begun only if the Lambda may still run for so long."""


@dataclass(frozen=True, slots=True)
class Closed:
    """What a look at the books did; `broken` ones could not be closed."""

    looked: int = 0
    closed: int = 0
    movements: int = 0
    broken: int = 0

    def require_sound(self) -> None:
        """DefectError where something was broken: an alarm is to tell of it."""
        if self.broken:
            raise DefectError(f"{self.broken} books of movements could not be closed.")


def close_ledger(work: ClosingWork, location: str) -> LedgerHead | None:
    """Close a location's book if that is worth it; the new checkpoint, None: it was not.

    ConflictError: somebody else closed it meanwhile.
    """
    now = work.clock()
    before = work.registry.get(LedgerHead, location)
    pin = pin_ledger(work.registry, work.ledger, location, Asked(at=milliseconds(now - BEHIND)))
    until = milliseconds(now - BEHIND)
    if until <= pin.until or not _is_worth(work, pin, before, until):
        return None
    for shard in range(SHARDS):
        remember(work, location, shard, pin.cut[shard])
    return Making(work, pin, until, before).close()


def close_due(
    registries: Registries,
    clock: Clock,
    work_of: Callable[[str], ClosingWork],
    remaining_ms: Callable[[], int],
) -> Closed:
    """Look at every book whose time has come, as far as the time allows.

    One that is broken keeps nobody else waiting, who may be another seller.
    """
    looked = closed = movements = broken = 0
    for appointment in registries.due("ledger", clock()):
        if remaining_ms() < LEAST_MS:
            break
        work = work_of(appointment.seller)
        stored = work.registry.get(LedgerDue, *appointment.identity)
        if stored is None or stored.value.due_at > clock():
            continue
        looked += 1
        try:
            later = LedgerDue(location=stored.value.location, due_at=clock() + LOOK)
            work.registry.write(Replace(later, stored.version))
            head = close_ledger(work, later.location)
        except (ConflictError, RetryLaterError):
            continue  # another one is at it, or the next look tries again
        except DefectError:
            broken += 1
            continue
        closed += head is not None
        movements += head.movements if head else 0
    return Closed(looked, closed, movements, broken)


def _is_worth(
    work: ClosingWork, pin: LedgerPin, before: Stored[LedgerHead] | None, until: int
) -> bool:
    """Enough movements, or a day's; or the newest checkpoint was overtaken, to be made anew."""
    new = sum(_entries_after(work.ledger, pin))
    if before is None:
        return new > 0
    if before.value.until <= until and before.value.until != pin.until:
        return True
    baseline = before.value.baseline
    rebased = pin.baseline is not None and pin.baseline != baseline
    day_passed = work.clock() - before.value.at >= EVERY
    return new >= ENOUGH or (day_passed and (new > 0 or rebased))


def _entries_after(ledger: Ledger, pin: LedgerPin) -> Iterator[int]:
    stream = movements_stream(pin.location)
    for shard in range(SHARDS):
        blocks = ledger.read(stream, shard, pin.covered[shard], pin.cut[shard])
        yield sum(block.entries for _, block in blocks)


__all__ = ["Closed", "ClosingWork", "close_due", "close_ledger"]

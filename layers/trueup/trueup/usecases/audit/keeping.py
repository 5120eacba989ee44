"""A registry whose changes by people and rules go into the audit trail, in the same transaction."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from trueup.domain.accounts import Entity
from trueup.domain.audit import AuditDue, AuditTip, Change, Deed, marks_of, sealed, tip_of
from trueup.domain.errors import ConflictError, LeaseLostError, RetryLaterError
from trueup.domain.time import Clock
from trueup.ports import Create, Holds, Listed, Registry, Replace, Stored, Unchanged, Write
from trueup.usecases.audit.changes import bounded, change_of

E = TypeVar("E", bound=Entity)
Tries = Callable[[], Iterable[int]]

PATIENCE = timedelta(seconds=10)
"""No try to get hold of the head is begun after this."""

ANCHORED_EVERY = timedelta(hours=24)
"""A seller's ledgers are anchored in the trail, and its head is announced."""


def at_once() -> Iterable[int]:
    """Tries without waiting between them."""
    return range(100)


@dataclass(frozen=True, slots=True)
class By:
    """Whose changes they are: a user, ``rule:…`` or ``schedule``; and the request's id, if any."""

    actor: str
    request: str | None = None


class AuditedRegistry:
    """A seller's records as somebody changes them.

    What is written here of an audited kind is told in the trail, or not written. A transaction
    holds a record of the trail, the trail's head and one mark for each subject besides its own
    writes, so at most 48 audited ones. `tries` waits between tries for the head, which all
    writers of the seller share.
    """

    def __init__(self, inner: Registry, by: By, clock: Clock, tries: Tries = at_once) -> None:
        self._inner = inner
        self._by = by
        self._clock = clock
        self._tries = tries

    @property
    def seller(self) -> str:
        return self._inner.seller

    def get(self, kind: type[E], *identity: str) -> Stored[E] | None:
        return self._inner.get(kind, *identity)

    def list(
        self,
        kind: type[E],
        *prefix: str,
        cursor: str | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> Listed[E]:
        return self._inner.list(
            kind, *prefix, cursor=cursor, limit=limit, newest_first=newest_first
        )

    def write(self, *writes: Write, note: Sequence[Change] = ()) -> None:
        """As `Registry.write`; `note` are changes that no write of these makes.

        A conflict on the head alone is tried again; RetryLaterError when that takes too long.
        """
        until = self._clock() + PATIENCE
        for _ in self._tries():
            changes = (*self._changes(writes), *note)
            if not changes:
                self._inner.write(*writes)
                return
            if self._linked(writes, changes):
                return
            if self._clock() > until:
                break
        raise RetryLaterError("Many changes are being made at once; try again.", 1)

    def _linked(self, writes: Sequence[Write], changes: tuple[Change, ...]) -> bool:
        """Whether it is written; False where somebody else's record was first."""
        head = self._inner.get(AuditTip, "tip")
        deed = Deed(self._by.actor, self._clock(), bounded(changes), self._by.request)
        try:
            self._inner.write(*writes, *_link(self.seller, head, deed))
        except LeaseLostError:
            raise
        except ConflictError:
            if self._inner.get(AuditTip, "tip") == head or not self._current(writes):
                raise
            return False
        return True

    def _current(self, writes: Sequence[Write]) -> bool:
        """Whether no write of the caller's own is in conflict with what is there."""
        return all(_fits(self._inner, write) for write in writes)

    def _changes(self, writes: Sequence[Write]) -> tuple[Change, ...]:
        found = (self._change(write, writes) for write in writes)
        return tuple(change for change in found if change is not None)

    def _change(self, write: Write, writes: Sequence[Write]) -> Change | None:
        if isinstance(write, Holds | Unchanged) or not write.entity.audited:
            return None
        if isinstance(write, Create):
            return change_of(None, write.entity)
        before = self._inner.get(type(write.entity), *write.entity.identity)
        if before is None or before.version != write.version:
            raise self._refusal(before, writes)
        return change_of(before.value, write.entity if isinstance(write, Replace) else None)

    def _refusal(self, found: object | None, writes: Sequence[Write]) -> ConflictError:
        """The conflict that the write would be; LeaseLostError is raised where it would win."""
        self._inner.write(*(write for write in writes if isinstance(write, Holds)))
        happened = "removed" if found is None else "changed"
        return ConflictError(f"It has been {happened} meanwhile.")


def _link(seller: str, head: Stored[AuditTip] | None, deed: Deed) -> Iterable[Write]:
    """The next record of the chain, and all that goes with it."""
    record = sealed(seller, head.value if head else None, deed)
    tip = tip_of(record)
    yield Create(record)
    yield Create(tip) if head is None else Replace(tip, head.version)
    if head is None:
        yield Create(AuditDue(due_at=record.at + ANCHORED_EVERY))
    yield from map(Create, marks_of(record))


def _fits(registry: Registry, write: Write) -> bool:
    if isinstance(write, Holds):
        return True  # a lost one is told apart from other conflicts
    found = registry.get(type(write.entity), *write.entity.identity)
    if isinstance(write, Create):
        return found is None
    return (found.version if found else 0) == write.version

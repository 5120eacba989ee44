"""Which checkpoint and which baseline answer for a location at an instant."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from trueup.domain.heads import Head, SeenAgain, Version
from trueup.domain.ledger import LedgerHead, LedgerPin, LedgerVersion, milliseconds
from trueup.domain.runs import BookPin
from trueup.ledger.blocks import Block
from trueup.ledger.streams import SHARDS, movements_stream
from trueup.ports import Ledger, Registry
from trueup.usecases.books import baseline_book, pin_of
from trueup.usecases.whole import all_of

NO_SEQUENCES = (0,) * SHARDS
EVER = 2**62
"""Later than all instants, milliseconds."""


@dataclass(frozen=True, slots=True)
class Asked:
    """For which instant, knowing what was recorded up to another (both milliseconds)."""

    at: int = EVER
    known_at: int = EVER


def pin_ledger(
    registry: Registry, ledger: Ledger, location: str, asked: Asked | None = None
) -> LedgerPin:
    """What a location's positions are made of; now, unless something else is asked.

    The newest checkpoint is taken that nothing has overtaken: no baseline and no count of before
    its instant that came after it was made. The others stay right, they only cover less.
    """
    asked = asked or Asked()
    baseline = newest_baseline(registry, location, asked)
    return pin_upon(registry, ledger, location, baseline, asked)


def pin_upon(
    registry: Registry, ledger: Ledger, location: str, baseline: BookPin | None, asked: Asked
) -> LedgerPin:
    """As `pin_ledger`, with one baseline whatever came after it."""
    tail = _Tail(ledger, movements_stream(location), asked)
    found = _checkpoint(registry, location, baseline, asked, tail.counts_from)
    pin = LedgerPin(location=location, baseline=baseline, cut=tail.cut)
    if found is None:
        return pin.model_copy(update={"covered": NO_SEQUENCES, "floor": (1,) * SHARDS})
    names = ("positions", "nets", "until", "covered", "floor")
    return pin.model_copy(update={name: getattr(found, name) for name in names})


def newest_baseline(registry: Registry, location: str, asked: Asked) -> BookPin | None:
    """The baseline of the latest instant up to `asked.at`; of several, the one made last.

    None of which a row is of a later instant: the version before has what held then.
    """
    head = registry.get(Head, baseline_book(location))
    if head is not None and _held(head.value, asked):
        return pin_of(head.value)  # none is of a later instant
    known = [one for one in stated_before(registry, location) if _held(one, asked)]
    newest = max(known, key=lambda one: (one.as_of, one.version), default=None)
    return None if newest is None else pin_of(newest)


def _held(stated: Head, asked: Asked) -> bool:
    of, known = stated.stated_to or stated.as_of, stated.at
    return milliseconds(of) <= asked.at and milliseconds(known) <= asked.known_at


def stated_before(registry: Registry, location: str) -> list[Head]:
    """Each time that some kept version was stated, but for the head's; the first ones first."""
    book = baseline_book(location)
    versions: list[Head] = [stored.value for stored in all_of(registry, Version, book)]
    kept = {version.version for version in versions}
    again = (stored.value for stored in all_of(registry, SeenAgain, book))
    return versions + [one for one in again if one.version in kept]


class _Tail:
    """The ends of a location's shards, and the counts in what a checkpoint does not cover."""

    def __init__(self, ledger: Ledger, stream: str, asked: Asked) -> None:
        self._ledger = ledger
        self._stream = stream
        self._known_at = asked.known_at
        self.cut = tuple(self._last(shard) for shard in range(SHARDS))

    def _last(self, shard: int) -> int:
        last = self._ledger.last(self._stream, shard)
        if self._known_at >= EVER:
            return last
        return last_known(self._ledger, self._stream, shard, last, self._known_at)

    def counts_from(self, covered: tuple[int, ...]) -> int:
        """The earliest count that is not among the blocks covered, milliseconds."""
        return min((block.counts_from for block in self._after(covered)), default=EVER)

    def _after(self, covered: Iterable[int]) -> Iterator[Block]:
        for shard, after in enumerate(covered):
            if after < self.cut[shard]:
                for _, block in self._ledger.read(self._stream, shard, after, self.cut[shard]):
                    yield block


def last_known(ledger: Ledger, stream: str, shard: int, last: int, known_at: int) -> int:
    """The last sequence that was recorded up to an instant: recording times only grow."""
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        ((_, block),) = ledger.read(stream, shard, middle - 1, middle)
        low, high = (middle, high) if block.recorded_at <= known_at else (low, middle - 1)
    return low


def _checkpoint(
    registry: Registry,
    location: str,
    baseline: BookPin | None,
    asked: Asked,
    counts_from: Callable[[tuple[int, ...]], int],
) -> LedgerHead | None:
    """The newest that fits; None: none does, and movements are folded from the first on."""
    for found in _newest_first(registry, location):
        if found.until > asked.at or found.recorded_until > asked.known_at:
            continue
        if _overtaken(found, baseline) or counts_from(found.covered) <= found.until:
            continue
        return found
    return None


def _newest_first(registry: Registry, location: str) -> Iterator[LedgerHead]:
    cursor: str | None = None
    head = registry.get(LedgerHead, location)
    if head is None:
        return
    yield head.value
    while True:
        page = registry.list(LedgerVersion, location, cursor=cursor, limit=10, newest_first=True)
        yield from (s.value for s in page.items if s.value.version < head.value.version)
        cursor = page.cursor
        if cursor is None:
            return


def _overtaken(checkpoint: LedgerHead, baseline: BookPin | None) -> bool:
    """Whether another baseline than the one it builds on holds at its instant."""
    if baseline is None:
        return checkpoint.baseline is not None
    if baseline.as_of is not None and milliseconds(baseline.as_of) > checkpoint.until:
        return False
    return checkpoint.baseline is None or not _same(checkpoint.baseline, baseline)


def _same(one: BookPin, two: BookPin) -> bool:
    return (one.version, one.as_of, one.complete) == (two.version, two.as_of, two.complete)

"""Forgetting old versions of books, and sweeping the pages that no kept version needs."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from trueup.books.sweep import sweep_book
from trueup.domain.acceptances import Acceptance
from trueup.domain.errors import ConflictError
from trueup.domain.ledger import LedgerHead, LedgerPin, LedgerVersion
from trueup.domain.pins import BookPin
from trueup.domain.replays import Replay
from trueup.domain.runs import Fetch, Head, Housekeeping, Run, Version
from trueup.domain.time import Clock
from trueup.ports import Create, PageStore, Registry, Remove, Replace, Stored
from trueup.usecases.exports.keeping import pins_of_exports
from trueup.usecases.force.plan_keeping import forget_plans
from trueup.usecases.whole import all_of
from trueup.usecases.work import Plant

KEPT_DAYS = 35
"""How long a version can be read, compared with and replayed. Stated in docs/limits.md."""

GRACE = timedelta(hours=24)
"""Pages younger than this are never swept: longer than any execution that may still name them."""


EVERY = timedelta(hours=24)

InTime = Callable[[], bool]

SELLERS_A_TURN = 5
"""So that a sweep ends within its Lambda; the others come five minutes later."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    versions: int
    blobs: int
    runs: int

    def __add__(self, other: "Forgotten") -> "Forgotten":
        return Forgotten(
            self.versions + other.versions, self.blobs + other.blobs, self.runs + other.runs
        )


LEAST_MS = 120_000
"""A book is begun only if the Lambda may still run for so long."""


def _always(_: str) -> bool:
    return True


def sweep_books(
    registry: Registry,
    pages: PageStore,
    now: datetime,
    begin: Callable[[str], bool] = _always,
) -> Forgotten:
    """Apply the retention to every book of a seller that `begin` says yes to, by name.

    Safe beside running work without a lock: a page that a new version needs was either written
    within `GRACE`, and writing renews it, or belongs to the head, which is always kept; and what
    a kept run compared stays as long as the run.
    """
    before = now - timedelta(days=KEPT_DAYS)
    heads = [stored.value for stored in all_of(registry, Head)]
    runs = _forget_runs(registry, before, visible={head.made_by for head in heads})
    _forget_checkpoints(registry, before)
    _forget_replays(registry, before)
    forget_plans(registry, pages, now)
    pinned = _pinned(registry, now)
    versions = blobs = 0
    for head in sorted(heads, key=lambda head: head.book):
        if not begin(head.book):
            continue
        dropped, live = _forget_versions(registry, head, before)
        versions += dropped
        blobs += sweep_book(pages, head.book, live | pinned[head.book], now - GRACE).deleted
    return Forgotten(versions, blobs, runs)


def _forget_runs(registry: Registry, before: datetime, visible: set[str]) -> int:
    """Remove ended runs, and how they were fetched; their figures stay, as `History`.

    Those whose rows are `visible` stay: they say what the rows were compared with.
    """
    gone = 0
    for stored in list(all_of(registry, Run)):
        run = stored.value
        if not run.state.final or run.opened_at >= before or run.id in visible:
            continue
        fetch = registry.get(Fetch, run.account, run.id)
        also = [] if fetch is None else [Remove(fetch.value, fetch.version)]
        registry.write(Remove(run, stored.version), *also)
        gone += 1
    return gone


def _forget_replays(registry: Registry, before: datetime) -> None:
    for stored in list(all_of(registry, Replay)):
        if stored.value.state.final and stored.value.opened_at < before:
            registry.write(Remove(stored.value, stored.version))


def _pinned(registry: Registry, now: datetime) -> dict[str, set[str]]:
    """The manifests that kept runs compared, or still do, that people accepted or export."""
    pinned: dict[str, set[str]] = defaultdict(set)
    for stored in all_of(registry, Run):
        inputs = stored.value.inputs
        own = [pin for ledger in inputs.ledgers.values() for pin in _books(ledger)]
        own += [terms.earlier for terms in inputs.places.values()]
        for pin in (inputs.listings, inputs.aliases, *inputs.baselines.values(), *own):
            if pin is not None:
                pinned[pin.book].add(pin.manifest)
    heads = [stored.value for stored in all_of(registry, LedgerHead)]
    for checkpoint in (*heads, *(stored.value for stored in all_of(registry, LedgerVersion))):
        for pin in filter(None, _books(checkpoint)):
            pinned[pin.book].add(pin.manifest)
    for accepted in all_of(registry, Acceptance):
        if accepted.value.holds(now):
            pinned[accepted.value.book].add(accepted.value.manifest)
    for exported in pins_of_exports(registry, now):
        pinned[exported.book].add(exported.manifest)
    return pinned


def _books(ledger: LedgerPin | LedgerHead) -> tuple[BookPin | None, ...]:
    return ledger.baseline, ledger.positions, ledger.nets


def _forget_versions(registry: Registry, head: Head, before: datetime) -> tuple[int, set[str]]:
    """Remove versions older than `before`; how many, and the manifests that stay alive.

    The one that held then stays: positions at later instants start from it, and the first run
    that is kept is replayed from it.
    """
    dropped, live = 0, {head.manifest}
    versions = list(all_of(registry, Version, head.book))
    old = [stored for stored in versions if stored.value.at < before]
    held = max((s.value.version for s in old), default=0)
    for stored in versions:
        if stored in old and stored.value.version not in (head.version, held):
            registry.write(Remove(stored.value, stored.version))
            dropped += 1
        else:
            live.add(stored.value.manifest)
    return dropped, live


def _forget_checkpoints(registry: Registry, before: datetime) -> None:
    """Remove checkpoints of ledgers older than `before`, but the newest of these of a location."""
    for head in list(all_of(registry, LedgerHead)):
        versions = list(all_of(registry, LedgerVersion, head.value.location))
        old = [stored for stored in versions if stored.value.at < before]
        for stored in sorted(old, key=lambda found: found.value.version)[:-1]:
            registry.write(Remove(stored.value, stored.version))


def arrange(registry: Registry, now: datetime) -> None:
    """See to it that the seller's books are swept daily; once arranged, it repeats itself."""
    if registry.get(Housekeeping, "books") is None:
        with suppress(ConflictError):
            registry.write(Create(Housekeeping(due_at=now + EVERY)))


class _Round:
    """A seller's turn through its books, claimed before it is begun.

    What it has come to is kept before each book: a seller, or a book, that a sweeper dies of is
    passed over until the next day instead of keeping all others waiting.
    """

    def __init__(
        self, registry: Registry, stored: Stored[Housekeeping], clock: Clock, in_time: InTime
    ) -> None:
        self._registry = registry
        self._version = stored.version
        self._after = stored.value.after
        self._clock = clock
        self._in_time = in_time
        self._keep(EVERY)

    def begin(self, book: str) -> bool:
        if book <= self._after or not self._in_time():
            return False
        self._after = book
        self._keep(EVERY)
        return True

    def end(self, books: Iterable[str]) -> None:
        """Go on at the next sweep where books are left, else tomorrow."""
        left = max(books, default="") > self._after
        self._after = self._after if left else ""
        self._keep(timedelta(0) if left else EVERY)

    def _keep(self, later: timedelta) -> None:
        house = Housekeeping(due_at=self._clock() + later, after=self._after)
        self._registry.write(Replace(house, self._version))
        self._version += 1


def keep_house(
    plant: Plant, pages_of: Callable[[str], PageStore], remaining_ms: Callable[[], int]
) -> Forgotten:
    """Sweep the books of every seller whose day has come, as far as the time allows."""
    total = Forgotten(0, 0, 0)
    for appointment in plant.registries.due("housekeeping", plant.clock(), SELLERS_A_TURN):
        registry = plant.registries.of(appointment.seller)
        stored = registry.get(Housekeeping, *appointment.identity)
        if stored is None or stored.value.due_at > plant.clock():
            continue
        with suppress(ConflictError):  # another sweeper is at it
            turn = _Round(registry, stored, plant.clock, lambda: remaining_ms() >= LEAST_MS)
            pages = pages_of(appointment.seller)
            total += sweep_books(registry, pages, plant.clock(), turn.begin)
            turn.end(head.value.book for head in all_of(registry, Head))
    return total

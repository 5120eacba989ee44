"""Forgetting old versions of books, and sweeping the pages that no kept version needs."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from trueup.books.sweep import sweep_book
from trueup.domain.errors import ConflictError
from trueup.domain.runs import Fetch, Head, Housekeeping, Run, Version
from trueup.ports import Create, PageStore, Registry, Remove, Replace
from trueup.usecases.whole import all_of
from trueup.usecases.work import Plant

KEPT_DAYS = 35
"""How long a version can be read, compared with and replayed. Stated in docs/limits.md."""

GRACE = timedelta(hours=24)
"""Pages younger than this are never swept: longer than any execution that may still name them."""


EVERY = timedelta(hours=24)

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


def sweep_books(registry: Registry, pages: PageStore, now: datetime) -> Forgotten:
    """Apply the retention to every book of a seller.

    Safe beside running work without a lock: a page that a new version needs was either written
    within `GRACE`, and writing renews it, or belongs to the head, which is always kept; and what
    a kept run compared stays as long as the run.
    """
    before = now - timedelta(days=KEPT_DAYS)
    heads = [stored.value for stored in all_of(registry, Head)]
    runs = _forget_runs(registry, before, visible={head.made_by for head in heads})
    pinned = _pinned(registry)
    versions = blobs = 0
    for head in heads:
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


def _pinned(registry: Registry) -> dict[str, set[str]]:
    """The manifests that kept runs compared, or still do, by book."""
    pinned: dict[str, set[str]] = defaultdict(set)
    for stored in all_of(registry, Run):
        inputs = stored.value.inputs
        for pin in (inputs.listings, inputs.aliases, *inputs.baselines.values()):
            if pin is not None:
                pinned[pin.book].add(pin.manifest)
    return pinned


def _forget_versions(registry: Registry, head: Head, before: datetime) -> tuple[int, set[str]]:
    """Remove versions older than `before`; how many, and the manifests that stay alive."""
    dropped, live = 0, {head.manifest}
    for stored in list(all_of(registry, Version, head.book)):
        if stored.value.at < before and stored.value.version != head.version:
            registry.write(Remove(stored.value, stored.version))
            dropped += 1
        else:
            live.add(stored.value.manifest)
    return dropped, live


def arrange(registry: Registry, now: datetime) -> None:
    """See to it that the seller's books are swept daily; once arranged, it repeats itself."""
    if registry.get(Housekeeping, "books") is None:
        with suppress(ConflictError):
            registry.write(Create(Housekeeping(due_at=now + EVERY)))


def keep_house(plant: Plant, pages_of: Callable[[str], PageStore]) -> Forgotten:
    """Sweep the books of every seller whose day has come."""
    total = Forgotten(0, 0, 0)
    for appointment in plant.registries.due("housekeeping", plant.clock(), SELLERS_A_TURN):
        registry = plant.registries.of(appointment.seller)
        stored = registry.get(Housekeeping, *appointment.identity)
        if stored is None or stored.value.due_at > plant.clock():
            continue
        done = sweep_books(registry, pages_of(appointment.seller), plant.clock())
        registry.write(Replace(Housekeeping(due_at=plant.clock() + EVERY), stored.version))
        total = total + done
    return total

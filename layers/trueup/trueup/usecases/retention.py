"""Forgetting old versions of books, and sweeping the pages that no kept version needs."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from trueup.books.sweep import sweep_book
from trueup.domain.errors import ConflictError
from trueup.domain.runs import Head, Housekeeping, Version
from trueup.ports import Create, PageStore, Registry, Remove, Replace, Stored
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


def sweep_books(registry: Registry, pages: PageStore, now: datetime) -> Forgotten:
    """Apply the retention to every book of a seller.

    Safe beside running work without a lock: a page that a new version needs was either written
    within `GRACE`, and writing renews it, or belongs to the head, which is always kept.
    """
    versions = blobs = 0
    for head in list(_all_heads(registry)):
        dropped, live = _forget(registry, head.value, now - timedelta(days=KEPT_DAYS))
        versions += dropped
        blobs += sweep_book(pages, head.value.book, live, now - GRACE).deleted
    return Forgotten(versions, blobs)


def _all_heads(registry: Registry) -> Iterable[Stored[Head]]:
    cursor: str | None = None
    while True:
        page = registry.list(Head, cursor=cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return


def _forget(registry: Registry, head: Head, before: datetime) -> tuple[int, set[str]]:
    """Remove versions older than `before`; how many, and the manifests that stay alive."""
    dropped, live = 0, {head.manifest}
    cursor: str | None = None
    while True:
        page = registry.list(Version, head.book, cursor=cursor)
        for stored in page.items:
            if stored.value.at < before and stored.value.version != head.version:
                registry.write(Remove(stored.value, stored.version))
                dropped += 1
            else:
                live.add(stored.value.manifest)
        cursor = page.cursor
        if cursor is None:
            return dropped, live


def arrange(registry: Registry, now: datetime) -> None:
    """See to it that the seller's books are swept daily; once arranged, it repeats itself."""
    if registry.get(Housekeeping, "books") is None:
        with suppress(ConflictError):
            registry.write(Create(Housekeeping(due_at=now + EVERY)))


def keep_house(plant: Plant, pages_of: Callable[[str], PageStore]) -> Forgotten:
    """Sweep the books of every seller whose day has come."""
    total = Forgotten(0, 0)
    for appointment in plant.registries.due("housekeeping", plant.clock(), SELLERS_A_TURN):
        registry = plant.registries.of(appointment.seller)
        stored = registry.get(Housekeeping, *appointment.identity)
        if stored is None or stored.value.due_at > plant.clock():
            continue
        done = sweep_books(registry, pages_of(appointment.seller), plant.clock())
        registry.write(Replace(Housekeeping(due_at=plant.clock() + EVERY), stored.version))
        total = Forgotten(total.versions + done.versions, total.blobs + done.blobs)
    return total

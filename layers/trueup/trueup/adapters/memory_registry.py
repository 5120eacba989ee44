"""The registry in memory: the twin of `dynamodb_registry` for tests, with the same rules.

Entities are kept as the same JSON items that the table holds, so that what cannot be stored
or read back fails here too. Safe for threads: every call is atomic.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from threading import Lock
from typing import TypeVar

from trueup.adapters.registry_items import (
    Item,
    agenda_bound,
    agenda_partitions,
    appointment,
    decode,
    list_scope,
    make_cursor,
    partition_key,
    read_cursor,
    sort_key,
)
from trueup.adapters.registry_writes import Change, changes, refusal, worst
from trueup.domain.accounts import Entity
from trueup.ports import Appointment, Listed, Registry, Stored, Write

E = TypeVar("E", bound=Entity)


class MemoryRegistries:
    """Registries of all sellers, in this process."""

    def __init__(self) -> None:
        self._sellers: dict[str, dict[str, Item]] = {}
        self._lock = Lock()

    def of(self, seller: str) -> Registry:
        with self._lock:
            items = self._sellers.setdefault(seller, {})
        return MemoryRegistry(seller, items, self._lock)

    def due(self, agenda: str, until: datetime, limit: int | None = 1000) -> Iterable[Appointment]:
        partitions, bound = agenda_partitions(agenda), agenda_bound(until)
        with self._lock:
            found = sorted(
                (item.agenda[1], seller, item.sk)
                for seller, items in self._sellers.items()
                for item in items.values()
                if item.agenda and item.agenda[0] in partitions and item.agenda[1] < bound
            )
        for agenda_sk, seller, sk in islice(found, limit):
            yield appointment(partition_key(seller), sk, agenda_sk)


class MemoryRegistry:
    """One seller's records."""

    def __init__(self, seller: str, items: dict[str, Item], lock: Lock) -> None:
        self._seller = seller
        self._items = items
        self._lock = lock

    @property
    def seller(self) -> str:
        return self._seller

    def get(self, kind: type[E], *identity: str) -> Stored[E] | None:
        with self._lock:
            item = self._items.get(sort_key(kind.record, identity))
        return None if item is None else decode(kind, item.body, item.version)

    def _after(self, start: str, last: str | None, *, newest_first: bool) -> list[Item]:
        with self._lock:
            items = [item for sk, item in self._items.items() if sk.startswith(start)]
        items.sort(key=lambda item: item.sk, reverse=newest_first)
        return [item for item in items if last is None or _beyond(item.sk, last, newest_first)]

    def list(
        self,
        kind: type[E],
        *prefix: str,
        cursor: str | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> Listed[E]:
        start = sort_key(kind.record, prefix)
        scope = list_scope(self._seller, start, newest_first=newest_first)
        last = None if cursor is None else read_cursor(cursor, scope, start)
        found = self._after(start, last, newest_first=newest_first)
        items = tuple(decode(kind, item.body, item.version) for item in found[:limit])
        more = len(found) > limit
        return Listed(items, make_cursor(scope, found[limit - 1].sk) if more else None)

    def write(self, *writes: Write) -> None:
        planned = changes(self._seller, writes)
        with self._lock:
            refusals = [r for change in planned if (r := refusal(change, self._found(change)))]
            if refusals:
                raise worst(refusals)
            for change in planned:
                self._apply(change)

    def _found(self, change: Change) -> tuple[int, str | None] | None:
        item = self._items.get(change.sk)
        return None if item is None else (item.version, item.guard)

    def _apply(self, change: Change) -> None:
        if change.item is not None:
            self._items[change.sk] = change.item
        elif change.delete:
            del self._items[change.sk]


def _beyond(sk: str, last: str, backwards: bool) -> bool:  # noqa: FBT001 - two orders of one test
    return sk < last if backwards else sk > last

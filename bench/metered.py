"""A registry in memory that counts write and read units as DynamoDB does."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from trueup.adapters.memory_registry import MemoryRegistries
from trueup.domain.accounts import Entity
from trueup.ports import Appointment, Holds, Listed, Meter, Registry, Stored, Write

E = TypeVar("E", bound=Entity)

KEYS_BYTES = 150
"""Keys and attribute names of a registry item, rounded up."""


class MeteredRegistry:
    """Every write counts its item, twice within a transaction, and once more for its agenda."""

    def __init__(self, inner: Registry, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter

    @property
    def seller(self) -> str:
        return self._inner.seller

    def get(self, kind: type[E], *identity: str) -> Stored[E] | None:
        found = self._inner.get(kind, *identity)
        self._meter.add(read_units=_read(_bytes(found.value)) if found else 1)
        return found

    def list(
        self,
        kind: type[E],
        *prefix: str,
        cursor: str | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> Listed[E]:
        found = self._inner.list(
            kind, *prefix, cursor=cursor, limit=limit, newest_first=newest_first
        )
        self._meter.add(read_units=_read(sum(_bytes(item.value) for item in found.items)))
        return found

    def write(self, *writes: Write) -> None:
        self._inner.write(*writes)
        units = sum(map(_written, writes)) * (1 if len(writes) == 1 else 2)
        self._meter.add(write_units=units + sum(map(_indexed, writes)), items_written=len(writes))


class MeteredRegistries:
    """Registries of all sellers on one meter."""

    def __init__(self, inner: MemoryRegistries, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter

    def of(self, seller: str) -> Registry:
        return MeteredRegistry(self._inner.of(seller), self._meter)

    def due(self, agenda: str, until: datetime, limit: int = 1000) -> Iterable[Appointment]:
        return self._inner.due(agenda, until, limit)


def _bytes(entity: Entity) -> int:
    return len(entity.model_dump_json()) + KEYS_BYTES


def _written(write: Write) -> int:
    return 1 if isinstance(write, Holds) else -(-_bytes(write.entity) // 1024)


def _indexed(write: Write) -> int:
    return int(not isinstance(write, Holds) and write.entity.appointment is not None)


def _read(size: int) -> int:
    return max(1, -(-size // 4096))

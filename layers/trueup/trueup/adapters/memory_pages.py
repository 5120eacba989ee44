"""A PageStore in memory: the twin of the DynamoDB one, for tests and the bench."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from trueup.books.blobs import BLOB_LIMIT, write_units
from trueup.domain.errors import DefectError
from trueup.domain.time import Clock, system_clock
from trueup.ports import Meter, PageInfo

_READ_UNIT = 4096


@dataclass(frozen=True, slots=True)
class _Item:
    blob: bytes
    written_at: datetime


class MemoryPages:
    """Blobs of one seller. The meter counts units as DynamoDB would."""

    def __init__(self, clock: Clock = system_clock, meter: Meter | None = None) -> None:
        self._clock = clock
        self._items: dict[str, dict[str, _Item]] = {}
        self.meter = meter or Meter()

    def put_many(self, book: str, blobs: Mapping[str, bytes]) -> None:
        for name, blob in blobs.items():
            if len(blob) > BLOB_LIMIT:
                raise DefectError(f"the blob {name} of {book} has {len(blob)} bytes")
            self._items.setdefault(book, {})[name] = _Item(bytes(blob), self._clock())
        self.meter.add(
            write_units=sum(map(write_units, blobs.values())),
            items_written=len(blobs),
            bytes_written=sum(map(len, blobs.values())),
        )

    def get_many(self, book: str, hashes: Sequence[str]) -> dict[str, bytes]:
        items = self._items.get(book, {})
        gone = [name for name in hashes if name not in items]
        if gone:
            raise DefectError(f"blobs of {book} are gone: {', '.join(gone)}")
        found = {name: items[name].blob for name in hashes}
        self.meter.add(read_units=sum(-(-len(b) // _READ_UNIT) / 2 for b in found.values()))
        return found

    def list(self, book: str) -> Iterable[PageInfo]:
        items = list(self._items.get(book, {}).items())
        return [PageInfo(name, item.written_at, len(item.blob)) for name, item in items]

    def delete_unwritten_since(self, book: str, hash_: str, cutoff: datetime) -> bool:
        items = self._items.get(book, {})
        if hash_ not in items or items[hash_].written_at >= cutoff:
            return False
        del items[hash_]
        return True

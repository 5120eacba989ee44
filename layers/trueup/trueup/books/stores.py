"""What books need of the stores they are kept in; `ports.PageStore` and `ObjectStore` fit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol


class BlobInfo(Protocol):
    """A stored blob as the sweep sees it."""

    @property
    def hash(self) -> str: ...
    @property
    def written_at(self) -> datetime: ...
    @property
    def size(self) -> int: ...


class BlobReader(Protocol):
    def get_many(self, book: str, hashes: Sequence[str]) -> dict[str, bytes]: ...


class BlobStore(BlobReader, Protocol):
    def put_many(self, book: str, blobs: Mapping[str, bytes]) -> None: ...


class SweepableStore(BlobReader, Protocol):
    def list(self, book: str) -> Iterable[BlobInfo]: ...
    def delete_unwritten_since(self, book: str, hash_: str, cutoff: datetime) -> bool: ...


class RangeObjects(Protocol):
    def put(
        self, key: str, body: bytes, content_type: str = "application/octet-stream"
    ) -> None: ...
    def get_range(self, key: str, start: int, end: int) -> bytes: ...

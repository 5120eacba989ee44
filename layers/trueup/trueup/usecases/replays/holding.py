"""Pages that are written by a replay: held in memory, over those that are stored."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from trueup.ports import PageInfo, PageStore


class HeldPages:
    """A PageStore that reads the real one and stores nothing in it."""

    def __init__(self, stored: PageStore) -> None:
        self._stored = stored
        self._held: dict[str, dict[str, bytes]] = defaultdict(dict)

    def put_many(self, book: str, blobs: Mapping[str, bytes]) -> None:
        self._held[book].update(blobs)

    def get_many(self, book: str, hashes: Sequence[str]) -> dict[str, bytes]:
        held = self._held[book]
        found = {name: held[name] for name in hashes if name in held}
        rest = [name for name in hashes if name not in held]
        return found | (self._stored.get_many(book, rest) if rest else {})

    def list(self, book: str) -> Iterable[PageInfo]:
        return self._stored.list(book)

    def delete_unwritten_since(self, book: str, hash_: str, cutoff: datetime) -> bool:  # noqa: ARG002
        """Nothing is ever deleted."""
        return False

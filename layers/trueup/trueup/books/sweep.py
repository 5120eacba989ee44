"""Mark and sweep: deleting the blobs that no live version of a book needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from trueup.books.manifest import manifest_blobs
from trueup.books.stores import SweepableStore


@dataclass(frozen=True, slots=True)
class Swept:
    """Blobs of a book by what became of them; `young`: unneeded, but too new to judge."""

    needed: int = 0
    young: int = 0
    deleted: int = 0
    deleted_bytes: int = 0


def sweep_book(
    store: SweepableStore, book: str, live_manifest_hashes: Iterable[str], cutoff: datetime
) -> Swept:
    """Delete what no live manifest needs and nobody has written since `cutoff`.

    Every live manifest is read before anything is deleted: DefectError if one is gone, and then
    nothing has been deleted. A blob that is written meanwhile stays.
    """
    needed: set[str] = set()
    for manifest_hash in live_manifest_hashes:
        needed |= manifest_blobs(store, book, manifest_hash)
    found = young = deleted = deleted_bytes = 0
    for info in store.list(book):
        if info.hash in needed:
            found += 1
        elif info.written_at >= cutoff:
            young += 1
        elif store.delete_unwritten_since(book, info.hash, cutoff):
            deleted += 1
            deleted_bytes += info.size
        else:
            young += 1
    return Swept(found, young, deleted, deleted_bytes)

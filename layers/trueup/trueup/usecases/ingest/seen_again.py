"""Baselines that state the same again: each instant at which they did is remembered."""

from trueup.domain.heads import SeenAgain, Version
from trueup.domain.time import Clock
from trueup.ports import Create, Registry, Write
from trueup.usecases.ingest.editions import Shelf


def remembering(registry: Registry, clock: Clock, book: Shelf) -> list[Write]:
    """What keeps the instant of a head that is about to move on.

    Nothing where its version says the same: the content was stated once.
    """
    if book.head is None:
        return []
    head = book.head.value
    version = registry.get(Version, head.book, f"{head.version:012d}")
    if version is None or version.value.as_of == head.as_of:
        return []
    return [Create(SeenAgain(**head.model_dump(), replaced_at=clock()))]

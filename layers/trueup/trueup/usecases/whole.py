"""Reading whole lists of small records."""

from collections.abc import Iterator
from typing import TypeVar

from trueup.domain.accounts import Entity
from trueup.ports import Registry, Stored

E = TypeVar("E", bound=Entity)


def all_of(registry: Registry, kind: type[E], *prefix: str) -> Iterator[Stored[E]]:
    """All entities whose identity starts with `prefix`, a page at a time."""
    cursor: str | None = None
    while True:
        page = registry.list(kind, *prefix, cursor=cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return

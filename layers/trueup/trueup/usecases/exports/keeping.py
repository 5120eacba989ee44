"""Which versions exports still need."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from trueup.domain.exports import RETRIABLE, Export
from trueup.domain.pins import BookPin
from trueup.ports import Registry


def pins_of_exports(registry: Registry, now: datetime) -> Iterator[BookPin]:
    """Of exports that are open or may be begun again: none of them is older than these days."""
    cursor: str | None = None
    while True:
        page = registry.list(Export, cursor=cursor, newest_first=True)
        for stored in page.items:
            if stored.value.needs_pins(now):
                yield from stored.value.pins
        cursor = page.cursor
        if cursor is None or page.items[-1].value.as_of < now - RETRIABLE - timedelta(days=2):
            return

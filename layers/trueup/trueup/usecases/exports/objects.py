"""Keys of the objects of an export. No text from outside is part of one."""

from trueup.domain.exports import Export


def frozen_key(seller: str, export: str) -> str:
    """What was pinned for it."""
    return f"frozen/{seller}/{export}.json"


def file_key(seller: str, export: Export, build: str) -> str:
    """Every build writes an object of its own: none can spoil another's."""
    return f"files/{seller}/{export.id}/{build}.{export.format}"

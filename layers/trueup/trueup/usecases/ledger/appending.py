"""Appending movements to the ledger: each exactly once, whoever repeats or dies."""

from dataclasses import dataclass, field

_ATTEMPTS = 12
_DAY_MS = 86_400_000
MAX_TEXT = 256
"""Characters of an id, a reference and every other text of a movement."""

MAX_CACHED_IDS = 2_000_000
"""Of all shards that a process has met: the longest unused are forgotten."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of each movement, by its index in what was given.

    `duplicates` were there already, or came twice; `conflicts` have the id of another movement
    that says something else, and were not stored; `refused` tells why.
    """

    accepted: tuple[int, ...] = ()
    duplicates: tuple[int, ...] = ()
    conflicts: tuple[int, ...] = ()
    refused: dict[int, str] = field(default_factory=dict)

"""Changes of a record that others change too."""

from collections.abc import Callable
from typing import TypeVar

from trueup.domain.errors import ConflictError

T = TypeVar("T")
_ATTEMPTS = 4


def retried(change: Callable[[], T]) -> T:
    """`change` (read, decide, write) again from its reading, when somebody else wrote between.

    ConflictError after a few attempts.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return change()
        except ConflictError:
            continue
    return change()

"""What a reader of rows asks for."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from trueup.domain.outcomes import Outcome, Reason, Status, outcome_of, status_of

_LAST = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


class Direction(StrEnum):
    """Over: the channel shows more than can be published (oversell risk). Under: less."""

    OVER = "over"
    UNDER = "under"


@dataclass(frozen=True, slots=True)
class Filters:
    """None and () mean: all. `title` is looked for anywhere in titles, whatever the case."""

    account: str | None = None
    channel: str | None = None
    locations: tuple[str, ...] = ()
    status: Status | None = None
    direction: Direction | None = None
    reason: Reason | None = None
    outcome: Outcome | None = None
    cause: str | None = None
    """The one that a row is counted under; see `why.cause_word`."""
    sku_prefix: str = ""
    title: str = ""

    @property
    def digest(self) -> str:
        """Names the filters in a cursor."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]

    @property
    def bounds(self) -> tuple[str | None, str | None]:
        """Keys from the first to before the second."""
        return (self.sku_prefix or None), after_prefix(self.sku_prefix)

    @property
    def searches(self) -> bool:
        """Whether rows must be looked for: any filter but the place and the start of the SKU."""
        return bool(
            self.status
            or self.direction
            or self.reason is not None
            or self.outcome
            or self.cause
            or self.title
        )

    def impossible(self, *, checked: bool) -> bool:
        """Whether no row of a location can fit: what is asked for contradicts itself."""
        if not checked:
            return self.status is Status.SUCCESS
        return len(set(self._stated())) > 1

    def only_differing(self, *, checked: bool) -> bool:
        """Whether the difference sheets hold all rows that fit."""
        if self.direction is not None or self.cause is not None:
            return True
        if self.reason is not None:
            return outcome_of(self.reason) is not Outcome.MATCH
        if self.outcome is not None:
            return self.outcome is not Outcome.MATCH
        return checked and self.status is Status.FAILED

    def accepts(self, reason: Reason, gap: int | None, cause: str | None, *, checked: bool) -> bool:
        """Whether a row fits, its title aside."""
        if self.reason not in (None, reason) or self.cause not in (None, cause):
            return False
        if self.outcome not in (None, outcome_of(reason)):
            return False
        if self.direction is not None and self.direction is not direction_of(gap):
            return False
        return self.status is None or not checked or status_of(reason) is self.status

    def _stated(self) -> Iterator[Status]:
        """The statuses of the rows that each filter lets through, where that is one."""
        if self.status is not None:
            yield self.status
        if self.reason is not None:
            yield status_of(self.reason)
        if self.outcome is not None:
            yield Status.SUCCESS if self.outcome is Outcome.MATCH else Status.FAILED
        if self.cause is not None:
            yield Status.FAILED


def direction_of(gap: int | None) -> Direction | None:
    if not gap:
        return None
    return Direction.UNDER if gap > 0 else Direction.OVER


def after_prefix(prefix: str) -> str | None:
    """The least text above every text that starts with `prefix`; None: there is none."""
    for end in range(len(prefix), 0, -1):
        point = ord(prefix[end - 1]) + 1
        if point <= _LAST:
            return prefix[: end - 1] + chr(_SURROGATES.stop if point in _SURROGATES else point)
    return None

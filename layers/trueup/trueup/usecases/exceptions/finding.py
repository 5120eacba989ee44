"""Looking for cases and adjustments: the newest first, so many looked at by one request."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from trueup.domain.accounts import Entity
from trueup.domain.adjustments import Adjustment, AdjustmentState
from trueup.domain.cases import Case, CaseState
from trueup.ports import Registry, Stored

E = TypeVar("E", bound=Entity)
LOOKED_AT = 1_000
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class WantedCases:
    """None: whatever it is."""

    state: CaseState | None = None
    owner: str | None = None
    account: str | None = None

    def takes(self, case: Case) -> bool:
        return (
            self.state in (None, case.state)
            and self.owner in (None, case.roles.owner)
            and self.account in (None, case.subject.account)
        )


@dataclass(frozen=True, slots=True)
class WantedAdjustments:
    """None: whatever it is."""

    state: AdjustmentState | None = None
    location: str | None = None
    proposed_by: str | None = None

    def takes(self, adjustment: Adjustment) -> bool:
        return (
            self.state in (None, adjustment.state)
            and self.location in (None, adjustment.location)
            and self.proposed_by in (None, adjustment.proposed_by)
        )


def find_cases(
    registry: Registry, wanted: WantedCases, *, cursor: str | None, limit: int
) -> tuple[list[Stored[Case]], str | None]:
    """Cases that fit, and where to go on: perhaps fewer than asked for, or none, while there is a
    cursor. RejectedError: a cursor that is not of this seller's cases.
    """
    return _find(registry, Case, wanted.takes, cursor, limit)


def find_adjustments(
    registry: Registry, wanted: WantedAdjustments, *, cursor: str | None, limit: int
) -> tuple[list[Stored[Adjustment]], str | None]:
    """As `find_cases`."""
    return _find(registry, Adjustment, wanted.takes, cursor, limit)


def _find(
    registry: Registry,
    kind: type[E],
    takes: Callable[[E], bool],
    cursor: str | None,
    limit: int,
) -> tuple[list[Stored[E]], str | None]:
    found: list[Stored[E]] = []
    looked = 0
    while True:
        size = min(_AT_ONCE, limit - len(found))
        page = registry.list(kind, cursor=cursor, limit=size, newest_first=True)
        found += [stored for stored in page.items if takes(stored.value)]
        looked, cursor = looked + len(page.items), page.cursor
        if cursor is None or len(found) >= limit or looked >= LOOKED_AT:
            return found, cursor

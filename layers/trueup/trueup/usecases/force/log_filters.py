"""What a reader of the push log asks for."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from trueup.domain.force import ForcePlan, PushCounts, Stage, StageState
from trueup.domain.keys import channel_key_of, sku_of
from trueup.domain.pushlog import PushChunk, PushOutcome, PushRow, PushStatus
from trueup.domain.time import iso

LONGEST = timedelta(days=7)
"""No part of a plan is queued later than this after it was proposed."""

_COUNTED = {
    PushStatus.IN_PROCESS: "queued",
    PushStatus.SUBMITTED: "submitted",
    PushStatus.SUCCESS: "success",
    PushStatus.ERROR: "error",
}


class Action(StrEnum):
    """Normal: what is on its way. Archival: what has ended, well or in error."""

    NORMAL = "normal"
    ARCHIVAL = "archival"

    @property
    def statuses(self) -> frozenset[PushStatus]:
        if self is Action.NORMAL:
            return frozenset((PushStatus.IN_PROCESS, PushStatus.SUBMITTED))
        return frozenset((PushStatus.SUCCESS, PushStatus.ERROR))


@dataclass(frozen=True, slots=True)
class LogFilters:
    """Empty and None mean: all. `since` <= queued < `until`.

    `sku` and `channel_sku` are whole codes. `retried`: also rows in Error that a retry has anew.
    """

    accounts: tuple[str, ...] = ()
    channel: str | None = None
    locations: tuple[str, ...] = ()
    statuses: tuple[PushStatus, ...] = ()
    action: Action | None = None
    since: datetime | None = None
    until: datetime | None = None
    sku: str | None = None
    channel_sku: str | None = None
    plan: str | None = None
    retried: bool = False

    @property
    def digest(self) -> str:
        """Names the filters in a cursor."""
        asked = {**asdict(self), "since": _text(self.since), "until": _text(self.until)}
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]

    @property
    def wanted(self) -> frozenset[PushStatus]:
        """The statuses that fit both `statuses` and `action`; none, where these contradict."""
        chosen = frozenset(self.statuses or PushStatus)
        return chosen & self.action.statuses if self.action else chosen

    def may_hold(self, counts: PushCounts) -> bool:
        """Whether some row with these counts can have a status that is asked for."""
        return any(getattr(counts, _COUNTED[status]) for status in self.wanted)

    def takes_plan(self, plan: ForcePlan) -> bool:
        """Whether pushes of a plan can fit; a plan's pushes are never older than the plan."""
        if self.plan not in (None, plan.id):
            return False
        if self.until is not None and plan.proposed_at >= self.until:
            return False
        return not self.locations or not set(self.locations).isdisjoint(plan.scope.locations)

    def takes_stage(self, stage: Stage) -> bool:
        """Whether pushes of a part can fit; the counts of one that ended are final."""
        ended = stage.state is StageState.ENDED and stage.counts != PushCounts()
        return not ended or self.may_hold(stage.counts)

    def is_past(self, plan: ForcePlan) -> bool:
        """Whether neither this plan nor an older one can have a push that fits."""
        return self.since is not None and plan.proposed_at + LONGEST < self.since

    def takes_chunk(self, chunk: PushChunk) -> bool:
        """Whether some of its rows can fit, as far as can be told without unpacking them."""
        return (
            (not self.locations or chunk.channel_location in self.locations)
            and (self.since is None or chunk.created_at >= self.since)
            and (self.until is None or chunk.created_at < self.until)
            and (self.sku is None or sku_of(chunk.lo) <= self.sku <= sku_of(chunk.hi))
            and self.may_hold(chunk.counts)
        )

    def takes_row(self, row: PushRow) -> bool:
        """Whether a row of a chunk that fits does so, too."""
        return (
            PushOutcome(row.outcome).status in self.wanted
            and (self.retried or not row.retried_by)
            and self.sku in (None, sku_of(row.key))
            and self.channel_sku in (None, channel_key_of(row.key))
        )


def _text(at: datetime | None) -> str | None:
    return iso(at) if at else None

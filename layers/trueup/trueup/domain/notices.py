"""Notices: events on their way to the outside, kept until they are taken."""

from datetime import datetime
from typing import Any, ClassVar

from trueup.domain.accounts import Entity
from trueup.domain.time import Instant

CROSSED = "ThresholdCrossed"
CLEARED = "ThresholdCleared"
ANCHORED = "AuditAnchored"
FORCED = "ForceCompleted"


class Notice(Entity):
    """An event. Written in the transaction of what it tells, removed when the bus has taken it.

    `kind` is its detail-type. It may be delivered more than once: `id` is the same each time, and
    is in `detail` too.
    """

    record: ClassVar[str] = "notice"
    audited: ClassVar[bool] = False

    id: str
    kind: str
    detail: dict[str, Any]
    due_at: Instant
    """When somebody else delivers it, if whoever wrote it has not."""

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.id,)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return ("alerts", self.due_at)

"""What corrects stock by itself among the events that a person or a system sends."""

from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from trueup.domain.accounts import Entity, Slug
from trueup.domain.time import Instant

KEPT = timedelta(days=35)
"""The trail keeps what it says for good."""


class Corrected(BaseModel):
    """One count, or one adjustment, in base units."""

    model_config = ConfigDict(frozen=True)
    id: str
    kind: str
    location: str
    sku: str
    quantity: int


class Correction(Entity):
    """Counts and adjustments of one batch: the trail tells who sent them.

    `events` are the first of them; `units` the sum of all adjustments, up and down alike.
    """

    record: ClassVar[str] = "correction"
    audited: ClassVar[bool] = True

    digest: str
    """Of the ids of all of them: the same batch sent again is the same correction."""
    source: Slug
    count: int
    units: int
    events: tuple[Corrected, ...]
    at: Instant

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.source, self.digest)

    @property
    def forget_at(self) -> datetime:
        return self.at + KEPT

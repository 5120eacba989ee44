"""Records of closed books of movements, and what a run pins of a location's ledger."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from trueup.domain.accounts import Entity, Slug
from trueup.domain.pins import BookPin
from trueup.domain.time import Instant, milliseconds

__all__ = ["LedgerDue", "LedgerHead", "LedgerPin", "LedgerVersion", "milliseconds"]


class LedgerPin(BaseModel):
    """A location's positions and movements as they stood at one moment.

    The checkpoint `positions` and `nets` has everything of the blocks up to `covered` that
    occurred up to `until` (milliseconds; 0: there is no checkpoint); blocks before `floor` hold
    nothing later. Movements are read up to `cut`. All three by shard. `baseline` is the newest
    one; where it is of `until` or before, the checkpoint builds on it.
    """

    model_config = ConfigDict(frozen=True)
    location: Slug
    baseline: BookPin | None = None
    positions: BookPin | None = None
    nets: BookPin | None = None
    until: int = 0
    covered: tuple[int, ...] = ()
    floor: tuple[int, ...] = ()
    cut: tuple[int, ...] = ()

    @property
    def baseline_at(self) -> int:
        """The instant of the baseline, milliseconds; -1: there is none."""
        if self.baseline is None or self.baseline.as_of is None:
            return -1
        return milliseconds(self.baseline.as_of)

    @property
    def stated_to(self) -> int:
        """The latest instant at which the baseline states something, milliseconds; as above."""
        latest = self.baseline.stated_to if self.baseline else None
        return self.baseline_at if latest is None else milliseconds(latest)

    @property
    def base_at(self) -> int:
        """The instant up to which all that occurred is part of the base."""
        return max(self.until, self.baseline_at, 0)


class LedgerHead(Entity):
    """The newest checkpoint of a location: derived, it never changes an answer.

    `until`, `covered`, `floor`: as of `LedgerPin`. `baseline` is what it builds on.
    `recorded_until`: the latest recording (milliseconds) of a movement in it.
    """

    record: ClassVar[str] = "ledger-head"
    audited: ClassVar[bool] = False

    location: Slug
    version: int
    until: int
    covered: tuple[int, ...]
    floor: tuple[int, ...]
    positions: BookPin
    nets: BookPin
    baseline: BookPin | None = None
    recorded_until: int = 0
    movements: int = 0
    at: Instant

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.location,)


class LedgerVersion(LedgerHead):
    """A checkpoint, kept for its retention: positions at earlier instants start from it."""

    record: ClassVar[str] = "ledger-version"
    audited: ClassVar[bool] = False

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.location, f"{self.version:012d}")


class LedgerDue(Entity):
    """When a location's book is next looked at for closing."""

    record: ClassVar[str] = "ledger-due"
    audited: ClassVar[bool] = False

    location: Slug
    due_at: Instant

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.location,)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return ("ledger", self.due_at)

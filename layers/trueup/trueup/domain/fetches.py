"""How far a run has read its channel."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from trueup.domain.accounts import Code, Entity, Slug
from trueup.domain.tallies import Usage
from trueup.domain.time import Instant


class Segment(BaseModel):
    """A sorted object of fetched rows; its index is at its end."""

    model_config = ConfigDict(frozen=True)
    key: str
    size: int
    rows: int


class Fetch(Entity):
    """How far a run's fetch has come; changed by a conditional write a turn."""

    record: ClassVar[str] = "fetch"
    audited: ClassVar[bool] = False

    run: str
    account: Slug
    cursor: str | None = None
    reached: int = 0
    """The position, as the channel counts, that the cursor leads to."""
    done: bool = False
    turns: int = 0
    rows: int = 0
    expected: int | None = None
    attempt: int = 1
    segments: tuple[Segment, ...] = ()
    failed_locations: dict[Code, str] = {}
    usage: Usage = Usage()
    captured_from: Instant | None = None
    captured_to: Instant | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.run)

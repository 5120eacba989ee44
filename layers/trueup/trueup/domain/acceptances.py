"""Accepting all rows of an incident at once, without an item for each row."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from trueup.domain.accounts import Code, Entity, Slug
from trueup.domain.cases import Part, Text
from trueup.domain.groups import CauseGroup
from trueup.domain.time import Instant

MAX_ACCEPTANCES = 20
"""Of one location: reading its exceptions looks into the version that each names."""


class Acceptance(Entity):
    """The rows that had this cause in one version are accepted while their gaps stay as there.

    `book`, `version` and `manifest` are of the location's rows; what the manifest names is kept
    as long as this holds.
    """

    record: ClassVar[str] = "acceptance"
    audited: ClassVar[bool] = True

    account: Slug
    location: Code
    cause: str
    book: str
    version: int
    manifest: str
    rows: int
    note: Text
    expires_at: Instant
    by: str
    at: Instant
    case: str

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.location, self.cause)

    def holds(self, now: datetime) -> bool:
        return now < self.expires_at


class Rest(Part):
    """What is left of an incident: the rows that wait beside its accepted ones."""

    waiting: CauseGroup
    accepted: Annotated[int, Field(ge=0)]


class Remainder(Entity):
    """What a location's acceptances leave of its newest version, counted after each run.

    `rests`: of each cause of which some row is accepted. `counted`: when each acceptance (by
    cause) was made that it was counted with; with others it does not hold.
    """

    record: ClassVar[str] = "remainder"
    audited: ClassVar[bool] = False

    account: Slug
    location: Code
    version: int
    rests: tuple[Rest, ...] = ()
    counted: dict[str, Instant] = {}

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.location)

    def fits(self, version: int, acceptances: Iterable[Acceptance]) -> bool:
        """Whether it was counted in this version with these acceptances."""
        return self.version == version and self.counted == {a.cause: a.at for a in acceptances}

    def rest(self, cause: str) -> Rest | None:
        return next((rest for rest in self.rests if rest.waiting.cause == cause), None)

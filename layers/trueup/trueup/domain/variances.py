"""Records of variances: statements of sources beside what the ledger expected."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from trueup.domain.accounts import Entity, Slug
from trueup.domain.groups import CauseGroup
from trueup.domain.pins import BookPin
from trueup.domain.time import Instant, iso

HISTORY_KEPT = timedelta(days=400)
"""How long the figures of each statement are kept."""

LEFT_ALONE = timedelta(minutes=10)
"""What an import's own execution has not compared after this is compared by others."""


class NoExpectation(StrEnum):
    """Why nothing was expected of a statement."""

    FIRST = "first_baseline"
    SNAPSHOTS = "snapshots_only"
    NO_MOVEMENTS = "no_movements"
    GONE = "no_longer_kept"


class VarianceDue(Entity):
    """A statement was taken over, and is yet to be compared with what was expected.

    Written with it, in one transaction. `at`: when; `as_of`: the instant of the file; `before`:
    the location's baseline until then; `stated`: the one since; `complete`: the file names all.
    """

    record: ClassVar[str] = "variance-due"
    audited: ClassVar[bool] = False

    location: Slug
    imported: str
    at: Instant
    as_of: Instant
    before: BookPin | None = None
    stated: BookPin
    complete: bool = False
    source: Slug | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.location, f"{iso(self.at)} {self.stated.version:012d} {self.imported}")

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return ("variances", self.at + LEFT_ALONE)


class VarianceRun(Entity):
    """The comparison of one statement, by the version of the location's book of variances.

    `none`: why nothing was expected; then all figures are 0. `compared`: SKUs of which both
    sides know what is sellable; `unknown`: those of which one does not. Units are base units of
    sellable stock: `units_short` the source states fewer, `units_over` more; values at cost in
    minor units by currency, `unvalued` SKUs have none. `known_at`: milliseconds; what was
    recorded later, behind the blocks of `cut`, is late. `near`: milliseconds. `first_seen`: since
    when each cause is there without a break.
    """

    record: ClassVar[str] = "variance-run"
    audited: ClassVar[bool] = False

    location: Slug
    version: int
    imported: str
    source: Slug | None = None
    as_of: Instant
    at: Instant
    known_at: int
    none: NoExpectation | None = None
    before: BookPin | None = None
    stated: BookPin
    near: int = 0
    cut: tuple[int, ...] = ()
    compared: int = 0
    unknown: int = 0
    differing: int = 0
    units_short: int = 0
    units_over: int = 0
    value_short: dict[str, int] = {}
    value_over: dict[str, int] = {}
    unvalued: int = 0
    groups: tuple[CauseGroup, ...] = ()
    first_seen: dict[str, Instant] = {}

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.location, f"{self.version:012d}")

    @property
    def whole(self) -> bool:
        """Whether it told of all SKUs: a file of some leaves the baseline's instant alone."""
        return self.stated.as_of == self.as_of

    @property
    def forget_at(self) -> datetime:
        return self.at + HISTORY_KEPT


class VarianceTending(Entity):
    """A statement or a count came of a location whose cases are to be looked after."""

    record: ClassVar[str] = "variance-tending"
    audited: ClassVar[bool] = False

    location: Slug
    due_at: Instant

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.location,)

    @property
    def appointment(self) -> tuple[str, datetime] | None:
        return ("tending", self.due_at)

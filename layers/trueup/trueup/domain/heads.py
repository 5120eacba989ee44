"""Which version of a book is visible, and which others there are."""

from datetime import datetime, timedelta
from typing import ClassVar

from trueup.domain.accounts import Entity, Slug
from trueup.domain.movements import REMEMBERED_DAYS
from trueup.domain.time import Instant, milliseconds


class Head(Entity):
    """The visible version of a book. `manifest` is the hash of its manifest."""

    record: ClassVar[str] = "head"
    audited: ClassVar[bool] = True

    book: str
    version: int
    manifest: str
    rows: int
    as_of: Instant
    """Baselines: the instant the positions are of. Snapshots: when the channel was captured."""
    made_by: str
    """The run or import that made it."""
    at: Instant
    stated_to: Instant | None = None
    """Baselines: some rows are of later instants than `as_of`, up to this one; None: none is."""
    complete: bool = False
    """Baselines: the source declared that a SKU absent from it has no stock, so is not unknown."""
    source: Slug | None = None
    """Baselines and listings: who stated them, where the import said."""

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.book,)


class Version(Head):
    """A version of a book, kept for its retention; readers and replays pin it."""

    record: ClassVar[str] = "version"
    audited: ClassVar[bool] = False

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.book, f"{self.version:012d}")


class SeenAgain(Head):
    """A baseline as its head had it after the same content was stated again.

    Its version says when it was first stated; the head, when last. This is one time between the
    two, or the last one once another version is visible. `replaced_at`: when the head moved on.
    """

    record: ClassVar[str] = "seen-again"
    audited: ClassVar[bool] = False

    replaced_at: Instant

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.book, f"{self.version:012d}", f"{milliseconds(self.as_of):015d}")

    @property
    def forget_at(self) -> datetime:
        """Positions reach no further back."""
        return self.replaced_at + timedelta(days=REMEMBERED_DAYS + 1)

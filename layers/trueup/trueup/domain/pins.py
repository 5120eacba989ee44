"""Pins: versions as they stood at one moment, so that nothing moves under who works with them."""

from pydantic import BaseModel, ConfigDict

from trueup.domain.time import Instant


class BookPin(BaseModel):
    """A book's version as it stood when the run opened."""

    model_config = ConfigDict(frozen=True)
    book: str
    version: int
    manifest: str
    as_of: Instant | None = None
    complete: bool = False
    stated_to: Instant | None = None
    """As `Head.stated_to`."""

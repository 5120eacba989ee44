"""Rows that were compared again between two runs."""

from typing import Any, ClassVar

from trueup.domain.accounts import Code, Entity, Slug
from trueup.domain.time import Instant


class Overlay(Entity):
    """One row, newer than its location's last run; laid over that run's rows when they are read.

    `values` and `texts` are the columns of DIFFERENCES; of a row that matches, those of ROWS.
    It only ever gives way to a newer `captured_at`, and is folded in by the first run that
    captures its location later.
    """

    record: ClassVar[str] = "overlay"
    audited: ClassVar[bool] = False

    account: Slug
    channel_location: Code
    key: str
    values: dict[str, int]
    texts: dict[str, str] = {}
    captured_at: Instant
    compared_at: Instant
    requested_by: str

    @property
    def row(self) -> dict[str, Any]:
        """As it is read from a page: "key" and every column by name."""
        return {"key": self.key, **self.values, **self.texts}

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.channel_location, self.key)

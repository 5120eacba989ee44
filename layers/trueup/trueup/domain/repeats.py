"""What retries and undos need beside their plans. Quantities are channel units, available."""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import msgspec

from trueup.domain.accounts import Code, Entity, Slug
from trueup.domain.pushes import UNREAD
from trueup.domain.time import Instant

UNDOABLE = timedelta(days=30)
"""So long after its last part ended, a plan can be undone."""

MAX_RETRIED = 10_000
"""Rows of one retry."""

ROWS_AN_ITEM = 500
_KEPT = timedelta(days=30)


class RetriedRow(msgspec.Struct, frozen=True, array_like=True):
    """A row that is tried again: the push in Error that it takes up, as the `attempts`-th.

    `shown`: what the channel showed when that push ended, `UNREAD` if it was not read; at
    `shown_at`, milliseconds.
    """

    key: str
    retry_of: str
    attempts: int
    shown: int = UNREAD
    shown_at: int = 0


class RetriedRows(Entity):
    """Some rows of a retry at one channel location, by key. `rows` is packed: use `retried_in`."""

    record: ClassVar[str] = "retried-rows"
    audited: ClassVar[bool] = False

    account: Slug
    plan: str
    channel_location: Code
    number: int
    created_at: Instant
    rows: str

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.plan, self.channel_location, f"{self.number:06d}")

    @property
    def forget_at(self) -> datetime:
        """Once the plan is made, its rows are in its book."""
        return self.created_at + _KEPT


class UndoOf(Entity):
    """The latest undo of a plan."""

    record: ClassVar[str] = "undo-of"
    audited: ClassVar[bool] = False

    account: Slug
    plan: str
    undo: str

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.account, self.plan)


_ROWS = msgspec.msgpack.Decoder(list[RetriedRow])


def packed_rows(rows: Sequence[RetriedRow]) -> str:
    """As `RetriedRows.rows` has them."""
    return b64encode(zlib.compress(msgspec.msgpack.encode(list(rows)), 6)).decode()


def retried_in(some: RetriedRows) -> list[RetriedRow]:
    return _ROWS.decode(zlib.decompress(b64decode(some.rows)))

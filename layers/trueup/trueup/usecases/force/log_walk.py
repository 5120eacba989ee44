"""Walking through the chunks of the push log, the latest plan first, several accounts at once.

Plans are read before chunks: so what lies outside of the dates, places or statuses that are asked
for costs a part of a page of plans, not thousands of chunks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import merge
from typing import Any

from trueup.domain.accounts import Account
from trueup.domain.force import ForcePlan, Share, Stage
from trueup.domain.pushlog import PushChunk
from trueup.ports import Listed, Registry
from trueup.usecases.force.log_cursor import LogCursor, Order
from trueup.usecases.force.log_filters import LogFilters

PLAN_PAGE = 25
CHUNK_PAGE = 10
_SHARES = sorted(Share, reverse=True)


@dataclass
class Budget:
    """What one request may still read. None: no limit."""

    plan_pages: int | None = None
    chunks: int | None = None

    def take_plans(self) -> bool:
        """Whether one more page of plans may be read; then it counts as read."""
        if self.plan_pages is not None:
            self.plan_pages -= 1
        return self.plan_pages is None or self.plan_pages >= 0

    def take_chunk(self) -> bool:
        if self.chunks is not None:
            self.chunks -= 1
        return self.chunks is None or self.chunks >= 0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a plan that may hold what fits. `stage` None: the budget is spent, go on here."""

    account: Account
    plan: ForcePlan
    stage: Stage | None

    @property
    def order(self) -> Order:
        """Of everything in it, or (`stage` None) below all that was looked at."""
        share = self.stage.share.value if self.stage else ""
        return self.plan.id, self.account.id, share, 0


@dataclass(frozen=True, slots=True)
class Found:
    """A chunk that may hold rows that fit; `chunk` None: the budget is spent, go on here."""

    part: Part
    order: Order
    chunk: PushChunk | None


@dataclass
class Walk:
    """Chunks from `start` on (None: from the latest). What it passed through is in its cursors."""

    registry: Registry
    filters: LogFilters
    accounts: Sequence[Account]
    start: LogCursor | None
    budget: Budget = field(default_factory=Budget)

    def __post_init__(self) -> None:
        self.plans: dict[str, str] = dict(self.start.plans) if self.start else {}
        self.chunks = ""
        """The registry's cursor of the page of the chunk that was found last."""

    def found(self) -> Iterator[Found]:
        """Chunks that may hold rows that fit, the latest first."""
        streams = [self._parts(account) for account in self.accounts]
        for part in merge(*streams, key=lambda part: part.order, reverse=True):
            if part.stage is None:
                yield Found(part, part.order, None)
                return
            yield from self._chunks(part, part.stage)

    def _parts(self, account: Account) -> Iterator[Part]:
        for plan in self._plans(account):
            if isinstance(plan, Part):
                yield plan
            elif self.filters.is_past(plan):
                return
            elif self.filters.takes_plan(plan):
                yield from self._parts_of(account, plan)

    def _parts_of(self, account: Account, plan: ForcePlan) -> Iterator[Part]:
        for stage in filter(None, map(plan.stage, _SHARES)):
            part = Part(account, plan, stage)
            if self._comes(part.order[:3]) and self.filters.takes_stage(stage):
                yield part

    def _comes(self, order: tuple[Any, ...]) -> bool:
        """Whether something of this order is still to be shown, as the start goes."""
        return self.start is None or order <= self.start.order[: len(order)]

    def _plans(self, account: Account) -> Iterator[ForcePlan | Part]:
        """An account's plans, and where the budget ended."""
        if self.filters.plan is not None:
            one = self.registry.get(ForcePlan, account.id, self.filters.plan)
            yield from [one.value] if one else []
            return
        last: ForcePlan | None = None
        cursor = self.plans.get(account.id)
        while True:
            if last is not None and not self.budget.take_plans():
                yield Part(account, last, None)
                return
            page = self._page_of_plans(account, cursor)
            yield from (stored.value for stored in page.items)
            if page.cursor is None:
                return
            cursor, last = page.cursor, page.items[-1].value

    def _page_of_plans(self, account: Account, cursor: str | None) -> Listed[ForcePlan]:
        if cursor is not None:
            self.plans[account.id] = cursor
        return self.registry.list(
            ForcePlan, account.id, cursor=cursor, limit=PLAN_PAGE, newest_first=True
        )

    def _chunks(self, part: Part, stage: Stage) -> Iterator[Found]:
        resumed = self.start is not None and part.order[:3] == self.start.order[:3]
        cursor = (self.start.chunks or None) if self.start and resumed else None
        prefix = (part.account.id, part.plan.id, stage.share.value)
        while True:
            self.chunks = cursor or ""
            page = self.registry.list(
                PushChunk, *prefix, cursor=cursor, limit=CHUNK_PAGE, newest_first=True
            )
            yield from self._fitting(part, [stored.value for stored in page.items])
            if page.cursor is None:
                return
            cursor = page.cursor

    def _fitting(self, part: Part, chunks: Sequence[PushChunk]) -> Iterator[Found]:
        for chunk in chunks:
            order = (*part.order[:3], chunk.number)
            if not self._comes(order):
                continue
            fits = self.budget.take_chunk()
            if not fits:
                yield Found(part, order, None)
            elif self.filters.takes_chunk(chunk):
                yield Found(part, order, chunk)

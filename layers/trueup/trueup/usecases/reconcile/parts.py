"""The plan of a run's comparison and the parts it comes back in: objects, not payloads."""

from typing import Any

import msgspec

from trueup.books.manifest import Frame
from trueup.domain.errors import NotFoundError
from trueup.domain.groups import CauseGroup
from trueup.domain.runs import Tally, Usage
from trueup.usecases.reconcile.job import Job, prefix_of
from trueup.usecases.work import Work


class PlanItem(msgspec.Struct, frozen=True, kw_only=True):
    """One child of the Map: a key range (`lo` <= key < `hi`, None: open) of one location.

    `previous` is the manifest of the rows that the range's frames are inherited from, of
    `previous_version`, captured at `previous_at`. `now`: when the plan was made, which all ages
    are told from. Milliseconds since 1970.
    """

    schema: int = 1
    seller: str
    account: str
    run: str
    location: str
    lo: str | None
    hi: str | None
    part: int
    previous: str | None
    previous_version: int = 0
    previous_at: int = 0
    now: int = 0


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What a child found; `cause` where its location cannot be compared."""

    schema: int = 1
    location: str
    frames: list[Frame] = []
    tally: dict[str, int | dict[str, int]] = {}
    usage: dict[str, float] = {}
    cause: str = ""
    groups: list[dict[str, Any]] = []

    def tallied(self) -> Tally:
        return Tally.model_validate(self.tally)

    def grouped(self) -> tuple[CauseGroup, ...]:
        return tuple(map(CauseGroup.model_validate, self.groups))

    def used(self) -> Usage:
        return Usage.model_validate(self.usage)


def plan_key(work: Work, job: Job) -> str:
    return f"{prefix_of(work, job)}/plan.json"


def save_plan(work: Work, job: Job, items: list[PlanItem]) -> None:
    work.evidence.put(plan_key(work, job), msgspec.json.encode(items), "application/json")


def load_plan(work: Work, job: Job) -> list[PlanItem]:
    return msgspec.json.decode(work.evidence.get(plan_key(work, job)), type=list[PlanItem])


def _part_key(work: Work, job: Job, part: int) -> str:
    return f"{prefix_of(work, job)}/parts/{part:05d}.json"


def save_part(work: Work, job: Job, number: int, part: Part) -> None:
    work.evidence.put(_part_key(work, job, number), msgspec.json.encode(part), "application/json")


def load_part(work: Work, job: Job, number: int) -> Part | None:
    """A child's result; None where it never came to write one."""
    try:
        body = work.evidence.get(_part_key(work, job, number))
    except NotFoundError:
        return None
    return msgspec.json.decode(body, type=Part)

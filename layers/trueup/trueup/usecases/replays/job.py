"""What the steps of a replay's execution hand to each other, and where its objects are."""

import msgspec

from trueup.domain.errors import DefectError, NotFoundError
from trueup.domain.replays import Replay
from trueup.domain.runs import Run
from trueup.ports import Stored
from trueup.usecases.reconcile.job import Job, run_of
from trueup.usecases.reconcile.parts import PlanItem
from trueup.usecases.step_input import StepInput
from trueup.usecases.work import Work


class ReplayJob(StepInput):
    """The input of every step."""

    replay: str


class ReplayItem(msgspec.Struct, frozen=True, kw_only=True):
    """One child of the Map: a range as the run had planned it."""

    schema: int = 1
    seller: str
    replay: str
    item: PlanItem


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a range.

    `what` and `detail`: what is not identical, "" if all is; `key`: the first such row.
    `made` False: the run itself never made it. `turns`: reason before, reason after, rows.
    `objects` hold the changed rows in their order: key of the object, rows.
    """

    schema: int = 1
    made: bool = True
    rows: int = 0
    what: str = ""
    detail: str = ""
    key: str | None = None
    turns: list[tuple[int, int, int]] = []
    objects: list[tuple[str, int]] = []


def replay_of(work: Work, id_: str) -> Stored[Replay]:
    """DefectError: it was never created."""
    stored = work.registry.get(Replay, id_)
    if stored is None:
        raise DefectError(f"Replay {id_} does not exist.")
    return stored


def run_job(replay: Replay, seller: str) -> Job:
    """The job of the run that is replayed."""
    given = {"seller": seller, "account": replay.account, "run": replay.run}
    return Job.model_validate(given)


def replayed_run(work: Work, replay: Replay) -> Run:
    return run_of(work, run_job(replay, work.seller)).value


def prefix_of(seller: str, replay: str) -> str:
    """Where a replay's objects are in the evidence bucket: apart from those of runs."""
    return f"replays/{seller}/{replay}"


def plan_key(seller: str, replay: str) -> str:
    return f"{prefix_of(seller, replay)}/plan.json"


def save_items(work: Work, replay: str, items: list[ReplayItem]) -> None:
    body = msgspec.json.encode(items)
    work.evidence.put(plan_key(work.seller, replay), body, "application/json")


def load_items(work: Work, replay: str) -> list[ReplayItem]:
    body = work.evidence.get(plan_key(work.seller, replay))
    return msgspec.json.decode(body, type=list[ReplayItem])


def save_finding(work: Work, replay: str, part: int, finding: Finding) -> None:
    key = _finding_key(work.seller, replay, part)
    work.evidence.put(key, msgspec.json.encode(finding), "application/json")


def load_finding(work: Work, replay: str, part: int) -> Finding | None:
    """None where a child never came to write one."""
    try:
        body = work.evidence.get(_finding_key(work.seller, replay, part))
    except NotFoundError:
        return None
    return msgspec.json.decode(body, type=Finding)


def _finding_key(seller: str, replay: str, part: int) -> str:
    return f"{prefix_of(seller, replay)}/parts/{part:05d}.json"
